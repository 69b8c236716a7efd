import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readAnswer, startTap, TABLEDATA, type TapAnswer, type TapUnderTest } from './tap-service.ts'

let tap: TapUnderTest

beforeAll(async () => {
  tap = await startTap({ keep: true, service: ['limits: {queryBytes: 5000}'] })
})

afterAll(async () => {
  const { rows } = await tap.database.pool.query('select count(*)::int as count from survey.object')
  expect(rows).toEqual([{ count: 1000 }])
  await tap.stop()
})

/** An error of the request, in words, that is a VOTable. */
function expectRefused(answer: TapAnswer): void {
  expect(answer.status, answer.text).toBeGreaterThanOrEqual(400)
  expect(answer.status, answer.text).toBeLessThan(500)
  const { status, message } = readAnswer(answer)
  expect([status, message.length > 10 && message.length < 1000]).toEqual(['ERROR', true])
  expect(answer.text).not.toMatch(/SQLSTATE|syntax error at|relation |does not exist|node_modules/)
}

const SQL = "'; DROP TABLE survey.object; --"

describe('SQL', () => {
  test.each(['LANG', 'QUERY', 'MAXREC', 'RESPONSEFORMAT', 'FORMAT', 'REQUEST', 'UPLOAD'])(
    'in %s is refused',
    async (name) => {
      const parameters = { LANG: 'ADQL', QUERY: 'SELECT TOP 1 ra FROM survey.object', [name]: SQL }
      expectRefused(await tap.get(`/sync?${new URLSearchParams(parameters)}`))
    },
  )

  test.each([
    'SELECT ra FROM survey.object; DROP TABLE survey.object',
    'DROP TABLE survey.object',
    'SELECT pg_sleep(10) FROM survey.object',
    'SELECT * FROM pg_catalog.pg_user',
    'SELECT * FROM almagest.history',
    'SELECT ra FROM survey.object WHERE ra = $1',
    'SELECT ra FROM "survey"."object" WHERE 1 = 1 /* x */',
    'SELECT ra AS "a""; DROP TABLE x; --" FROM survey.object WHERE nothing = 1',
  ])('that is no ADQL is refused: %s', async (query) => {
    expectRefused(await tap.query(query))
  })

  test('in names, texts and marks is only a text', async () => {
    const answer = await tap.query(`SELECT TOP 1 '${SQL.replace("'", "''")}' AS "${SQL}" FROM survey.object`, {
      ...TABLEDATA,
      RUNID: SQL,
    })
    const { texts, fields } = readAnswer(answer)
    expect([texts, fields[0]?.name]).toEqual([[[SQL]], SQL])
  })

  test('in a path is not found', async () => {
    for (const path of ['/tables/', `/tables/${encodeURIComponent(SQL)}`, `/${encodeURIComponent(SQL)}`]) {
      const { status, text } = await tap.get(path)
      expect([200, 404]).toContain(status)
      expect(text).not.toMatch(/SQLSTATE|syntax error/)
    }
  })
})

describe('a request', () => {
  test('of markup and characters that XML cannot hold is answered with a document', async () => {
    const query = 'SELECT <b>&amp;\u0000\u001b\ufffe]]></INFO> FROM "x'
    expectRefused(await tap.query(query))
    expectRefused(await tap.query('SELECT ra FROM survey.object', { RUNID: '<x>\u0001' }))
    expectRefused(await tap.query('SELECT ra FROM survey.object', { MAXREC: ']]></RESOURCE>' }))
  })

  test('with a huge query is refused, and one with huge other parameters too', async () => {
    const form = (pairs: Readonly<Record<string, string>>) =>
      tap.call('POST', '/sync', {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(pairs).toString(),
      })
    expectRefused(await form({ LANG: 'ADQL', QUERY: `SELECT ra FROM survey.object WHERE ra = ${'1'.repeat(6000)}` }))
    expectRefused(await form({ LANG: 'ADQL', QUERY: 'x'.repeat(200_000) }))
    expectRefused(await form({ LANG: 'ADQL', QUERY: 'SELECT ra FROM survey.object', DUMMY: 'x'.repeat(200_000) }))
    expectRefused(await form({ LANG: 'ADQL', QUERY: `SELECT ${'('.repeat(4000)}ra FROM survey.object` }))
  })

  test('with a thousand parameters of one name is refused', async () => {
    expectRefused(await tap.get(`/sync?${'LANG=ADQL&'.repeat(1000)}`))
  })

  test.each([
    ['no boundary', 'multipart/form-data', '--b\r\n'],
    ['no end', 'multipart/form-data; boundary=b', '--b\r\ncontent-disposition: form-data; name="LANG"\r\n\r\nADQL'],
    ['no name', 'multipart/form-data; boundary=b', '--b\r\ncontent-disposition: form-data\r\n\r\nADQL\r\n--b--\r\n'],
    ['no head', 'multipart/form-data; boundary=b', '--b\r\nADQL\r\n--b--\r\n'],
    ['another boundary', 'multipart/form-data; boundary=b', '--c\r\n\r\nADQL\r\n--c--\r\n'],
    ['a long boundary', `multipart/form-data; boundary=${'b'.repeat(1000)}`, '--b\r\n'],
    [
      'a thousand parts',
      'multipart/form-data; boundary=b',
      `${'--b\r\ncontent-disposition: form-data; name="x"\r\n\r\n1\r\n'.repeat(1000)}--b--\r\n`,
    ],
    [
      'a text that is no UTF-8',
      'multipart/form-data; boundary=b',
      Buffer.from('--b\r\ncontent-disposition: form-data; name="QUERY"\r\n\r\n\xff\r\n--b--\r\n', 'latin1'),
    ],
  ])('of multipart with %s is refused', async (_what, type, body) => {
    expectRefused(await tap.call('POST', '/sync', { headers: { 'content-type': type }, body }))
  })

  test('that is packed is refused', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' }
    expectRefused(await tap.call('POST', '/sync', { headers, body: 'x' }))
  })

  test('that says it is larger than it may be is refused before it is sent', async () => {
    const socket = connect(tap.port, '127.0.0.1')
    const type = 'content-type: multipart/form-data; boundary=b'
    socket.write(
      `POST /tap/sync HTTP/1.1\r\nhost: x\r\n${type}\r\nexpect: 100-continue\r\ncontent-length: 9999999999\r\n\r\n`,
    )
    const [answer] = await new Promise<string[]>((done) => socket.once('data', (data) => done([data.toString()])))
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    socket.destroy()
  })
})
