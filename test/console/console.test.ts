import { readFile } from 'node:fs/promises'
import type { Page, Request } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { AXE, CHROMIUM, type ConsoleUnderTest, newPage, openConsole } from './browser.ts'

/** Only for what hangs. */
const PATIENTLY = { timeout: 120_000 }

const SKIPPED = CHROMIUM === undefined ? ' (skipped: no chromium on this machine)' : ''

describe.skipIf(CHROMIUM === undefined)(`the console in a browser${SKIPPED}`, () => {
  let console: ConsoleUnderTest
  let page: Page
  let faults: string[]

  beforeAll(async () => {
    console = await openConsole()
    ;({ page, faults } = await newPage(console.browser))
  })
  afterAll(() => console?.stop())
  afterEach(() => {
    expect(faults.splice(0)).toEqual([])
  })

  const open = async (view: string) => {
    await page.goto(`${console.url}#/${view}`)
    await page.waitForLoadState()
  }

  /** What each view shows last. */
  const VIEWS = {
    releases: () => page.getByRole('region', { name: 'staging', exact: true }),
    query: () => page.getByText('tap_schema'),
    jobs: () => page.getByRole('region', { name: 'Jobs of tap' }),
    environment: () => page.getByRole('region', { name: 'Last sweep' }).getByText('finished yet'),
  }

  const openWhole = async (view: keyof typeof VIEWS, more = '') => {
    await open(view + more)
    await VIEWS[view]().first().waitFor()
    await page.waitForLoadState('networkidle')
  }

  /** As a person does it: what stands there is selected and typed over. */
  const write = async (query: string) => {
    await page.getByRole('textbox', { name: 'ADQL query' }).focus()
    await page.keyboard.press('Control+a')
    await page.keyboard.type(query.slice(0, 1))
    await page.keyboard.insertText(query.slice(1))
  }

  // The first of all: nothing has been loaded yet.
  test('the first view loads less than 60 kB, the query view less than 300 kB, packed, and nothing of other hosts', async () => {
    const requests: string[] = []
    const note = (request: Request) => void requests.push(request.url())
    page.on('request', note)
    const packed = async (view: keyof typeof VIEWS) => {
      await openWhole(view)
      const assets = new Set(requests.filter((url) => url.includes('/assets/')))
      const sizes = [...assets].map(async (url) => {
        const { headers } = await fetch(url, { headers: { 'accept-encoding': 'gzip' } })
        return Number(headers.get('content-length'))
      })
      return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
    }
    const first = await packed('releases')
    expect(first).toBeGreaterThan(10_000)
    expect(first).toBeLessThan(60_000)
    const query = await packed('query')
    expect(query).toBeGreaterThan(first)
    expect(query).toBeLessThan(300_000)
    page.off('request', note)
    const { host } = new URL(console.url)
    expect(requests.filter((url) => !url.startsWith('data:') && new URL(url).host !== host)).toEqual([])
  })

  test('a release is staged, swapped live and rolled back by clicking, each after a look at the differences', async () => {
    await open('releases/alerttap')
    const card = (slot: string) => page.getByRole('region', { name: slot, exact: true })
    await page.getByText('releases/heron-1').first().waitFor()
    await page.getByRole('button', { name: 'Stage releases/heron-1' }).click()
    await card('staging').getByText('releases/heron-1').waitFor()
    await card('staging').getByRole('button', { name: 'Swap live' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('No changes.').waitFor()
    await dialog.getByRole('button', { name: 'Swap', exact: true }).click()
    await page.getByText('releases/heron-1 is live.').waitFor()
    await card('previous').getByText('releases/heron-1').waitFor()
    await card('previous').getByRole('button', { name: 'Roll back' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back', exact: true }).click()
    await page.getByRole('row', { name: /rolled back/ }).waitFor()
  })

  test('a release with other tables is refused by its server, and the page says why', async () => {
    await open('releases/alerttap')
    await page.getByRole('button', { name: 'Stage releases/sky-1' }).click()
    await page.getByRole('alert').getByText('releases/sky-1 is not staged').waitFor()
  })

  test('a query is completed, marked where it is wrong, run, and shown as rows, on the sky and as a plot', async () => {
    await open('query')
    await page.getByText('tap_schema').first().waitFor()
    await write('SELECT TOP 20 name, ra, dec, vmagg FROM sky.stars ORDER BY vmag')
    await page.locator('.cm-lintRange-error').waitFor()
    expect(await page.locator('.cm-lintRange-error').textContent()).toBe('vmagg')
    await page.getByRole('button', { name: 'Run', exact: true }).click()
    const alert = page.getByRole('alert')
    await alert.waitFor()
    expect(await alert.textContent()).toContain('There is no column vmagg')
    await write('SELECT TOP 20 name, ra, dec, vmag FROM sky.stars ORDER BY vmag')
    await page.keyboard.press('Control+Enter')
    await page.getByText('20 rows in').waitFor()
    expect(await page.locator('.result thead th').allTextContents()).toMatchObject([
      expect.stringContaining('name'),
      expect.stringContaining('deg · pos.eq.ra'),
      expect.stringContaining('deg · pos.eq.dec'),
      expect.stringContaining('mag'),
    ])
    await page.getByText('Sirius').waitFor()
    await page.getByRole('button', { name: 'Sky', exact: true }).click()
    await page.getByRole('img', { name: /^20 positions/ }).waitFor()
    await expect.poll(() => paintedPixels(page), PATIENTLY).toBeGreaterThan(500)
    await page.getByRole('button', { name: 'Plot', exact: true }).click()
    await page.getByRole('img', { name: 'dec [deg] against ra [deg]' }).waitFor()
    await page.getByLabel(/^y/).selectOption('-1')
    await page.getByRole('img', { name: 'Histogram of ra [deg]' }).waitFor()
  })

  test('tables and columns are found by what they are about, and are written into the query by a click', async () => {
    await open('query')
    await page.getByLabel('Search tables and columns').fill('proper motion')
    await page.getByRole('button', { name: 'pmra', exact: true }).first().waitFor()
    await page.getByLabel('Search tables and columns').fill('stars')
    const editor = page.getByRole('textbox', { name: 'ADQL query' })
    await write('SELECT * FROM ')
    await page.keyboard.press('Control+End')
    await page.getByRole('button', { name: 'Insert sky.stars' }).click()
    await expect.poll(() => editor.textContent(), PATIENTLY).toBe('SELECT * FROM sky.stars')
  })

  test('tables that are kept are listed with the quota used, known to the editor, and written into the query', async () => {
    const mine = `${console.url}tap/tap/tables/mine`
    await fetch(mine, { method: 'PUT', headers: { 'content-type': 'text/csv' }, body: 'hip,note\n32349,bright\n' })
    // They are read when the view opens, and then again from time to time.
    await open('jobs')
    await open('query')
    const own = page.getByRole('region', { name: 'Your tables' })
    await own.getByText('1 row', { exact: true }).waitFor()
    expect(await own.textContent()).toMatch(/You keep 1 of 20 tables, [\d.]+ kB of 67.1 MB\./)
    await write('SELECT s.name FROM sky.stars AS s JOIN  AS m ON m.hip = s.hip')
    for (let step = 0; step < ' AS m ON m.hip = s.hip'.length; step++) await page.keyboard.press('ArrowLeft')
    await own.getByRole('button', { name: 'user_you.mine' }).click()
    const editor = page.getByRole('textbox', { name: 'ADQL query' })
    await expect.poll(() => editor.textContent(), PATIENTLY).toContain('JOIN user_you.mine AS')
    await page.keyboard.press('Control+Enter')
    await page.getByText('1 row in').waitFor()
    // What was wrong before the click is marked until the text is looked at anew.
    await expect.poll(() => page.locator('.cm-lintRange-error').count(), PATIENTLY).toBe(0)
    await page.getByLabel('TAP service').selectOption('alerttap')
    await page.getByText('heron_dr1').first().waitFor()
    expect(await own.count()).toBe(0)
    expect((await fetch(mine, { method: 'DELETE' })).status).toBe(200)
  })

  test.each([
    ['csv', /^name\nSirius\n$/],
    ['votable', /^<\?xml/],
    ['parquet', /^PAR1/],
  ])('the result is saved as %s', async (format, content) => {
    await open('query')
    await write('SELECT TOP 1 name FROM sky.stars ORDER BY vmag')
    await page.getByLabel('save as').selectOption(format)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download' }).click(),
    ])
    expect((await readFile(await download.path(), 'latin1')).replaceAll('\r', '')).toMatch(content)
  })

  test('a result of many rows is in the page only as far as it is seen', async () => {
    await open('query')
    await write('SELECT * FROM sky.deep_sky')
    await page.getByLabel('rows at most').selectOption('10000')
    await page.getByRole('button', { name: 'Run', exact: true }).click()
    await page.getByText('10,000 rows in').waitFor()
    expect(await page.locator('.result tbody tr').count()).toBeLessThan(100)
    await page.locator('.result').evaluate((element) => element.scrollTo(0, element.scrollHeight))
    await page.locator('[aria-rowindex="10001"]').waitFor()
  })

  test('a query that runs as a job is aborted, deleted, and gone', async () => {
    await open('query')
    const endless =
      'SELECT COUNT(*) FROM sky.deep_sky AS a, sky.deep_sky AS b, sky.deep_sky AS c WHERE a.ra < b.ra + c.ra'
    await write(endless)
    await page.getByRole('button', { name: 'Run as a job' }).click()
    await page.getByRole('link', { name: 'Jobs' }).last().click()
    await page.getByText('EXECUTING').waitFor()
    await page.getByRole('button', { name: /^Abort job/ }).click()
    await page.getByText('ABORTED').waitFor()
    await page.getByRole('button', { name: /^Delete job/ }).click()
    await page.getByRole('region', { name: 'Jobs of tap' }).getByText('None.').waitFor()
  })

  test('a job that has completed gets a name, and shows its rows', async () => {
    await open('query')
    await write('SELECT TOP 3 name FROM sky.stars ORDER BY vmag')
    await page.getByRole('button', { name: 'Run as a job' }).click()
    await open('jobs')
    await page.getByText('COMPLETED').waitFor()
    await page.getByRole('button', { name: /^Details of job/ }).click()
    await page.getByLabel('name', { exact: true }).fill('three stars')
    await page.getByRole('button', { name: 'Rename' }).click()
    await page.getByLabel('name of the user').fill('ann')
    await page.getByRole('button', { name: 'Share', exact: true }).click()
    await page.getByRole('button', { name: 'Stop sharing with ann' }).waitFor()
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByRole('rowheader', { name: /^three stars/ }).waitFor()
    await page.getByRole('link', { name: 'show' }).click()
    await page.getByText('3 rows in').waitFor()
  })

  test('the environment shows what answers, what is live and what the last sweep did', async () => {
    await open('environment')
    await page.getByRole('region', { name: 'Health' }).getByText('ok').nth(2).waitFor()
    await page.getByRole('region', { name: 'Live versions' }).getByText('releases/sky-1').waitFor()
    await page.getByRole('region', { name: 'Last sweep' }).getByText('finished yet').waitFor()
  })

  test.each(['light', 'dark'] as const)(
    'axe finds nothing to complain of in any view, in %s colours',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme })
      for (const view of Object.keys(VIEWS) as (keyof typeof VIEWS)[]) {
        await openWhole(view, view === 'query' ? '?q=SELECT%20ra%20FROM%20sky.stars' : '')
        if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(await readFile(AXE, 'utf8'))
        const violations = await page.evaluate(async () => {
          const found = await (window as unknown as AxeWindow).axe.run()
          return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)
        })
        expect([view, violations]).toEqual([view, []])
      }
    },
  )
})

interface AxeWindow {
  readonly axe: {
    run(): Promise<{
      readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[]
    }>
  }
}

function paintedPixels(page: Page): Promise<number> {
  return page.locator('canvas').evaluate((element) => {
    const canvas = element as HTMLCanvasElement
    const data = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? []
    let painted = 0
    for (let index = 3; index < data.length; index += 4) if (data[index] !== 0) painted++
    return painted
  })
}
