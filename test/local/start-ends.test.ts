import { spawn } from 'node:child_process'
import { join } from 'node:path'
import pg from 'pg'
import { expect, test, vi } from 'vitest'
import type { StartReport } from '../../local/summary.ts'
import { PROJECT_ROOT, startAlmagest } from '../support/run-command.ts'
import { isRunning } from './state-folder.ts'
import { startStory, untilUp, writeSurvey } from './story.ts'

const story = startStory()
const { start, startWell } = story

test('a release of our own can be the first', async () => {
  const tap = await startWell('--release', await writeSurvey(), '--schemas', 'survey', '--version', 'releases/own')
  expect(tap).toMatchObject({ outcome: 'swapped', live: { version: 'releases/own' } })
})

test('a start that was killed leaves a state that the next one goes on with', async () => {
  const killed = startAlmagest(['start', '--port', '0', '--state', story.state.path])
  await untilUp(killed)
  const orphan = story.state.postgresPid()!
  killed.child.kill('SIGKILL')
  await killed.result
  expect(story.state.isLocked()).toBe(false)
  expect(isRunning(orphan)).toBe(true)
  const next = await start()
  expect(next.json<StartReport>().servers[0]).toMatchObject({
    outcome: 'resumed',
    live: { version: 'releases/own' },
  })
  expect(next.stderr).toContain(`after stopping process ${orphan} of an earlier run`)
  expect(isRunning(orphan)).toBe(false)
  expect(story.state.isLocked()).toBe(false)
})

test('Ctrl-C in the middle leaves no process, and --reset begins anew', async () => {
  const running = startAlmagest(['start', '--reset', '--port', '0', '--state', story.state.path])
  const postgres = await vi.waitFor(() => {
    const pid = story.state.postgresPid()
    expect(pid).toBeGreaterThan(0)
    return pid!
  }, 60_000)
  running.child.kill('SIGINT')
  expect(await running.result).toMatchObject({ code: 130 })
  expect(isRunning(postgres)).toBe(false)
  expect(story.state.isLocked()).toBe(false)
  expect(await startWell()).toMatchObject({ outcome: 'swapped', live: { version: 'releases/sky-1' } })
})

test('a start whose shell is killed, as npm starts it, ends too', async () => {
  const args = ['start', '--port', '0', '--state', story.state.path].map((word) => `'${word}'`).join(' ')
  const entry = join(PROJECT_ROOT, 'cli', 'almagest.ts')
  const env = { ...process.env, npm_lifecycle_event: 'start' }
  const shell = spawn('sh', ['-c', `'${process.execPath}' '${entry}' ${args}; true`], { env, stdio: 'ignore' })
  const postgres = await vi.waitFor(() => {
    expect(story.state.postgresPid()).toBeGreaterThan(0)
    return story.state.postgresPid()!
  }, 60_000)
  shell.kill('SIGKILL')
  await vi.waitFor(() => expect(isRunning(postgres)).toBe(false), 60_000)
  await vi.waitFor(() => expect(story.state.isLocked()).toBe(false), 60_000)
})

test('a start whose PostgreSQL dies says so, stops the rest and ends with an error', async () => {
  const running = startAlmagest(['start', '--port', '0', '--state', story.state.path])
  const url = /Almagest is up at (http:\S+)/.exec(await untilUp(running))?.[1]
  process.kill(story.state.postgresPid()!, 'SIGKILL')
  const { code, stderr } = await running.result
  expect(code).toBe(1)
  expect(stderr).toContain('almagest: PostgreSQL has ended by itself (SIGKILL)')
  expect(stderr).not.toContain('this should not happen')
  expect(story.state.isLocked()).toBe(false)
  await expect(fetch(`${url}/swap-schema/servers`)).rejects.toThrow()
})

test('a notification that cannot be handled ends the start with its reason', async () => {
  const running = startAlmagest(['start', '--port', '0', '--state', story.state.path])
  const port = /tap_reader@127\.0\.0\.1:(\d+)/.exec(await untilUp(running))?.[1]
  const client = new pg.Client({ connectionString: `postgresql://postgres@127.0.0.1:${port}/postgres` })
  await client.connect()
  await client.query('alter role loader nologin')
  await client.end()
  running.child.kill('SIGTERM')
  expect(await running.result).toMatchObject({ code: 0 })

  const refused = await start('--release', await writeSurvey(), '--version', 'releases/own')
  expect(refused.code).toBe(1)
  expect(refused.json<{ error: object }>().error).toMatchObject({ code: 'dead_letter' })
  expect(refused.stdout).toContain('is not permitted to log in')
  expect(story.state.postgresPid()).toBeNull()
})
