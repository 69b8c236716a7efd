import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { RouteName } from '../../local/qserv/faults.ts'
import type { Script } from '../../local/qserv/script.ts'
import type { LocalQserv } from '../../local/qserv/server.ts'
import { type QservJobs, RUN, startQservJobs, THREE } from './qserv-jobs-service.ts'
import type { JobsUnderTest } from './tap-jobs-service.ts'

let under: QservJobs
let jobs: JobsUnderTest
let qserv: LocalQserv

beforeAll(async () => {
  under = await startQservJobs()
  jobs = under.jobs
  qserv = under.qserv
})
afterEach(() => under.assertClean())
afterAll(() => under.stop())

const ended = (job: string) => under.ended(job)
const resultOf = (job: string) => under.resultOf(job)
const errorOf = (job: string) => under.errorOf(job)
const slow = (script: Partial<Script> = {}) => under.slow(script)

const NEAR =
  'SELECT o.object_id, t.n FROM survey.object AS o JOIN TAP_UPLOAD.mine AS t ON DISTANCE(o.ra, o.dec, t.ra, t.dec) < 0.01'
const CSV = 'n,ra,dec,note,seen\n7,0.36,-89.82,"a\tb",2026-01-02T03:04:05\n8,200,10,,\n'

async function createWithUpload(query: string, content = CSV): Promise<string> {
  const form = new FormData()
  for (const [name, value] of Object.entries({ ...RUN, QUERY: query, UPLOAD: 'mine,param:t' })) form.set(name, value)
  form.set('t', new Blob([content], { type: 'text/csv' }), 't.csv')
  const answer = await fetch(`${jobs.tap.url}/async`, { method: 'POST', body: form, redirect: 'manual' })
  expect(answer.status).toBe(303)
  return answer.headers.get('location')?.split('/').at(-1) ?? ''
}

test('§2.6 1.3.0, §2.6 3.0 an uploaded table is loaded into a database of its own, cut by position where the query searches by it, and dropped', async () => {
  slow()
  const job = await createWithUpload(NEAR)
  await jobs.idle()
  expect(qserv.userTables.tables()).toMatchObject([
    {
      database: `user_tap_${job}_1`,
      table: 't1',
      kind: 'director',
      parameters: { charset_name: 'utf8mb4', collation_name: 'utf8mb4_bin', timeout: '300' },
      columns: [{ name: 'c1', type: 'BIGINT' }, {}, {}, {}, {}],
    },
  ])
  // How long it has waited is in the log.
  const [sent] = jobs.log.filter(({ message, job: id }) => id === job && message === 'Qserv has the query')
  expect(sent?.sinceCreationMs).toBeGreaterThanOrEqual(0)
  expect(qserv.userTables.tables()[0]?.rows[0]).toEqual([
    '7',
    '0.36',
    '-89.82',
    'a\tb',
    expect.stringMatching(/^2026-01-02/),
  ])
  expect(qserv.userTables.tables()[0]?.rows[1]?.slice(3)).toEqual([null, null])
  under.advance(100_000)
  expect(await ended(job)).toBe('COMPLETED')
  expect(await resultOf(job)).toEqual([['1', '7']])
  expect(qserv.userTables.databases()).toEqual([])
})

test('an upload alone is PostgreSQL’s', async () => {
  const before = qserv.requests.length
  const job = await createWithUpload('SELECT n FROM TAP_UPLOAD.mine')
  expect(await ended(job)).toBe('COMPLETED')
  expect(qserv.requests.slice(before).filter(({ route }) => route === 'ingest-csv')).toEqual([])
})

test.each([
  [
    'the workers fail',
    () => Object.assign(qserv.userTables, { workerError: 'disk full' }),
    'ERROR',
    'could not load the table mine: disk full',
  ],
  [
    'Qserv does not take it',
    () => qserv.faults.add({ route: 'ingest-csv', kind: 'refuse', error: 'too wide' }),
    'ERROR',
    'too wide',
  ],
  [
    'the query is refused after it',
    () => qserv.faults.add({ route: 'submit', kind: 'refuse', error: 'no' }),
    'ERROR',
    'does not take',
  ],
  [
    'the connection breaks while it is loaded',
    () => qserv.faults.add({ route: 'ingest-csv', kind: 'reset-after' }),
    'COMPLETED',
    '',
  ],
] as const)('§2.6 5.0.0 nothing of an upload is left where %s', async (_, spoil, phase, message) => {
  spoil()
  const job = await createWithUpload(NEAR)
  expect(await ended(job)).toBe(phase)
  if (message !== '') expect(await errorOf(job)).toContain(message)
  expect(qserv.userTables.databases()).toEqual([])
})

test('a table that is loaded when its attempt was given up is dropped, and does not disturb the next attempt', async () => {
  qserv.userTables.ingestMs = 200
  qserv.faults.add({ route: 'ingest-csv', kind: 'reset-early' })
  const job = await createWithUpload(NEAR)
  await jobs.idle()
  expect(await jobs.phase(job)).toBe('QUEUED')
  await expect.poll(() => qserv.userTables.databases(), { timeout: 3_000 }).toEqual([`user_tap_${job}_1`])
  expect(await ended(job)).toBe('COMPLETED')
  expect(await resultOf(job)).toEqual([['1', '7']])
  const { rows } = await jobs.tap.database.pool.query('select uploads, submits from uws.remote')
  expect(rows).toEqual([{ uploads: `user_tap_${job}_1`, submits: 0 }])
  await under.passTime()
  expect(qserv.userTables.databases()).toEqual([])
})

test('an aborted job drops its uploads too', async () => {
  slow()
  const job = await createWithUpload(NEAR)
  await jobs.idle()
  await jobs.post(`/async/${job}/phase`, { PHASE: 'ABORT' })
  await expect.poll(() => qserv.userTables.databases(), { timeout: 3_000 }).toEqual([])
  expect(await ended(job)).toBe('ABORTED')
})

test('§2.6 5.0.1 a table that takes long, and a result that does, keep nobody waiting', async () => {
  const gate = Promise.withResolvers<void>()
  qserv.faults.add({ route: 'ingest-csv', kind: 'hold', until: gate.promise })
  const loading = await createWithUpload(NEAR)
  await expect.poll(() => requestsOf('ingest-csv')).not.toHaveLength(0)
  qserv.faults.add({ route: 'result', kind: 'hold', until: gate.promise })
  const before = requestsOf('result').length
  const reading = await jobs.create(RUN)
  await expect.poll(() => requestsOf('result').length, { timeout: 5_000 }).toBeGreaterThan(before)
  const short = await jobs.create(RUN)
  await expect.poll(() => jobs.phase(short), { timeout: 5_000 }).toBe('COMPLETED')
  expect(await Promise.all([jobs.phase(loading), jobs.phase(reading)])).toEqual(['EXECUTING', 'EXECUTING'])
  gate.resolve()
  await Promise.all([ended(loading), ended(reading)])
  expect([await jobs.phase(loading), await jobs.phase(reading)]).toEqual(['COMPLETED', 'COMPLETED'])
}, 15_000)

test('§2.6 0.2.0 while a result is read, other queries are watched', async () => {
  const gate = Promise.withResolvers<void>()
  qserv.faults.add({ route: 'result', kind: 'hold', until: gate.promise })
  const before = requestsOf('result').length
  const reading = await jobs.create(RUN)
  await expect.poll(() => requestsOf('result').length, { timeout: 5_000 }).toBeGreaterThan(before)
  slow({ end: 'FAILED', runMs: 1_000 })
  const failing = await jobs.create(RUN)
  under.advance(2_000)
  await expect
    .poll(
      async () => {
        await jobs.watch()
        return jobs.phase(failing)
      },
      { timeout: 5_000 },
    )
    .toBe('ERROR')
  expect(await jobs.phase(reading)).toBe('EXECUTING')
  gate.resolve()
  expect(await ended(reading)).toBe('COMPLETED')
}, 15_000)

test('§2.6 3.1 many small queries are submitted side by side', async () => {
  const gate = Promise.withResolvers<void>()
  qserv.faults.add({ route: 'submit', kind: 'hold', until: gate.promise, times: 8 })
  const before = requestsOf('submit').length
  const created = await Promise.all(Array.from({ length: 8 }, () => jobs.create(RUN)))
  await expect.poll(() => requestsOf('submit').length, { timeout: 5_000 }).toBe(before + 8)
  gate.resolve()
  expect(await Promise.all(created.map(ended))).toEqual(Array(8).fill('COMPLETED'))
}, 15_000)

test('§2.6 0.3.0 the log has the id of a query as text, whatever its size', async () => {
  const job = await jobs.create(RUN)
  expect(await ended(job)).toBe('COMPLETED')
  const ids = jobs.log.flatMap(({ job: id, query }) => (id === job && query !== undefined ? [query] : []))
  expect(ids.length).toBeGreaterThan(0)
  expect(ids).toEqual(ids.map(String))
  expect(BigInt(String(ids[0]))).toBeGreaterThan(2n ** 53n)
})

test('§2.6 0.4.0 a result that cannot be read ends its job with an error', async () => {
  qserv.faults.add({ route: 'result', kind: 'body', body: '{"error":"","error_ext":{},"rows":[["1"]' })
  const job = await jobs.create(RUN)
  expect(await ended(job)).toBe('ERROR')
  expect(await errorOf(job)).toContain('Qserv gave an answer that cannot be read')
})

test('§2.6 0.5.0 a query that has not completed after all is watched again, until its result is there', async () => {
  const error = 'queryId=9 is still executing or it has failed, status=EXECUTING'
  qserv.faults.add({ route: 'result', kind: 'refuse', error, times: 7 })
  const job = await jobs.create(RUN)
  expect(await ended(job)).toBe('COMPLETED')
  expect(await resultOf(job)).toEqual(THREE)
})

test.each([{ nullChunks: true }, { progressMissing: true }])(
  '§2.6 0.5.0, §1.4 chunks that say nothing are no progress: %j',
  async (script) => {
    slow(script)
    const job = await jobs.create(RUN)
    await jobs.idle()
    await jobs.watch()
    const document = (await jobs.tap.get(`/async/${job}`)).text
    expect(document).toContain('<uws:phase>EXECUTING</uws:phase>')
    expect(document).not.toContain('percentComplete')
    await jobs.post(`/async/${job}`, { ACTION: 'DELETE' })
  },
)

test('§2.6 3.4 connections that break and are made again are nothing to raise an alarm for', async () => {
  const before = jobs.log.length
  for (const route of ['version', 'status', 'result-delete'] as const)
    qserv.faults.add({ route, kind: 'reset-before', times: 2 })
  const job = await jobs.create(RUN)
  expect(await ended(job)).toBe('COMPLETED')
  const alarms = jobs.log.slice(before).filter(({ severity }) => severity !== 'INFO')
  expect(alarms).toEqual([])
})

test('§2.6 6.0.0 only databases that were made are dropped', async () => {
  const before = requestsOf('drop-database').length
  const refused = await createWithUpload(
    'SELECT * FROM survey.object AS o JOIN TAP_UPLOAD.mine AS t ON o.nothing = t.n',
  )
  const plain = await jobs.create(RUN)
  expect([await ended(refused), await ended(plain)]).toEqual(['ERROR', 'COMPLETED'])
  expect(requestsOf('drop-database')).toHaveLength(before)
})

function requestsOf(route: RouteName) {
  return qserv.requests.filter((request) => request.route === route)
}
