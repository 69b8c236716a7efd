import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fetchLimited } from '../../shared/platform/fetch-limited.ts'
import { DATA, HAS_DATA, NEEDS_DATA } from '../support/golden.ts'
import { goldenConfig, type ServiceOptions, startDiscovery } from './discovery-service.ts'

const ENVIRONMENT = `baseHostname: data.example.com
availableDatasets: [dp1, dp03, bad]
datasets:
  dp1: {description: "One"}
hips:
  datasets:
    dp1: {paths: [a, b]}
    gone: {paths: [a]}
  legacy: {dataset: dp1, pathPrefix: /api/hips}
  pathPrefix: /api/hips/v2
  sourceTemplate: "https://{{ base_hostname }}/api/hips/v2/{{dataset}}"
`

const TOKEN = { readSecret: async () => 'secret-token' }
const TREE = 'https://data.example.com/api/hips/v2/dp1'

/** Trees by URL of their properties; a function is asked each time. */
function start(trees: Readonly<Record<string, () => Promise<string>>>, more: Partial<ServiceOptions> = {}) {
  const fetchText = async (url: string) => {
    const tree = trees[url.replace(/^.*\/(\w+)\/properties$/, '$1')]
    if (tree === undefined) throw new Error(`${url} answered 404`)
    return tree()
  }
  return startDiscovery({ environment: ENVIRONMENT, dependencies: { ...TOKEN, fetchText }, ...more })
}

const good = async () => 'a = 1\nhips_status = public\n'

describe.skipIf(!HAS_DATA)(`the lists of Repertoire${NEEDS_DATA}`, () => {
  const read = (path: string) => readFileSync(join(DATA, 'golden/discovery', path), 'utf8')

  test('are answered under the new and the old path, with its messages for what is not there', async () => {
    const asked: string[] = []
    const service = await startDiscovery({
      environment: goldenConfig('phalanx'),
      dependencies: {
        readSecret: async () => read('secrets/token').trim(),
        async fetchText(url, token) {
          asked.push(`${url} ${token}`)
          const path = /\/v2\/\w+\/(.+)\/properties$/.exec(url)?.[1] ?? ''
          return read('hips/properties.tmpl').replaceAll('{{path}}', path)
        },
      },
    })
    for (const [path, golden] of [
      ['/api/hips/v2/dp1/list', 'hips-dp1-list'],
      ['/api/hips/v2/dp02/list', 'hips-dp02-list'],
      ['/api/hips/list', 'hips-dp1-list'],
    ] as const) {
      const { status, headers, text } = await service.get(path)
      expect([status, headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8'])
      expect(text).toBe(read(`hips/${golden}`))
    }
    expect(asked).toHaveLength(3)
    expect(asked[0]).toBe(
      'https://data.example.com/api/hips/v2/dp1/deep_coadd/color_ugri/properties some-gafaelfawr-token',
    )
    for (const [dataset, msg] of [
      ['dp03', 'No HiPS dataset for dp03'],
      ['unknown', 'Dataset unknown not available'],
    ]) {
      const { status, body } = await service.get(`/api/hips/v2/${dataset}/list`)
      expect([status, body]).toEqual([404, { detail: [{ msg, type: 'hips_not_found' }] }])
    }
  })
})

test('a tree has one URL, however its path and the template are written', async () => {
  const asked: string[] = []
  const service = await startDiscovery({
    environment: ENVIRONMENT.replace('{paths: [a, b]}', '{paths: ["/a/", "b c/é", ""]}').replace(
      '{{dataset}}"',
      '{{dataset}}/\\n"',
    ),
    dependencies: {
      ...TOKEN,
      fetchText: async (url) => {
        asked.push(url)
        return good()
      },
    },
  })
  const { text } = await service.get('/api/hips/v2/dp1/list')
  const trees = [`${TREE}/a`, `${TREE}/b%20c/%C3%A9`, TREE]
  expect(asked).toEqual(trees.map((url) => `${url}/properties`))
  expect(Array.from(text.matchAll(/^hips_service_url {9}= (.*)$/gm), ([, url]) => url)).toEqual(trees)
})

describe('what is not configured is not found', () => {
  test.each([
    [
      'the token',
      { dependencies: { readSecret: () => Promise.reject(new Error('no such file')) } },
      'HiPS lists not configured',
    ],
    [
      'the old path',
      { environment: ENVIRONMENT.replace('legacy: {dataset: dp1, ', 'legacy: {') },
      'Legacy HiPS list not configured',
    ],
    [
      'the old path before the token',
      { environment: ENVIRONMENT.replace('dataset: dp1, ', ''), dependencies: {} },
      'Legacy HiPS list not configured',
    ],
    [
      'the dataset of the old path',
      { environment: ENVIRONMENT.replace('legacy: {dataset: dp1', 'legacy: {dataset: dp2') },
      'Dataset dp2 not available',
    ],
  ])('%s', async (_what, more, msg) => {
    const service = await start({ a: good, b: good }, more)
    const { status, body } = await service.get('/api/hips/list')
    expect([status, body]).toEqual([404, { detail: [{ msg, type: 'hips_not_found' }] }])
  })

  test('all of it', async () => {
    const service = await startDiscovery()
    expect((await service.get('/api/hips/v2/dp1/list')).body.detail[0].type).toBe('not_found')
  })
})

describe('a tree that cannot be read', () => {
  test('is left out and reported, and shows when it comes back', async () => {
    let broken = true
    const b = async () => (broken ? '<html>Please log in</html>' : good())
    const service = await start({ a: good, b }, { options: { hipsRetryMs: 0 } })
    const { status, headers, text } = await service.get('/api/hips/v2/dp1/list')
    expect(status).toBe(200)
    expect(text).toContain(`${TREE}/a\n`)
    expect(text).not.toContain(`${TREE}/b\n`)
    expect(headers['cache-control']).toBe('public, max-age=5')
    expect(service.log).toContainEqual(expect.objectContaining({ severity: 'WARNING', url: `${TREE}/b` }))
    expect((await service.get('/healthz')).body.hips_failing).toEqual([`${TREE}/b`])
    broken = false
    expect((await service.get('/api/hips/v2/dp1/list')).text).toContain(`${TREE}/b\n`)
    expect((await service.get('/healthz')).body.hips_failing).toEqual([])
  })

  test('makes the list unavailable when there is no other, with a time to come back', async () => {
    const service = await start({})
    const { status, headers, body } = await service.get('/api/hips/v2/dp1/list')
    expect([status, headers['retry-after'], body.detail[0].type]).toEqual([503, '30', 'hips_unavailable'])
    expect(headers['access-control-allow-origin']).toBe('*')
  })

  test('is served from before when it was there before', async () => {
    let broken = false
    const a = async () => (broken ? Promise.reject(new Error('down')) : good())
    const service = await start({ a, b: a }, { options: { hipsLifetimeMs: 0, hipsRetryMs: 0 } })
    const before = await service.get('/api/hips/v2/dp1/list')
    broken = true
    await service.get('/api/hips/v2/dp1/list')
    await expect.poll(async () => (await service.get('/healthz')).body.hips_failing).toHaveLength(2)
    const after = await service.get('/api/hips/v2/dp1/list')
    expect([after.status, after.text, after.headers.etag]).toEqual([200, before.text, before.headers.etag])
  })
})

test('a list has a tag and is compressed like the document', async () => {
  const service = await start({ a: async () => `${'x = 1\n'.repeat(200)}hips_status = x\n`, b: good })
  const { headers } = await service.get('/api/hips/v2/dp1/list', { 'accept-encoding': 'gzip' })
  expect(headers['content-encoding']).toBe('gzip')
  const again = await service.get('/api/hips/v2/dp1/list', { 'accept-encoding': 'gzip', 'if-none-match': headers.etag })
  expect(again.status).toBe(304)
})

describe('getting a text that a token opens', () => {
  async function serve(
    answer: (request: http.IncomingMessage, response: http.ServerResponse) => void,
  ): Promise<string> {
    const server = http.createServer(answer)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  }
  const limits = { timeoutMs: 10_000, maxBytes: 100 }

  test('follows no redirect: the token is for this address alone', async () => {
    const paths: unknown[] = []
    const url = await serve((request, response) => {
      paths.push(request.url)
      response.writeHead(302, { location: '/elsewhere' }).end('moved')
    })
    expect(await fetchLimited(url, { authorization: 'Bearer t' }, limits)).toEqual({ status: 302, text: 'moved' })
    expect(paths).toEqual(['/'])
  })

  test('ends when it becomes too large, and when it takes too long', async () => {
    const large = await serve((_, response) => response.end('x'.repeat(101)))
    await expect(fetchLimited(large, {}, limits)).rejects.toThrow('larger than 100 bytes')
    const silent = await serve((_, response) => response.write('x'))
    await expect(fetchLimited(silent, {}, { ...limits, timeoutMs: 50 })).rejects.toThrow(/timeout/i)
  })
})
