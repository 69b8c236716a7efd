import http from 'node:http'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { prepareFunctions } from '../../local/qserv/run-sql.ts'
import { type LocalQserv, startQserv } from '../../local/qserv/server.ts'
import { readAnswer, startTap, TABLEDATA, type TapUnderTest } from './tap-service.ts'

let tap: TapUnderTest
let qserv: LocalQserv

beforeAll(async () => {
  const service: string[] = []
  tap = await startTap({
    keep: true,
    service,
    async prepare(database) {
      await prepareFunctions(database.pool)
      qserv = await startQserv({ pool: database.pool })
      service.push(
        'limits: {syncSeconds: 2}',
        `query: {type: qserv, qserv: {url: "${qserv.url}", limits: {syncQueries: 3}, tables: [{table: survey.object, kind: director, id: object_id}]}}`,
      )
    },
  })
})
afterEach(async () => {
  qserv.faults.clear()
  qserv.queries.script = {}
  await expect.poll(() => [...qserv.queries.live(), ...qserv.queries.unclaimed()]).toEqual([])
  qserv.assertClean()
})
afterAll(async () => {
  await tap.stop()
  await qserv.stop()
})

const TWO = 'SELECT object_id, ra FROM survey.object WHERE object_id < 2 ORDER BY object_id'

test('a sync query streams through: submitted, watched, read, deleted', async () => {
  const before = qserv.requests.length
  const answer = readAnswer(await tap.query(TWO, TABLEDATA))
  expect(answer).toMatchObject({
    status: 'OK',
    texts: [
      ['0', '0'],
      ['1', '0.36'],
    ],
  })
  const routes = qserv.requests.slice(before).map(({ route }) => route)
  expect(routes.filter((route) => route !== 'version' && route !== 'status')).toEqual([
    'submit',
    'result',
    'result-delete',
  ])
})

test('an area restricts the pieces that are read, as the placement of the table allows', async () => {
  const area = 'SELECT object_id FROM survey.object WHERE CONTAINS(POINT(ra, dec), CIRCLE(0.36, -89.82, 0.01)) = 1'
  expect(readAnswer(await tap.query(area, TABLEDATA)).texts).toEqual([['1']])
  expect(qserv.queries.sqlOf(String(qserv.queries.submissions().size))).toContain(
    'scisql_s2PtInCircle(ra, `dec`, 0.36, -89.82, 0.01) = 1',
  )
})

test('every format, and an overflow', async () => {
  expect((await tap.query(TWO, { RESPONSEFORMAT: 'csv' })).text).toBe('object_id,ra\r\n0,0\r\n1,0.36\r\n')
  expect(readAnswer(await tap.query(TWO)).rows).toHaveLength(2)
  const cut = await tap.query(TWO, { ...TABLEDATA, MAXREC: '1' })
  expect(cut.text).toMatch(/OVERFLOW/)
  const submits = qserv.requests.filter(({ route }) => route === 'submit').length
  expect(readAnswer(await tap.query(TWO, { ...TABLEDATA, MAXREC: '0' }))).toMatchObject({
    texts: [],
    status: 'OK',
  })
  expect(qserv.requests.filter(({ route }) => route === 'submit')).toHaveLength(submits)
})

test('TAP_SCHEMA is answered by PostgreSQL; a query of both is refused with the reason', async () => {
  const before = qserv.requests.length
  expect(readAnswer(await tap.query('SELECT table_name FROM TAP_SCHEMA.tables', TABLEDATA)).texts.flat()).toContain(
    'survey.object',
  )
  const mixed = await tap.query('SELECT * FROM survey.object AS o JOIN TAP_SCHEMA.tables AS t ON 1 = 1')
  expect(mixed.status).toBe(400)
  expect(readAnswer(mixed).message).toContain('tables is answered by PostgreSQL, survey.object by Qserv')
  expect(qserv.requests).toHaveLength(before)
})

test.each([
  [
    'FAILED',
    { end: 'FAILED', error: 'QI=12: worker 3: disk full' },
    400,
    'Qserv could not run the query: worker 3: disk full',
  ],
  [
    'FAILED_LR',
    { end: 'FAILED_LR' },
    400,
    'too large for Qserv (5.37 GB, and 5.24 GB are allowed). Select fewer columns',
  ],
  ['ABORTED', { end: 'ABORTED' }, 503, 'Qserv has ended the query'],
  ['invalid UTF-8', { invalidUtf8: true }, 400, 'a text in it is not UTF-8'],
  ['too long', { runMs: 60_000 }, 504, 'did not finish within 2 s'],
  ['queued for long', { queuedMs: 60_000 }, 504, 'did not finish within 2 s'],
] as const)('a query that is %s in Qserv', async (_, script, status, message) => {
  qserv.queries.script = script
  const answer = await tap.query(TWO)
  expect(readAnswer(answer).message).toContain(message)
  expect(answer.status).toBe(status)
})

test('what Qserv does not take is said, in its words and without its numbers', async () => {
  qserv.faults.add({ route: 'submit', kind: 'refuse', error: 'QI=17: Failed to instantiate query: AnalysisError' })
  const answer = await tap.query(TWO)
  expect([answer.status, readAnswer(answer).message]).toEqual([
    400,
    'Qserv does not take the query: Failed to instantiate query: AnalysisError',
  ])
})

test.each(['status', 'result'] as const)('a proxy that fails once does not fail the query: %s', async (route) => {
  qserv.faults.add({ route: 'status', kind: 'status', status: 502 })
  qserv.faults.add({ route, kind: 'reset-before' })
  const answer = await tap.query(TWO)
  expect(answer.status).toBe(route === 'status' ? 200 : 503)
})

test('a result that is cut is an error at the end of the document, whatever has been sent', async () => {
  const row = JSON.stringify(['1', '1.5'])
  const schema = [
    { column: 'object_id', type: 'BIGINT(20)', is_binary: 0 as const },
    { column: 'ra', type: 'DOUBLE', is_binary: 0 as const },
  ]
  qserv.queries.script = { generated: { rows: 20_000, cycle: [row], schema } }
  qserv.faults.add({ route: 'result', kind: 'truncate', bytes: 200_000 })
  const answer = await tap.query(TWO, { MAXREC: '100000', ...TABLEDATA })
  expect(answer.status).toBe(200)
  expect(answer.text).toContain('<INFO name="QUERY_STATUS" value="ERROR">Qserv cannot be reached now')
})

test('another type than TAP_SCHEMA says is an error that names the column', async () => {
  const schema = ['object_id', 'ra'].map((column) => ({ column, type: 'DATETIME', is_binary: 0 as const }))
  qserv.queries.script = { generated: { rows: 1, cycle: ['["1","2"]'], schema } }
  const answer = await tap.query(TWO)
  expect(answer.status).toBe(500)
  expect(readAnswer(answer).message).toContain(
    'Column object_id is DATETIME in Qserv, but TAP_SCHEMA describes it as long',
  )
})

test('one who disconnects cancels the query in Qserv', async () => {
  qserv.queries.script = { runMs: 60_000, cancelMs: 100 }
  const path = `/tap/sync?${new URLSearchParams({ LANG: 'ADQL', QUERY: TWO })}`
  const sent = http.get({ host: '127.0.0.1', port: tap.port, path, agent: false })
  sent.on('error', () => {})
  await expect.poll(() => qserv.queries.live()).toHaveLength(1)
  sent.destroy()
  await expect.poll(() => qserv.queries.live()).toHaveLength(0)
})

test('no more at once than the environment allows', async () => {
  qserv.queries.script = { runMs: 500 }
  const statuses = async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => tap.query(TWO)))
    return answers.map(({ status }) => status).sort()
  }
  // The one whose client has just gone may still be under way to its end.
  await expect.poll(statuses, { timeout: 8_000 }).toEqual([200, 200, 200, 503, 503])
}, 10_000)
