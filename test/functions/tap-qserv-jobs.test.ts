import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { watchQueries } from '../../functions/watch-queries/watch-queries.ts'
import type { Script } from '../../local/qserv/script.ts'
import type { LocalQserv } from '../../local/qserv/server.ts'
import { everyNth } from '../support/effort.ts'
import { type QservJobs, RUN, startQservJobs, THREE } from './qserv-jobs-service.ts'
import { runLosing } from './run-losing.ts'
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

const settle = () => under.settle()
const ended = (job: string) => under.ended(job)
const resultOf = (job: string) => under.resultOf(job)
const objectsOf = (job: string) => under.objectsOf(job)
const errorOf = (job: string) => under.errorOf(job)
const slow = (script: Partial<Script> = {}) => under.slow(script)

test('a short query is submitted, read, and deleted in Qserv, without anybody who watches', async () => {
  const job = await jobs.create(RUN)
  await jobs.idle()
  expect(await jobs.phase(job)).toBe('COMPLETED')
  expect(await resultOf(job)).toEqual(THREE)
  qserv.assertClean()
})

test('a longer one runs without a worker; its progress is in jobInfo, and the quote follows it', async () => {
  slow({ runMs: 100_000, progressEveryMs: 1 })
  const job = await jobs.create(RUN)
  await jobs.idle()
  const begun = await jobs.tap.get(`/async/${job}`)
  expect(begun.text).toContain('<uws:phase>EXECUTING</uws:phase>')
  expect(begun.text).toMatch(/<executionId>\d+<\/executionId>/)
  under.advance(45_000)
  await jobs.tap.database.pool.query(`update uws.remote set begun_at = begun_at - interval '45 s', looked_at = null`)
  await jobs.watch()
  const underway = (await jobs.tap.get(`/async/${job}`)).text
  expect(underway).toContain('<percentComplete>40</percentComplete>')
  expect(underway).toMatch(/<itemsProcessed>4<\/itemsProcessed>\s*<totalItems>10<\/totalItems>/)
  const quote = Date.parse((await jobs.tap.get(`/async/${job}/quote`)).text)
  expect(Math.abs(quote - Date.now() - 67_500)).toBeLessThan(40_000)
  under.advance(155_000)
  expect(await ended(job)).toBe('COMPLETED')
  expect(await resultOf(job)).toEqual(THREE)
})

test('a query of TAP_SCHEMA, and one that wants no rows, are none of Qserv', async () => {
  const before = qserv.requests.length
  const job = await jobs.create({ ...RUN, QUERY: 'SELECT table_name FROM TAP_SCHEMA.tables' })
  const none = await jobs.create({ ...RUN, MAXREC: '0' })
  expect([await jobs.end(job), await jobs.end(none)]).toEqual(['COMPLETED', 'COMPLETED'])
  expect(qserv.requests).toHaveLength(before)
})

test.each([
  ['FAILED', 'ERROR', 'Qserv could not run the query: worker died'],
  ['FAILED_LR', 'ERROR', 'too large for Qserv'],
  ['ABORTED', 'ABORTED', 'Qserv has ended the query'],
] as const)('§2.6 2.0.0 %s in Qserv is %s, with what users can do', async (end, phase, message) => {
  qserv.queries.script = { end, ...(end === 'FAILED' ? { error: 'QI=3: worker died' } : {}) }
  const job = await jobs.create(RUN)
  expect(await ended(job)).toBe(phase)
  expect(await errorOf(job)).toContain(message)
})

test('a query that Qserv does not take fails at once, and is not counted twice (§2.5.2)', async () => {
  qserv.faults.add({ route: 'submit', kind: 'refuse', error: 'QI=9: Failed to instantiate query' })
  const job = await jobs.create(RUN)
  expect(await ended(job)).toBe('ERROR')
  expect(await errorOf(job)).toContain('Qserv does not take the query: Failed to instantiate query')
})

test.each([{ cancelMs: 0 }, { cancelMs: 300 }, { cancelTooLate: true, runMs: 500 }])(
  '§2.6 4.0 an abort reaches Qserv, and that its query has ended by then is no error: %j',
  async (script) => {
    slow(script)
    const job = await jobs.create(RUN)
    await jobs.idle()
    expect(qserv.queries.live()).toHaveLength(1)
    await jobs.post(`/async/${job}/phase`, { PHASE: 'ABORT' })
    expect(await jobs.phase(job)).toBe('ABORTED')
    await expect.poll(() => qserv.queries.live(), { timeout: 3_000 }).toEqual([])
    expect(await ended(job)).toBe('ABORTED')
  },
)

test('a cancel that Qserv does not answer is owed until the query is gone', async () => {
  slow()
  const job = await jobs.create(RUN)
  await jobs.idle()
  qserv.faults.add({ route: 'status', kind: 'status', status: 503, times: 4 })
  await jobs.post(`/async/${job}`, { ACTION: 'DELETE' })
  expect(qserv.queries.live()).toHaveLength(1)
  qserv.faults.clear()
  await settle()
  expect(qserv.queries.live()).toEqual([])
})

test('an abort while the query is being submitted is not dropped (§2.5.4)', async () => {
  slow()
  qserv.faults.add({ route: 'submit', kind: 'slow-head', ms: 300 })
  const job = await jobs.create(RUN)
  await expect.poll(() => qserv.queries.live()).toHaveLength(1)
  await jobs.post(`/async/${job}/phase`, { PHASE: 'ABORT' })
  await jobs.idle()
  expect(await ended(job)).toBe('ABORTED')
  expect(qserv.queries.live()).toEqual([])
})

test('a submit of which nobody knows is made once more, and no more (§2.5.3)', async () => {
  qserv.faults.add({ route: 'submit', kind: 'reset-after' })
  const before = qserv.requests.filter(({ route }) => route === 'submit').length
  const job = await jobs.create(RUN)
  expect(await ended(job)).toBe('COMPLETED')
  expect(qserv.requests.filter(({ route }) => route === 'submit')).toHaveLength(before + 2)
  expect(jobs.log.some(({ unclearSubmits }) => unclearSubmits === 1)).toBe(true)
  // The one that nobody can name is left to Qserv, which forgets it in an hour.
  for (const id of qserv.queries.unclaimed()) qserv.queries.dropResult(BigInt(id))
})

test('two submits of which nobody knows end the job with the reason', async () => {
  qserv.faults.add({ route: 'submit', kind: 'reset-after', times: 2 })
  const job = await jobs.create(RUN)
  expect(await ended(job)).toBe('ERROR')
  expect(await errorOf(job)).toContain('it is not known whether Qserv runs it')
  for (const id of qserv.queries.unclaimed()) qserv.queries.dropResult(BigInt(id))
  await jobs.tap.database.pool.query('delete from uws.remote')
})

test('a worker that dies while it submits leaves a doubt that is settled by the environment', async () => {
  jobs.deliver('never')
  const job = await jobs.create(RUN)
  const { pool } = jobs.tap.database
  await pool.query(
    `update uws.job set phase = 'EXECUTING', fence = 1, started_at = now(), dispatched_at = now(), lease_until = now() - interval '1 s' where id = $1`,
    [job],
  )
  await pool.query(
    `insert into uws.remote (job, server, state, fence, submits, plan) values ($1, 'tap', 'submitting', 1, 1, '{}')`,
    [job],
  )
  jobs.deliver('at once')
  expect(await ended(job)).toBe('COMPLETED')
})

test('results that cannot be read now are read again; those that never can end the job', async () => {
  qserv.faults.add({ route: 'result', kind: 'truncate', bytes: 100, times: 2 })
  const job = await jobs.create(RUN)
  expect(await ended(job)).toBe('COMPLETED')
  expect(await resultOf(job)).toEqual(THREE)
  qserv.faults.add({ route: 'result', kind: 'reset-body', bytes: 60, times: 100 })
  const never = await jobs.create(RUN)
  expect(await ended(never)).toBe('ERROR')
  expect(await errorOf(never)).toContain('Qserv cannot be reached')
})

test('§2.6 5.0.0 a result of other types is never committed, and the error names the column', async () => {
  const schema = ['object_id', 'ra'].map((column) => ({ column, type: 'TIMESTAMP', is_binary: 0 as const }))
  qserv.queries.script = { generated: { rows: 3, cycle: ['["1","2"]'], schema } }
  const job = await jobs.create(RUN)
  expect(await ended(job)).toBe('ERROR')
  expect(await errorOf(job)).toContain('Column object_id is TIMESTAMP in Qserv')
  expect(await objectsOf(job)).toEqual([])
})

test('a Qserv that was started anew has aborted what ran', async () => {
  slow()
  const job = await jobs.create(RUN)
  await jobs.idle()
  qserv.queries.restart()
  expect(await ended(job)).toBe('ABORTED')
})

test('executionDuration is kept by us: what takes longer is aborted there, too', async () => {
  slow()
  const job = await jobs.create({ ...RUN, EXECUTIONDURATION: '1' })
  await jobs.idle()
  await jobs.tap.database.pool.query(`update uws.job set started_at = started_at - interval '2 s' where id = $1`, [job])
  expect(await ended(job)).toBe('ABORTED')
  expect(await errorOf(job)).toContain('longer than the 1 seconds')
})

test('§1.8 no query is asked for twice within a second, whoever watches', async () => {
  slow()
  const created = await Promise.all(Array.from({ length: 10 }, () => jobs.create(RUN)))
  await jobs.idle()
  await jobs.tap.database.pool.query(`update uws.remote set looked_at = null`)
  const before = qserv.requests.filter(({ route }) => route === 'status').length
  await Promise.all([jobs.watch(), jobs.watch(), jobs.watch()])
  expect(qserv.requests.filter(({ route }) => route === 'status')).toHaveLength(before + 10)
  expect(qserv.mostAtOnce()).toBeLessThanOrEqual(15)
  await Promise.all(created.map((job) => jobs.post(`/async/${job}`, { ACTION: 'DELETE' })))
})

test('no more queries at once than the environment allows: the others wait for their turn', async () => {
  slow({ runMs: 500 })
  const created = await Promise.all(Array.from({ length: 24 }, () => jobs.create(RUN)))
  await jobs.idle()
  expect(qserv.queries.live().length).toBeLessThanOrEqual(18)
  await expect.poll(() => qserv.queries.live(), { timeout: 5_000 }).toEqual([])
  qserv.queries.script = {}
  await settle()
  const phases = await Promise.all(created.map((job) => jobs.phase(job)))
  expect(new Set(phases)).toEqual(new Set(['COMPLETED']))
}, 30_000)

test('a result of more bytes than the environment allows is not read, whatever its format (§2.5.1)', async () => {
  const schema = ['object_id', 'ra'].map((column, at) => ({
    column,
    type: at === 0 ? 'BIGINT(20)' : 'DOUBLE',
    is_binary: 0 as const,
  }))
  // Qserv counts a hundred bytes a row here; the environment's limit is the usual 5 GB.
  qserv.queries.script = { generated: { rows: 60_000_000, cycle: ['["1","2"]'], schema } }
  const before = qserv.requests.filter(({ route }) => route === 'result').length
  const job = await jobs.create(RUN)
  expect(await ended(job)).toBe('ERROR')
  expect(await errorOf(job)).toMatch(
    /The result has 6000 MB, and this service takes up to 5243 MB\. Select fewer columns/,
  )
  expect(qserv.requests.filter(({ route }) => route === 'result')).toHaveLength(before)
})

test('what another version has written about a query ends its job with a message, and wedges nothing (§2.5.6, §2.6 4.2.1, §2.6 4.3.1)', async () => {
  slow()
  const job = await jobs.create(RUN)
  await jobs.idle()
  await jobs.tap.database.pool.query(`update uws.remote set plan = '{"version": 0}' where job = $1`, [job])
  under.advance(100_000)
  expect(await ended(job)).toBe('ERROR')
  expect(await errorOf(job)).toContain('renewed while the query ran')
})

test('two workers that are told of one result write one object (§2.5.7, §2.6 1.1.0)', async () => {
  slow()
  const job = await jobs.create(RUN)
  await jobs.idle()
  jobs.deliver('never')
  under.advance(100_000)
  await jobs.tap.database.pool.query(`update uws.remote set looked_at = null`)
  await jobs.watch()
  await Promise.all([jobs.run(job), jobs.run(job), jobs.run(job)])
  expect(await jobs.phase(job)).toBe('COMPLETED')
  expect(await objectsOf(job)).toHaveLength(1)
})

test('a reader that has lost a result to another one leaves it there, and the job goes on when that one fails', async () => {
  const { pool } = jobs.tap.database
  qserv.faults.add({ route: 'result', kind: 'drip', ms: 20, bytes: 1 })
  const isRead = () => qserv.requests.filter(({ route }) => route === 'result').length
  const before = isRead()
  const job = await jobs.create(RUN)
  await expect.poll(isRead).toBe(before + 1)
  qserv.faults.add({ route: 'result', kind: 'truncate', bytes: 90 })
  await pool.query(`update uws.job set lease_until = now() - interval '1 s' where id = $1`, [job])
  await jobs.watch()
  await jobs.idle()
  expect(isRead()).toBeGreaterThan(before + 1)
  expect(await ended(job)).toBe('COMPLETED')
  expect(await resultOf(job)).toEqual(THREE)
})

test('a statement about a job that is lost, or whose answer is, costs no job, whichever it is', async () => {
  const tryStep = async (step: number, isDone: boolean) => {
    const { job, steps } = await runLosing(jobs, RUN, step, isDone)
    expect([step, isDone, await ended(job)]).toEqual([step, isDone, 'COMPLETED'])
    expect(await resultOf(job)).toEqual(THREE)
    await under.passTime()
    return steps
  }
  const steps = await tryStep(0, true)
  expect(steps).toBeGreaterThan(8)
  const { first, by } = everyNth(3)
  for (let step = first; step <= steps; step += by) {
    for (const isDone of [false, true]) await tryStep(step, isDone)
  }
})

test('a query that Qserv does not know any more, and one whose result is gone, end with what to do (§1.4)', async () => {
  slow()
  const job = await jobs.create(RUN)
  await jobs.idle()
  const id = qserv.queries.live()[0]!
  await jobs.tap.database.pool.query(`update uws.remote set query_id = '77' where job = $1`, [job])
  expect(await ended(job)).toBe('ERROR')
  expect(await errorOf(job)).toContain('does not know the query any more')
  qserv.queries.cancel(BigInt(id))
  const gone = await jobs.create(RUN)
  await jobs.idle()
  under.advance(100_000)
  expect(qserv.queries.live()).toEqual([])
  for (const unclaimed of qserv.queries.unclaimed()) qserv.queries.dropResult(BigInt(unclaimed))
  expect(await ended(gone)).toBe('ERROR')
  expect(await errorOf(gone)).toContain('deleted the result before it was read')
})

test('a status that flaps does not take back what a job has come to (§8)', async () => {
  qserv.queries.script = { flapping: true }
  const job = await jobs.create(RUN)
  expect(await ended(job)).toBe('COMPLETED')
  await jobs.watch()
  expect(await jobs.phase(job)).toBe('COMPLETED')
})

test('the times of a job are its own, not those of Qserv (§2.6 1.0.1)', async () => {
  qserv.queries.script = { clockSkewSeconds: 86_400 }
  const job = await jobs.create(RUN)
  expect(await ended(job)).toBe('COMPLETED')
  const [, time = ''] = /<uws:endTime>(.*)</.exec((await jobs.tap.get(`/async/${job}`)).text) ?? []
  expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(60_000)
})

test('§2.5.6 jobs of a service that has no Qserv any more end when their time is over', async () => {
  slow()
  const job = await jobs.create({ ...RUN, EXECUTIONDURATION: '60' })
  await jobs.idle()
  const server = jobs.servers.get('tap')!
  const service = { ...server.service, query: { ...server.service.query, qserv: null } }
  const watchWithout = () => watchQueries({ servers: new Map([['tap', { ...server, service }]]), logger: jobs.logger })
  await watchWithout()
  expect(await jobs.phase(job)).toBe('EXECUTING')
  await jobs.tap.database.pool.query(`update uws.job set started_at = started_at - interval '61 s' where id = $1`, [
    job,
  ])
  await watchWithout()
  expect(await jobs.phase(job)).toBe('ERROR')
  expect(await errorOf(job)).toContain('has no Qserv any more')
})
