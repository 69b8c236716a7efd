import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { sampleSchema } from '../support/sample-release.ts'
import { readAnswer, startTap, TABLEDATA, type TapAnswer, type TapUnderTest } from './tap-service.ts'

/** For tests that need no settings of their own. */
let tap: TapUnderTest

beforeAll(async () => {
  tap = await startTap({ keep: true })
})

afterAll(() => tap.stop())

beforeEach(() => {
  tap.log.length = 0
})

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** The document of an error, which is one whatever was asked for. */
function expectError(answer: TapAnswer, status: number, message: RegExp | string): void {
  expect(answer.status, answer.text).toBe(status)
  expect(answer.headers['content-type']).toBe('application/x-votable+xml')
  const document = readAnswer(answer)
  expect(document.status).toBe('ERROR')
  expect(document.message).toMatch(message)
  expect(document.paths).not.toContain('VOTABLE/RESOURCE/TABLE')
}

describe('requests', () => {
  test('CMN-1, CMN-3, CMN-4, CMN-5 come by GET and POST, in any case, as forms of either kind, chunked or not', async () => {
    const query = 'SELECT COUNT(*) AS n FROM survey.object'
    const pairs = { lang: 'ADQL', Query: query, responseformat: 'votable/td', DUMMY: 'x' }
    const text = new URLSearchParams(pairs).toString()
    const parts = Object.entries(pairs)
      .map(([name, value]) => `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
      .join('')
    const multipart = { 'content-type': 'multipart/form-data; boundary=b' }
    const answers = [
      await tap.get(`/sync?${text}`),
      await tap.call('POST', `/sync?${text}`),
      await tap.call('POST', '/sync', { headers: FORM, body: text }),
      await tap.call('POST', '/sync', { headers: { ...FORM, 'transfer-encoding': 'chunked' }, body: text }),
      await tap.call('POST', '/sync', { headers: multipart, body: `${parts}--b--\r\n` }),
      await tap.call('POST', '/sync', {
        headers: { ...multipart, 'transfer-encoding': 'chunked' },
        body: `${parts}--b--\r\n`,
      }),
    ]
    for (const answer of answers) expect(readAnswer(answer).texts, answer.text).toEqual([['1000']])
  })

  test('CMN-2 with a parameter given twice, in query and body too, are refused', async () => {
    const body = new URLSearchParams({ LANG: 'ADQL', QUERY: 'SELECT 1 AS a FROM survey.object' }).toString()
    expectError(await tap.call('POST', '/sync?lang=ADQL', { headers: FORM, body }), 400, /^LANG is given 2 times/)
  })

  test('CMN-6 for what is not there are answered 404 in words', async () => {
    for (const path of ['/tables/survey.objects', '/examples', '/async/no-such-job']) {
      const answer = await tap.get(path)
      expect([path, answer.status]).toEqual([path, 404])
    }
    const other = await fetch(`${tap.url}s/sync`)
    expect([other.status, await other.text()]).toEqual([404, expect.stringContaining('did you mean tap?')])
  })

  test('CMN-10 are answered with the name of the software, a type, a length where it is known, and a HEAD', async () => {
    const path = `/sync?${new URLSearchParams({ LANG: 'ADQL', QUERY: 'SELECT TOP 2 ra FROM survey.object' })}`
    const { headers, content } = await tap.get(path)
    expect(headers).toMatchObject({
      server: expect.stringMatching(/^Almagest\/\d/),
      'content-type': 'application/x-votable+xml',
      'content-length': String(content.length),
      'access-control-allow-origin': '*',
    })
    const head = await tap.call('HEAD', path)
    expect([head.status, head.headers['content-type'], head.text]).toEqual([200, 'application/x-votable+xml', ''])
    for (const document of ['/tables', '/capabilities', '/availability', '/']) {
      const answer = await tap.call('HEAD', document)
      expect([document, answer.status, answer.text]).toEqual([document, 200, ''])
    }
  })

  test('CMN-11 lead to absolute URLs of the configuration, whatever Host says', async () => {
    const headers = { host: 'evil.example' }
    for (const path of ['/capabilities', '/']) {
      const { text } = await tap.get(path, headers)
      expect(text).toContain(tap.url)
      expect(text).not.toContain('evil.example')
    }
  })

  test('for asynchronous queries are answered that there are none yet', async () => {
    for (const method of ['GET', 'POST']) {
      const { status, text } = await tap.call(method, '/async')
      expect([status, text]).toEqual([501, expect.stringContaining(`${tap.url}/sync`)])
    }
  })
})

describe('results', () => {
  test('SYN-1, SYN-2 are VOTables of the columns that TAP_SCHEMA describes, by a release that they name', async () => {
    const answer = await tap.query('SELECT TOP 1 object_id, ra FROM survey.object ORDER BY ra', { RUNID: 'mine' })
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/x-votable+xml'])
    const { fields, rows, infos } = readAnswer(answer)
    expect(fields[1]).toMatchObject({ name: 'ra', datatype: 'double', unit: 'deg', ucd: 'pos.eq.ra' })
    expect(rows).toEqual([[0n, 0]])
    expect(infos.map(({ attributes }) => [attributes.name, attributes.value])).toEqual([
      ['QUERY_STATUS', 'OK'],
      ['QUERY', 'SELECT TOP 1 object_id, ra FROM survey.object ORDER BY ra'],
      ['release', 'w.2026.01'],
      ['RUNID', 'mine'],
    ])
  })

  test.each([
    ['csv', 'text/csv;header=present;charset=utf-8', 'object_id\r\n0\r\n1\r\n'],
    ['text/csv', 'text/csv', 'object_id\r\n0\r\n1\r\n'],
    ['tsv', 'text/tab-separated-values;charset=utf-8', 'object_id\n0\n1\n'],
  ])('SYN-6 come as %s with the type that was asked for', async (format, type, text) => {
    const query = 'SELECT TOP 2 object_id FROM survey.object ORDER BY object_id'
    const answer = await tap.query(query, { FORMAT: format })
    expect([answer.headers['content-type'], answer.text]).toEqual([type, text])
  })

  test('SYN-7, SYN-8 end at MAXREC, and say so only when there would have been more', async () => {
    const tap = await startTap({ service: ['limits: {maxrec: {default: 5, hard: 7}}'] })
    const statusesOf = async (query: string, parameters: Readonly<Record<string, string>>) => {
      const { infos, texts } = readAnswer(await tap.query(query, { ...TABLEDATA, ...parameters }))
      const statuses = infos.filter(({ attributes }) => attributes.name === 'QUERY_STATUS')
      return [texts.length, ...statuses.map(({ attributes }) => attributes.value)]
    }
    const all = 'SELECT ra FROM survey.object'
    const seven = 'SELECT ra FROM survey.object WHERE object_id < 7'
    expect(await statusesOf(all, {})).toEqual([5, 'OK', 'OVERFLOW'])
    expect(await statusesOf(all, { MAXREC: '3' })).toEqual([3, 'OK', 'OVERFLOW'])
    expect(await statusesOf(all, { MAXREC: '100' })).toEqual([7, 'OK', 'OVERFLOW'])
    expect(await statusesOf(seven, { MAXREC: '7' })).toEqual([7, 'OK'])
    expect(await statusesOf('SELECT TOP 2 ra FROM survey.object', { MAXREC: '3' })).toEqual([2, 'OK'])
    expect(await statusesOf(all, { MAXREC: '0' })).toEqual([0, 'OK', 'OVERFLOW'])
    expectError(await tap.query('SELECT rra FROM survey.object', { MAXREC: '0' }), 400, /There is no column rra/)
  })

  test('SYN-7 say in a header, or behind a long body, whether they were cut off, in whatever format', async () => {
    const many = 'SELECT a.*, b.* FROM survey.object AS a, survey.object AS b WHERE a.object_id < 10'
    for (const format of ['csv', 'tsv', 'parquet', 'votable', 'votable/td']) {
      for (const [query, rows] of [
        ['SELECT ra FROM survey.object', 1000],
        [many, 10_000],
      ] as const) {
        for (const maxrec of [rows, rows - 1, 0]) {
          const { headers, trailers } = await tap.query(query, { RESPONSEFORMAT: format, MAXREC: String(maxrec) })
          const expected = { 'tap-overflow': String(maxrec < rows) }
          const isShort = 'content-length' in headers
          expect(isShort ? headers : trailers, `${format} ${maxrec}`).toMatchObject(expected)
          if (!isShort) expect(headers.trailer).toBe('tap-overflow')
        }
      }
    }
    const footer = await tap.query('SELECT ra FROM survey.object', { RESPONSEFORMAT: 'parquet', MAXREC: '5' })
    expect(footer.content.toString('latin1')).toContain('<INFO name="QUERY_STATUS" value="OVERFLOW"/>')
  })

  test('see TAP_SCHEMA and data in one query, and the release that is live now', async () => {
    const tap = await startTap()
    const query =
      'SELECT t.table_name, o.object_id FROM TAP_SCHEMA.tables AS t, survey.object AS o WHERE o.object_id = 3'
    const before = readAnswer(await tap.query(query, TABLEDATA))
    expect(before.texts).toContainEqual(['survey.object', '3'])
    const files = new Map([['survey.yaml', sampleSchema('survey', { star: [{ name: 'ra' }] })]])
    await tap.goLive('w.2026.02', files)
    const names = readAnswer(
      await tap.query("SELECT table_name FROM TAP_SCHEMA.tables WHERE schema_name = 'survey'", TABLEDATA),
    )
    expect(names.texts).toEqual([['survey.star']])
    expect(names.infos.find(({ attributes }) => attributes.name === 'release')?.attributes.value).toBe('w.2026.02')
    expect((await tap.get('/tables')).text).toContain('<name>survey.star</name>')
  })
})

describe('errors', () => {
  test('SYN-9 are VOTables with the place and what was meant, whatever the format', async () => {
    expectError(
      await tap.query('SELECT rra\nFROM survey.object', { RESPONSEFORMAT: 'csv' }),
      400,
      'line 1, column 8: There is no column rra in survey.object. Did you mean ra?',
    )
    expectError(await tap.query('DUFF QUERY'), 400, /^line 1, column 1: /)
    expectError(await tap.get('/sync?QUERY=x'), 400, 'LANG is missing')
    expectError(await tap.query('SELECT 1/0 AS a FROM survey.object'), 400, /divides by zero/)
    expectError(await tap.get('/sync?LANG=%zz'), 400, 'hexadecimal')
    expectError(await tap.call('PUT', '/sync'), 405, 'PUT is not possible here')
    expectError(
      await tap.call('POST', '/sync', { headers: { 'content-type': 'application/json' }, body: '{}' }),
      415,
      /must be a form/,
    )
  })

  test('SYN-10 of the time limit say the limit', async () => {
    const tap = await startTap({ service: ['limits: {syncSeconds: 1}'] })
    const slow =
      'SELECT COUNT(*) AS n FROM survey.object AS a, survey.object AS b, survey.object AS c WHERE a.ra + b.ra > c.ra'
    expectError(await tap.query(slow), 504, /did not finish within 1 s/)
    expect(tap.log.at(-1)).toMatchObject({ severity: 'WARNING', status: 504, code: 'query_time_limit' })
  })

  test('of limits name the limit', async () => {
    const tap = await startTap({ service: ['limits: {queryBytes: 100, joins: 1}'] })
    expectError(await tap.query(`SELECT ra FROM survey.object WHERE ra > ${'1'.repeat(100)}`), 400, /100/)
    expectError(await tap.query('SELECT a.ra FROM survey.object a, survey.object b, survey.object c'), 400, /2/)
  })

  test('after the first rows end the document, which says so behind the table', async () => {
    // The last row of one of the tables divides by zero, after more of others than are sent at once.
    const query =
      'SELECT 1 / (a.object_id - 999) AS x, a.*, b.* FROM survey.object AS a, survey.object AS b WHERE b.object_id < 10'
    const answer = await tap.query(query, TABLEDATA)
    expect(answer.status).toBe(200)
    const { texts, infos } = readAnswer(answer)
    expect(texts.length).toBeGreaterThan(500)
    const last = infos.at(-1)
    expect([last?.isTrailing, last?.attributes, last?.text]).toEqual([
      true,
      { name: 'QUERY_STATUS', value: 'ERROR' },
      'The query divides by zero.',
    ])
  })

  test('give away nothing of the database, also when TAP_SCHEMA and it differ', async () => {
    const tap = await startTap({
      files: new Map([['survey.yaml', sampleSchema('survey', { object: [{ name: 'ra' }], absent: [{ name: 'ra' }] })]]),
    })
    const answer = await tap.query('SELECT ra FROM survey.absent')
    expectError(answer, 500, /survey\.absent/)
    expect(answer.text).not.toMatch(/relation|does not exist|select|SQLSTATE|pg_/i)
  })
})

describe('a client that goes away', () => {
  test('SYN-11 ends its query in the database', async () => {
    const slow =
      'SELECT COUNT(*) AS n FROM survey.object AS a, survey.object AS b, survey.object AS c, survey.object AS d'
    const socket = connect(tap.port, '127.0.0.1')
    const search = new URLSearchParams({ LANG: 'ADQL', QUERY: `${slow} WHERE a.ra + b.ra > c.ra * d.ra` })
    socket.write(`GET /tap/sync?${search} HTTP/1.1\r\nhost: x\r\n\r\n`)
    await vi.waitFor(async () => expect(await countActive(tap)).toBe(1), { timeout: 10_000, interval: 20 })
    socket.destroy()
    await vi.waitFor(async () => expect(await countActive(tap)).toBe(0), { timeout: 10_000, interval: 20 })
    await vi.waitFor(() => expect(tap.log.at(-1)).toMatchObject({ severity: 'WARNING', status: 499 }))
  })

  test('SYN-11 ends one whose rows it does not take', async () => {
    const tap = await startTap({ service: ['limits: {maxrec: {default: 100000000, hard: null}}'] })
    const socket = connect(tap.port, '127.0.0.1')
    const query = 'SELECT a.*, b.* FROM survey.object AS a, survey.object AS b, survey.object AS c'
    socket.write(`GET /tap/sync?${new URLSearchParams({ LANG: 'ADQL', QUERY: query })} HTTP/1.1\r\nhost: x\r\n\r\n`)
    await once(socket, 'readable')
    expect(await countActive(tap)).toBe(1)
    socket.destroy()
    await vi.waitFor(async () => expect(await countActive(tap)).toBe(0), { timeout: 10_000, interval: 20 })
    await vi.waitFor(() => expect(tap.log.at(-1)).toMatchObject({ disconnected: true }))
  })
})

async function countActive({ database, login }: TapUnderTest): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(
    "select count(*)::int as count from pg_stat_activity where usename = $1 and state = 'active'",
    [login],
  )
  return rows[0]!.count
}

describe('the log', () => {
  test('has one line for a query, with its length, rows and release, and not its text', async () => {
    const query = "SELECT ra FROM survey.object WHERE object_id < 3 OR 'secret' = 'x'"
    await tap.query(query, { RUNID: 'mine' })
    await vi.waitFor(() => expect(tap.log).toHaveLength(1))
    expect(tap.log[0]).toMatchObject({
      ...{ severity: 'INFO', message: 'GET /{server}/sync 200', status: 200, queryLength: query.length },
      ...{ rows: 3, overflow: false, release: 'w.2026.01', format: 'binary2', runId: 'mine' },
      durationMs: expect.any(Number),
    })
    await tap.query('SELECT secret FROM survey.object')
    // The second says which release it failed with.
    await vi.waitFor(() => expect(tap.log).toHaveLength(3))
    const failed = tap.log.filter(({ message }) => String(message).startsWith('a query failed'))
    expect(failed).toMatchObject([{ server: 'tap', code: 'adql_unknown_column' }])
    expect(JSON.stringify([tap.log[0], failed])).not.toContain('secret')
  })
})
