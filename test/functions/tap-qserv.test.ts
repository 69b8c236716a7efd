import http from 'node:http'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { prepareFunctions } from '../../local/qserv/run-sql.ts'
import { type LocalQserv, startQserv } from '../../local/qserv/server.ts'
import { keepSyncLedger } from '../../shared/deployment/sync-ledger.ts'
import { type JobsUnderTest, startJobs } from './tap-jobs-service.ts'
import { readAnswer, TABLEDATA, type TapAnswer, type TapUnderTest } from './tap-service.ts'

let jobs: JobsUnderTest
let tap: TapUnderTest
let qserv: LocalQserv

beforeAll(async () => {
  const service: string[] = []
  jobs = await startJobs({
    keep: true,
    service,
    async prepare(database, login) {
      await prepareFunctions(database.pool)
      qserv = await startQserv({ pool: database.pool, readers: [login] })
      service.push(
        'limits: {syncSeconds: 2}',
        `query: {type: qserv, qserv: {url: "${qserv.url}", limits: {syncQueries: 3}, tables: [{table: survey.object, kind: director, id: object_id}]}}`,
      )
    },
  })
  tap = jobs.tap
})
afterEach(async () => {
  qserv.faults.clear()
  qserv.queries.script = {}
  qserv.userTables.ingestMs = 0
  await expect.poll(leftovers).toEqual([])
  qserv.assertClean()
})
afterAll(async () => {
  await jobs.stop()
  await qserv.stop()
})

/** What is in Qserv, or is noted to be there. */
async function leftovers(): Promise<readonly string[]> {
  const { rows } = await tap.database.pool.query<{ job: string }>('select job from uws.remote')
  const { queries, userTables } = qserv
  return [...queries.live(), ...queries.unclaimed(), ...userTables.databases(), ...rows.map(({ job }) => job)]
}

const TWO = 'SELECT object_id, ra FROM survey.object WHERE object_id < 2 ORDER BY object_id'

test('§1.4 a sync query streams through: submitted, watched, read, deleted', async () => {
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

test('§2.6 0.6.0 every format, and an overflow', async () => {
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

const NEAR =
  'SELECT o.object_id, t.n FROM survey.object AS o JOIN TAP_UPLOAD.mine AS t ON DISTANCE(o.ra, o.dec, t.ra, t.dec) < 0.01'
const CSV = 'n,ra,dec\n7,0.36,-89.82\n8,200,10\n'

async function queryWithUpload(query = NEAR, content = CSV, type = 'text/csv') {
  const form = new FormData()
  for (const [name, value] of Object.entries({ LANG: 'ADQL', QUERY: query, UPLOAD: 'mine,param:t', ...TABLEDATA }))
    form.set(name, value)
  form.set('t', new Blob([content], { type }), 't')
  const answer = await fetch(`${tap.url}/sync`, { method: 'POST', body: form })
  const bytes = Buffer.from(await answer.arrayBuffer())
  const { texts, message } = readAnswer({ content: bytes } as TapAnswer)
  return { status: answer.status, texts, message }
}

/** As if the instances that answered had died so long ago that their time is over. */
async function passTime(): Promise<void> {
  await tap.database.pool.query(
    `update uws.remote set kept_until = clock_timestamp() - interval '1 s', looked_at = null where kept_until is not null`,
  )
  await jobs.watch()
}

test('§3.5 an uploaded table is loaded into a database of its own, joined, and dropped', async () => {
  const before = qserv.requests.length
  expect(await queryWithUpload()).toMatchObject({ status: 200, texts: [['1', '7']] })
  const routes = qserv.requests.slice(before).map(({ route }) => route)
  expect(routes.filter((route) => route !== 'version' && route !== 'status')).toEqual([
    ...['ingest-csv', 'submit', 'result', 'result-delete', 'drop-database'],
  ])
  const several = await Promise.all(Array.from({ length: 3 }, () => queryWithUpload()))
  expect(several.map(({ texts }) => texts)).toEqual(Array(3).fill([['1', '7']]))
  expect(await queryWithUpload('SELECT n FROM TAP_UPLOAD.mine ORDER BY n')).toMatchObject({ texts: [['7'], ['8']] })
})

test.each([
  [
    'the workers fail',
    () => Object.assign(qserv.userTables, { workerError: 'disk full' }),
    400,
    'Qserv could not load the table mine: disk full',
  ],
  [
    'Qserv does not take it',
    () => qserv.faults.add({ route: 'ingest-csv', kind: 'refuse', error: 'too wide' }),
    400,
    'too wide',
  ],
  [
    'the query is refused after it',
    () => qserv.faults.add({ route: 'submit', kind: 'refuse', error: 'QI=3: no' }),
    400,
    'Qserv does not take the query: no',
  ],
  [
    'the query fails',
    () => Object.assign(qserv.queries, { script: { end: 'FAILED', error: 'worker 3' } }),
    400,
    'worker 3',
  ],
] as const)('§2.6 5.0.0 nothing of an upload is left where %s', async (_, spoil, status, message) => {
  spoil()
  expect(await queryWithUpload()).toMatchObject({ status, message: expect.stringContaining(message) })
})

test('a table that breaks on its way is an error of the table', async () => {
  const rows = Array.from({ length: 20_000 }, (_, row) => `<TR><TD>${row}</TD><TD>1</TD><TD>1</TD></TR>`)
  const fields = ['n', 'ra', 'dec'].map((name) => `<FIELD name="${name}" datatype="double"/>`).join('')
  const table = `<TABLE>${fields}<DATA><TABLEDATA>${rows.join('')}<TR><TD>oh</TD></TR></TABLEDATA></DATA></TABLE>`
  const document = `<VOTABLE version="1.4"><RESOURCE>${table}</RESOURCE></VOTABLE>`
  expect(await queryWithUpload(NEAR, document, 'application/x-votable+xml')).toMatchObject({
    status: 400,
    message: expect.stringContaining('oh'),
  })
  await passTime()
})

test('a table that Qserv loads after its query was given up is dropped once it is there', async () => {
  qserv.userTables.ingestMs = 2_600
  const answer = await queryWithUpload()
  expect(answer).toMatchObject({ status: 504, message: expect.stringContaining('did not finish within 2 s') })
  await jobs.watch()
  await expect.poll(() => qserv.userTables.databases(), { timeout: 3_000 }).toHaveLength(1)
  await passTime()
  expect(await leftovers()).toEqual([])
}, 10_000)

test('§2.5.3 a sync query of which nobody knows is not sent again, and is counted', async () => {
  qserv.faults.add({ route: 'submit', kind: 'reset-after' })
  expect((await queryWithUpload()).status).toBe(503)
  expect(jobs.log.concat(tap.log).filter(({ unclearSubmits }) => unclearSubmits === 1)).toHaveLength(1)
  expect(qserv.queries.submissions().size).toBeGreaterThan(0)
  for (const id of qserv.queries.unclaimed()) qserv.queries.dropResult(BigInt(id))
})

test.each(['runs', 'has ended', 'was not submitted'] as const)(
  'what an instance that was killed has in Qserv is removed when its time is over: the query %s',
  async (how) => {
    const { qserv: backend } = (await jobs.servers.get('tap')?.open())!
    const { openJobs } = jobs.servers.get('tap')!
    qserv.queries.script = how === 'runs' ? { runMs: 60_000, cancelMs: 50 } : {}
    const entry = keepSyncLedger('tap', openJobs!).newEntry()
    const database = `user_tap_${entry.id}`
    await entry.begin(database, 60_000)
    await backend?.client.ingestRows({ database, table: 't1', schema: [{ name: 'c1', type: 'INT' }], rows: [[1]] })
    if (how !== 'was not submitted') await entry.noteSubmitted(await backend!.client.submit('SELECT 1'))
    await jobs.watch()
    expect(await leftovers()).toHaveLength(how === 'was not submitted' ? 2 : 3)
    await passTime()
    expect(await leftovers()).toEqual([])
  },
)

test('a query that cannot be cancelled when its client goes is owed until it is gone', async () => {
  qserv.queries.script = { runMs: 60_000 }
  const path = `/tap/sync?${new URLSearchParams({ LANG: 'ADQL', QUERY: TWO })}`
  const sent = http.get({ host: '127.0.0.1', port: tap.port, path, agent: false })
  sent.on('error', () => {})
  await expect.poll(() => qserv.queries.live()).toHaveLength(1)
  qserv.faults.add({ route: 'cancel', kind: 'status', status: 503, times: 4 })
  sent.destroy()
  await expect
    .poll(() => tap.log.some(({ message }) => /it was not removed/.test(String(message))), { timeout: 5_000 })
    .toBe(true)
  expect(qserv.queries.live()).toHaveLength(1)
  await passTime()
  expect(qserv.queries.live()).toEqual([])
}, 10_000)

test('where the database of the jobs is away, queries are answered and uploads refused', async () => {
  await tap.database.pool.query(`revoke insert on uws.remote from ${tap.login}`)
  expect(readAnswer(await tap.query(TWO, TABLEDATA)).texts).toHaveLength(2)
  const before = qserv.requests.length
  expect(await queryWithUpload()).toMatchObject({ status: 503, message: expect.stringContaining('cannot be loaded') })
  expect(qserv.requests).toHaveLength(before)
  await tap.database.pool.query(`grant insert on uws.remote to ${tap.login}`)
})

test('§2.6 0.5.0 a result that Qserv does not hand out yet can be asked for again', async () => {
  const error = 'queryId=9 is still executing or it has failed, status=EXECUTING'
  qserv.faults.add({ route: 'result', kind: 'refuse', error })
  const answer = await tap.query(TWO)
  expect([answer.status, readAnswer(answer).message]).toEqual([503, expect.stringContaining('try again in a moment')])
})

test('§1.4 of a query that failed there is no result to delete, and no query is sent that nobody could cancel', async () => {
  const before = qserv.requests.length
  qserv.queries.script = { end: 'FAILED' }
  expect((await tap.query(TWO)).status).toBe(400)
  expect(qserv.requests.slice(before).map(({ route }) => route)).not.toContain('result-delete')
  // All of this file.
  expect(qserv.requests.map(({ route }) => route)).not.toContain('query')
})
