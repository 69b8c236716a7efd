import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { makeStateFolder } from '../local/state-folder.ts'
import { untilUp } from '../local/story.ts'
import { launchAlmagest } from '../support/run-command.ts'

/** Debian's; playwright-core brings none. */
export const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

/** The local stack, as a person starts it, and a browser. */
export interface ConsoleUnderTest {
  /** `http://127.0.0.1:8080/` */
  readonly url: string
  readonly browser: Browser
  stop(): Promise<void>
}

export async function openConsole(): Promise<ConsoleUnderTest> {
  const state = await makeStateFolder()
  const running = launchAlmagest(['start', '--port', '0', '--state', state.path])
  const text = await untilUp(running)
  const url = /(http:\/\/127\.0\.0\.1:\d+)\/tap\/tap/.exec(text)?.[1]
  if (url === undefined) throw new Error(`the stack did not come up: ${(await running.result).stderr}`)
  const browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox'] })
  const stop = async () => {
    await browser.close()
    running.child.kill('SIGINT')
    await running.result
    await state.remove()
  }
  return { url: `${url}/`, browser, stop }
}

/** A page that keeps what goes wrong in it: errors of scripts, and reports of its content security policy. */
export async function newPage(browser: Browser): Promise<{ readonly page: Page; readonly faults: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  page.setDefaultTimeout(120_000)
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    // The browser itself reports each answer that is an error: those are asked for here.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text())
  })
  return { page, faults }
}

/** What axe-core runs in the page. */
export const AXE = join(import.meta.dirname, '..', '..', 'node_modules', 'axe-core', 'axe.min.js')
