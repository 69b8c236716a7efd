import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as functions from '@google-cloud/functions-framework'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildConsole } from '../../deploy/console/build-console.ts'
import { createConsole } from '../../functions/console/console.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { environmentOf } from '../environment/parse-text.ts'

const ENVIRONMENT = `
baseHostname: data.example.org
console:
  swapSchema: /swap-schema
  discovery: https://api.example.org/repertoire
  skyViewer: https://sky.example.org/?ra={ra}&dec={dec}
tap:
  servers:
    tap:
      databaseUrl: postgresql://tap@h/tap
      schemas: [sky]
      service: {url: "https://tap.example.org/tap", query: {role: reader}}
    other: {databaseUrl: "postgresql://tap@h/other", schemas: [sky]}
`

let folder: string
let url: string
let missing: string
const stops: (() => void)[] = []

async function serve(name: string, from: string): Promise<string> {
  const logger = createLogger({ write: () => {} })
  functions.http(name, createConsole(environmentOf(ENVIRONMENT), { logger, folder: from }))
  const server = getTestServer(name)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  stops.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'almagest-console-'))
  await buildConsole(join(folder, 'page'))
  url = await serve('console', join(folder, 'page'))
  missing = await serve('console-without-page', join(folder, 'nowhere'))
})
afterAll(async () => {
  for (const stop of stops) stop()
  await rm(folder, { recursive: true })
})

test('the page comes with a policy that lets it reach its services and nothing else', async () => {
  const answer = await fetch(`${url}/`)
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
  const policy = answer.headers.get('content-security-policy')
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
  expect(policy).toContain("connect-src 'self' https://api.example.org https://tap.example.org;")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toContain('unsafe')
  expect(answer.headers.get('cache-control')).toBe('no-cache')
  const known = await fetch(`${url}/`, { headers: { 'if-none-match': answer.headers.get('etag') ?? '' } })
  expect(known.status).toBe(304)
})

test('its parts are packed, and kept for good where their names say what they hold', async () => {
  const page = await (await fetch(`${url}/`)).text()
  for (const [, name] of page.matchAll(/"assets\/([^"]+)"/g)) {
    const answer = await fetch(`${url}/assets/${name}`, { headers: { 'accept-encoding': 'br' } })
    expect([answer.status, answer.headers.get('content-encoding')]).toEqual([200, 'br'])
    expect(answer.headers.get('cache-control')).toBe('no-cache')
  }
  const main = await (await fetch(`${url}/assets/main.js`)).text()
  const chunk = /query-view-[A-Z0-9]{8}\.js/.exec(main)?.[0]
  const answer = await fetch(`${url}/assets/${chunk}`)
  expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
})

test('it is told where the services are, and no secret of the environment', async () => {
  const text = await (await fetch(`${url}/config.json`)).text()
  expect(JSON.parse(text)).toEqual({
    environment: 'data.example.org',
    swapSchema: '/swap-schema',
    collectResults: null,
    discovery: 'https://api.example.org/repertoire',
    skyViewer: 'https://sky.example.org/?ra={ra}&dec={dec}',
    servers: [{ name: 'tap', url: 'https://tap.example.org/tap', keepsTables: false }],
  })
  expect(text).not.toContain('postgresql')
})

test.each(['/assets/none.js', '/assets/..%2Findex.html', '/assets/%2e%2e%2f%2e%2e%2fpackage.json', '/secret'])(
  '%s is not there',
  async (path) => {
    expect((await fetch(url + path)).status).toBe(404)
  },
)

test('a page that was not built is a 503 that says what to do, and the function is well', async () => {
  const answer = await fetch(`${missing}/`)
  expect(answer.status).toBeGreaterThanOrEqual(500)
  expect(await answer.text()).toContain('npm run build')
  expect((await fetch(`${missing}/healthz`)).status).toBe(200)
})
