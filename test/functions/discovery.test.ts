import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { HAS_DATA, NEEDS_DATA, readGolden } from '../support/golden.ts'
import { goldenConfig, liveSlot, startDiscovery, withServers } from './discovery-service.ts'

const PATH = '/repertoire/discovery'

/** A document that is worth compressing. */
const LARGE = `baseHostname: data.example.com\napplications: [${Array.from({ length: 200 }, (_, i) => `application-${i}`).join(', ')}]\n`

describe.skipIf(!HAS_DATA)(`the document of the golden configurations${NEEDS_DATA}`, () => {
  test.each(['phalanx', 'minimal'])('is what Repertoire answers for %s', async (name) => {
    const service = await startDiscovery({
      environment: goldenConfig(name),
      config: { publicBase: 'https://example.com' },
    })
    const { status, headers, body } = await service.get(PATH)
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('application/json')
    expect(body).toEqual(readGolden(`discovery/discovery/${name}.json`))
  })

  test('has a form for notebooks', async () => {
    const config = { publicBase: 'https://example.com' }
    const service = await startDiscovery({ environment: goldenConfig('phalanx'), config })
    expect((await service.get(`${PATH}/nublado`)).body).toEqual(readGolden('discovery/discovery/nublado.json'))
  })
})

describe('a caller who has the document already', () => {
  test('is answered 304, for its tag, any tag or its date', async () => {
    const service = await startDiscovery()
    const first = await service.get(PATH)
    const { etag, 'last-modified': modified } = first.headers
    expect(etag).toMatch(/^"[\w-]+"$/)
    expect(new Date(modified!).getTime()).toBeLessThanOrEqual(Date.now())
    for (const headers of [
      { 'if-none-match': etag },
      { 'if-none-match': `"other", W/${etag}` },
      { 'if-none-match': '*' },
      { 'if-modified-since': modified },
    ]) {
      const { status, headers: again, content } = await service.get(PATH, headers)
      expect([status, content.length, again.etag]).toEqual([304, 0, etag])
      expect(again['cache-control']).toMatch(/^public, max-age=\d+/)
      expect(again['access-control-allow-origin']).toBe('*')
    }
  })

  test('is answered 200 for another tag, whatever the date, and for a date that is none', async () => {
    const service = await startDiscovery()
    const { 'last-modified': modified } = (await service.get(PATH)).headers
    for (const headers of [
      { 'if-none-match': '"other"', 'if-modified-since': modified },
      { 'if-none-match': '' },
      { 'if-modified-since': 'yesterday' },
      { 'if-modified-since': '2099-01-01' },
      { 'if-modified-since': `${modified}, ${modified}` },
      { 'if-modified-since': 'Sat, 01 Jan 2000 00:00:00 GMT' },
    ]) {
      expect((await service.get(PATH, headers)).status).toBe(200)
    }
  })
})

test('a version that comes within the same second is not taken for the one before by its date', async () => {
  let version = 0
  const service = await startDiscovery({
    environment: withServers('tap'),
    options: { tapLifetimeMs: 0 },
    dependencies: { readLive: async () => liveSlot(`w.${version++}`) },
  })
  const { headers } = await service.get(PATH)
  for (let time = 0; time < 3; time++) {
    expect((await service.get(PATH, { 'if-modified-since': headers['last-modified'] })).status).toBe(200)
  }
})

describe('compression', () => {
  test.each([
    ['gzip', 'gzip', gunzipSync],
    ['gzip, deflate, br', 'br', brotliDecompressSync],
    ['br;q=0.5, gzip', 'gzip', gunzipSync],
    ['*', 'br', brotliDecompressSync],
  ])('for %s is %s', async (accept, coding, decompress) => {
    const service = await startDiscovery({ environment: LARGE })
    const plain = await service.get(PATH)
    const { headers, content } = await service.get(PATH, { 'accept-encoding': accept })
    expect(headers['content-encoding']).toBe(coding)
    expect(headers.vary).toContain('accept-encoding')
    expect(Number(headers['content-length'])).toBe(content.length)
    expect(decompress(content).toString()).toBe(plain.text)
    expect(headers.etag).not.toBe(plain.headers.etag)
    const again = await service.get(PATH, { 'accept-encoding': accept, 'if-none-match': headers.etag })
    expect(again.status).toBe(304)
  })

  test.each(['', 'identity', 'gzip;q=0', 'deflate', 'br;q=0, *;q=0, identity', 'gzip;q=x'])(
    'for %j is none',
    async (accept) => {
      const service = await startDiscovery({ environment: LARGE })
      const { status, headers, body } = await service.get(PATH, { 'accept-encoding': accept })
      expect([status, headers['content-encoding']]).toEqual([200, undefined])
      expect(body.applications).toHaveLength(200)
    },
  )
})

describe('methods and paths', () => {
  test('HEAD is answered as GET without the content', async () => {
    const service = await startDiscovery({ environment: LARGE })
    const got = await service.get(PATH)
    const { status, headers, content } = await service.call('HEAD', PATH)
    expect([status, content.length]).toEqual([200, 0])
    for (const name of ['content-length', 'etag', 'content-type', 'last-modified', 'cache-control']) {
      expect(headers[name]).toBe(got.headers[name])
    }
  })

  test('OPTIONS names the methods, and a preflight says that scripts may read', async () => {
    const service = await startDiscovery()
    const plain = await service.call('OPTIONS', PATH)
    expect([plain.status, plain.headers.allow]).toEqual([204, 'GET, HEAD, OPTIONS'])
    const origin = { origin: 'https://a.example', 'access-control-request-method': 'GET' }
    const { status, headers } = await service.call('OPTIONS', PATH, {
      ...origin,
      'access-control-request-headers': 'if-none-match',
    })
    expect(status).toBe(204)
    expect(headers['access-control-allow-origin']).toBe('*')
    expect(headers['access-control-allow-methods']).toContain('GET')
    expect(headers['access-control-allow-headers']).toBe('*, authorization')
  })

  test('no credentials are for scripts of other pages', async () => {
    const service = await startDiscovery()
    const origin = { origin: 'https://a.example', 'access-control-request-method': 'GET' }
    for (const path of [`${PATH}/influxdb`, `${PATH}/influxdb/efd`]) {
      const preflight = await service.call('OPTIONS', path, origin)
      const got = await service.get(path, { origin: 'https://a.example' })
      expect([preflight.status, got.status]).toEqual([204, 401])
      for (const { headers } of [preflight, got]) {
        expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
      }
    }
  })

  test.each(['POST', 'PUT', 'DELETE', 'PATCH'])('%s is refused in the error format of the family', async (method) => {
    const service = await startDiscovery()
    const { status, headers, body } = await service.call(method, PATH)
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS'])
    expect(body.detail).toEqual([{ msg: expect.any(String), type: 'method_not_allowed' }])
    expect(headers['access-control-allow-origin']).toBe('*')
  })

  test('an unknown path is a 404 with what was probably meant', async () => {
    const service = await startDiscovery()
    const { status, body } = await service.get('/repertoire/discover')
    expect(status).toBe(404)
    expect(body.detail[0]).toMatchObject({ type: 'not_found', msg: expect.stringContaining(PATH) })
    const { body: nameless } = await service.get(`${PATH}/influxdb//`)
    expect(nameless.detail[0].msg).toContain(`did you mean ${PATH}/influxdb`)
    expect(nameless.detail[0].msg).not.toContain('influxdb/?')
  })

  test('there are no redirects, for a slash at the end neither, and parameters do not matter', async () => {
    const service = await startDiscovery()
    const { text } = await service.get(PATH)
    for (const path of [`${PATH}/`, `${PATH}?_=1`, `${PATH}?a&a=%`]) {
      const answer = await service.get(path)
      expect([answer.status, answer.text]).toEqual([200, text])
    }
  })

  test('the paths follow the configuration', async () => {
    const service = await startDiscovery({ config: { pathPrefix: '/api/discovery' } })
    expect((await service.get('/api/discovery/discovery')).status).toBe(200)
    expect((await service.get(PATH)).status).toBe(404)
    const bare = await startDiscovery({ config: { pathPrefix: '' } })
    expect((await bare.get('/discovery')).status).toBe(200)
  })
})

test.each([
  { host: 'evil.example' },
  {
    host: 'evil.example:80',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'http',
    'x-forwarded-for': '1.2.3.4',
  },
  { host: 'data.example.com"},"x":{"y', forwarded: 'host=evil.example' },
  { host: 'evil.example', 'x-original-url': 'http://evil.example/', 'x-rewrite-url': '/x' },
])('nothing that a client sends gets into the document: %j', async (headers) => {
  const environment = `baseHostname: data.example.com
influxdbDatabases:
  efd: {url: "https://data.example.com/i/", database: efd, username: u, passwordKey: k, schemaRegistry: "https://r.example/"}
`
  const service = await startDiscovery({ environment })
  const before = await service.get(PATH, headers)
  expect(before.status).toBe(200)
  expect(before.text).not.toContain('evil')
  const after = await service.get(PATH)
  expect(after.text).toBe(before.text)
  expect(after.body.influxdb_databases.efd.credentials_url).toBe(
    'https://data.example.com/repertoire/discovery/influxdb/efd',
  )
  const absolute = await service.get(`http://evil.example${PATH}`)
  expect(absolute.text).toBe(after.text)
})

describe('the status of the service itself', () => {
  test('VOSI availability is a document of the standard', async () => {
    const service = await startDiscovery()
    for (const path of ['/availability', '/repertoire/availability']) {
      const { status, headers, text } = await service.get(path)
      expect([status, headers['content-type']]).toEqual([200, 'text/xml; charset=utf-8'])
      expect(text).toContain('<availability xmlns="http://www.ivoa.net/xml/VOSIAvailability/v1.0">')
      expect(text).toMatch(/<available>true<\/available>\s*<upSince>\d{4}-\d\d-\d\dT[\d:.]+Z<\/upSince>/)
    }
  })

  test('a database that does not answer shows in both, and asks nothing', async () => {
    let asked = 0
    const service = await startDiscovery({
      environment: withServers('tap', 'ssotap'),
      options: { tapLifetimeMs: 0 },
      dependencies: {
        async readLive({ name }) {
          asked += 1
          if (name === 'ssotap' && asked > 2) throw new Error('<down> & out')
          return liveSlot('w.1')
        },
      },
    })
    await service.get(PATH)
    await service.get(PATH)
    const before = asked
    const { body } = await service.get('/healthz')
    expect(body).toMatchObject({ status: 'ok', tap_servers: { tap: 'current', ssotap: 'stale' } })
    expect((await service.get('/availability')).text).toContain('<note>The database of ssotap does not answer')
    expect(asked).toBe(before)
  })

  test('so does one that never answered, once it has been asked', async () => {
    const service = await startDiscovery({
      environment: withServers('tap'),
      dependencies: { readLive: () => Promise.reject(new Error('refused')) },
    })
    expect((await service.get('/healthz')).body.tap_servers).toEqual({ tap: 'unknown' })
    expect((await service.get('/availability')).text).not.toContain('<note>')
    await service.get(PATH)
    expect((await service.get('/healthz')).body.tap_servers).toEqual({ tap: 'unreachable' })
    expect((await service.get('/availability')).text).toContain(
      '<note>The database of tap does not answer; what is live',
    )
  })

  test('the name of the service is at its root', async () => {
    const service = await startDiscovery()
    expect((await service.get('/')).body).toMatchObject({ name: expect.any(String), version: expect.any(String) })
    expect((await service.get('/repertoire/')).body).toMatchObject({ metadata: { name: expect.any(String) } })
  })
})

describe('tutorials', () => {
  const menu = { items: [{ type: 'notebook', name: 'a.ipynb', path: 'a.ipynb', title: 'A' }] }
  const config = {
    tutorials: { repository: 'https://git.example/tutorials', menu: { kind: 'file', path: 'm' } },
  } as const

  test('are the repository and its menu', async () => {
    const service = await startDiscovery({ config, dependencies: { readTutorials: async () => JSON.stringify(menu) } })
    const { status, headers, body } = await service.get(`${PATH}/tutorials`)
    expect([status, headers['access-control-allow-origin']]).toEqual([200, '*'])
    expect(body).toEqual({ url: 'https://git.example/tutorials', ...menu })
  })

  test('keep their last menu when it cannot be read, and are not found where there are none', async () => {
    let text: string | undefined = JSON.stringify(menu)
    const service = await startDiscovery({
      config,
      options: { tutorialsLifetimeMs: 0 },
      dependencies: { readTutorials: async () => text },
    })
    await service.get(`${PATH}/tutorials`)
    for (const broken of ['{', '{"items":[{}]}', undefined]) {
      text = broken
      expect((await service.get(`${PATH}/tutorials`)).body).toMatchObject(menu)
    }
    const none = await startDiscovery()
    expect((await none.get(`${PATH}/tutorials`)).status).toBe(404)
    const never = await startDiscovery({ config })
    expect((await never.get(`${PATH}/tutorials`)).status).toBe(503)
  })
})
