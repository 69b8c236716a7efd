import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { ROOT } from '../bundles/node-bundle.ts'

// node deploy/console/take-screenshots.ts http://127.0.0.1:8080: pictures of a local stack, for docs/images. CHROMIUM
// names the browser.

const [url = 'http://127.0.0.1:8080'] = process.argv.slice(2)
const folder = join(ROOT, 'docs', 'images')

const QUERY = `SELECT name, ra, dec, vmag
FROM sky.stars
WHERE CONTAINS(POINT(ra, dec), CIRCLE(84.05, -1.20, 25)) = 1
ORDER BY vmag`

const VIEWS: Readonly<Record<string, string>> = {
  releases: '#/releases/tap',
  query: `#/query?${new URLSearchParams({ q: QUERY })}`,
  jobs: '#/jobs',
  environment: '#/environment',
}

await mkdir(folder, { recursive: true })
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
})
try {
  const page = await browser.newPage({ viewport: { width: 1200, height: 750 } })
  for (const [name, address] of Object.entries(VIEWS)) {
    await page.goto(`${url}/${address}`)
    await page.waitForLoadState('networkidle')
    if (name === 'query') {
      await page.getByRole('button', { name: 'Run as a job' }).click()
      await page.getByText('The query runs as a job').waitFor()
      await page.getByRole('button', { name: 'Run', exact: true }).click()
      await page.getByText(/rows? in/).waitFor()
      await page.getByRole('button', { name: 'Sky', exact: true }).click()
    }
    if (name === 'jobs') await page.getByText('COMPLETED').first().waitFor()
    await page.screenshot({ path: join(folder, `${name}.png`) })
  }
} finally {
  await browser.close()
}
