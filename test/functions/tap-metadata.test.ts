import { brotliDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connectServices } from '../../shared/deployment/tap-services.ts'
import { parseEnvironment } from '../../shared/environment/parse.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { MetadataError } from '../../shared/tap/metadata-failures.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { HAS_XSD, NEEDS_XSD, validateXml } from '../support/xsd.ts'
import { readAnswer, startTap, type TapUnderTest } from './tap-service.ts'

let tap: TapUnderTest

beforeAll(async () => {
  const files = new Map([
    ['survey.yaml', sampleSchema('survey', { object: [{ name: 'ra' }], Field: [{ name: 'dec' }] })],
  ])
  tap = await startTap({ keep: true, files, service: ['examples: [{name: All, query: SELECT ra FROM survey.object}]'] })
})

afterAll(() => tap.stop())

beforeEach(() => {
  tap.log.length = 0
})

describe('/tables', () => {
  test('VOS-3 has columns unless detail=min, in any case of the name', async () => {
    expect((await tap.get('/tables')).text).toContain('<name>ra</name>')
    for (const search of ['detail=min', 'DETAIL=min&other=1']) {
      const { text } = await tap.get(`/tables?${search}`)
      expect(text).toContain('<name>survey.Field</name>')
      expect(text).not.toContain('<column')
    }
    expect((await tap.get('/tables?detail=')).text).toContain('<column')
    const wrong = await tap.get('/tables?detail=all')
    expect([wrong.status, wrong.headers['content-type'], wrong.text]).toEqual([
      400,
      'text/plain; charset=utf-8',
      'detail is min or max, once, not "all"\n',
    ])
  })

  test('VOS-3 is sent compressed, and not again to who has it, until another release is live', async () => {
    const compressed = await tap.get('/tables', { 'accept-encoding': 'br' })
    expect(compressed.headers).toMatchObject({ 'content-encoding': 'br', 'cache-control': 'no-cache' })
    expect(brotliDecompressSync(compressed.content).toString()).toContain('survey.object')
    const { etag = '' } = (await tap.get('/tables')).headers
    const known = await tap.get('/tables', { 'if-none-match': etag })
    expect([known.status, known.text]).toEqual([304, ''])
    await tap.goLive('w.2026.02', new Map([['survey.yaml', sampleSchema('survey', { other: [{ name: 'ra' }] })]]))
    const next = await tap.get('/tables', { 'if-none-match': etag })
    expect([next.status, next.text.includes('survey.other')]).toEqual([200, true])
    await tap.goLive('w.2026.03')
  })

  test('VOS-4 has each table by its name in TAP_SCHEMA, percent-decoded', async () => {
    for (const path of ['/tables/survey.Field', '/tables/survey%2EField', '/tables/tap_schema.columns'])
      expect([path, (await tap.get(path)).status]).toEqual([path, 200])
    expect((await tap.get('/tables/survey.field')).status).toBe(404)
  })
})

describe('a service', () => {
  test('VOS-1 is available as long as its database says what is live', async () => {
    expect((await tap.get('/availability')).text).toMatch(/<available>true<\/available>\s*<upSince>/)
    const broken = await startTap({ dependencies: { servers: new Map([['tap', unreachable()]]) } })
    const { status, text } = await broken.get('/availability')
    expect([status, text]).toEqual([200, expect.stringContaining('<available>false</available>')])
    expect(text).toContain('<note>The database does not answer.</note>')
    expect((await broken.get('/capabilities')).status).toBe(503)
  })

  test('CMN-9 says that it fails in the words of each path, and when to come again', async () => {
    const broken = await startTap({ dependencies: { servers: new Map([['tap', unreachable()]]) } })
    for (const path of ['/tables', '/tables/survey.object', '/capabilities']) {
      const { status, headers, text } = await broken.get(path)
      expect([path, status, headers['content-type']]).toEqual([path, 503, 'text/plain; charset=utf-8'])
      expect(text).toBe('The service could not read its metadata: try again in a moment.\n')
    }
    const answer = await broken.query('SELECT ra FROM survey.object', { RESPONSEFORMAT: 'csv' })
    expect([answer.status, answer.headers['content-type']]).toEqual([503, 'application/x-votable+xml'])
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    expect(readAnswer(answer)).toMatchObject({ status: 'ERROR', message: expect.stringContaining('try again') })
    for (const path of ['/', '/healthz'])
      expect((await fetch(`http://127.0.0.1:${broken.port}${path === '/' ? '/tap' : path}`)).status).toBe(200)
  })

  test('VOS-2 declares itself at its public URL', async () => {
    expect((await tap.get('/capabilities')).text).toContain(`<accessURL use="base">${tap.url}</accessURL>`)
  })

  test('has a description of all that it answers', async () => {
    const answer = await fetch(`http://127.0.0.1:${tap.port}/openapi.json`)
    const { paths } = (await answer.json()) as { paths: Record<string, Record<string, { operationId: string }>> }
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining([
        '/healthz',
        '/{server}/sync',
        '/{server}/tables/{table}',
        '/{server}/capabilities',
        '/{server}',
      ]),
    )
    const operations = Object.values(paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId))
    expect(new Set(operations).size).toBe(operations.length)
  })

  test('describes that a parameter without a value counts as left out', async () => {
    const answer = await fetch(`http://127.0.0.1:${tap.port}/openapi.json`)
    const { paths } = (await answer.json()) as {
      paths: Record<string, { get: { parameters: { name: string; schema: unknown }[] } }>
    }
    const schemaOf = (path: string, wanted: string) =>
      paths[path]?.get.parameters.find(({ name }) => name === wanted)?.schema
    expect(schemaOf('/{server}/tables', 'detail')).toMatchObject({ enum: ['min', 'max', ''] })
    expect(schemaOf('/{server}/sync', 'MAXREC')).toEqual({
      anyOf: [expect.objectContaining({ type: 'integer', minimum: 0 }), { const: '' }],
    })
  })

  test('has a page and examples that browsers show and run nothing of', async () => {
    for (const path of ['', '/', '/examples']) {
      const { status, headers } = await tap.get(path)
      expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'/)
    }
  })
})

/** A server of an environment whose database cannot be reached. */
function unreachable() {
  const text = `tap: {servers: {tap: {schemas: [a], databaseUrl: "postgresql://x@h/d", service: {url: "https://x.example/tap"}}}}`
  const { environment } = parseEnvironment('environment.yaml', text)
  const served = connectServices(environment!, createLogger({ write: () => {} })).servers.get('tap')!
  return { ...served, open: () => Promise.reject(new MetadataError(new Error('no such host'))) }
}

describe.skipIf(!HAS_XSD)(`by the published schemas${NEEDS_XSD}`, () => {
  test.each([
    '/tables',
    '/tables?detail=min',
    '/tables/survey.object',
    '/tables/tap_schema.columns',
    '/capabilities',
    '/availability',
  ])('%s is valid', async (path) => {
    await validateXml((await tap.get(path)).text)
  })
})
