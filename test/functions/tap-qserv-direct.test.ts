import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { prepareFunctions } from '../../local/qserv/run-sql.ts'
import { type LocalQserv, startQserv } from '../../local/qserv/server.ts'
import { type JobsUnderTest, startJobs } from './tap-jobs-service.ts'
import { readAnswer, startTap } from './tap-service.ts'

let jobs: JobsUnderTest
let qserv: LocalQserv
/** By so much Qserv's clock is ahead, in milliseconds. */
let moved = 0

beforeAll(async () => {
  const service: string[] = []
  jobs = await startJobs({
    keep: true,
    service,
    async prepare(database) {
      await prepareFunctions(database.pool)
      qserv = await startQserv({ pool: database.pool, firstId: 100n, now: () => Date.now() + moved })
      service.push(`query: {type: qserv, qserv: {url: "${qserv.url}", storage: direct}}`)
    },
  })
})
afterEach(() => qserv.assertClean())
afterAll(async () => {
  await jobs.stop()
  await qserv.stop()
})

const RUN = { QUERY: 'SELECT object_id FROM survey.object WHERE object_id < 3', LANG: 'ADQL', PHASE: 'RUN' }
const DOCUMENT = '<?xml version="1.0"?>\n<VOTABLE version="1.4"><RESOURCE type="results"/></VOTABLE>\n'
const objects = () => (jobs.gcs.store.objects('tap-results') ?? []).map(({ name }) => name)

async function settle(): Promise<void> {
  for (let round = 0; round < 8; round++) {
    await jobs.tap.database.pool.query(`update uws.remote set looked_at = looked_at - interval '2 s'`)
    await jobs.watch().catch(() => {})
    await jobs.idle()
  }
}

/** A job whose query has ended in Qserv, with what Qserv has written by then. */
async function runWith(document: string | null): Promise<{ readonly job: string; readonly name: string }> {
  qserv.queries.script = { runMs: 60_000 }
  const job = await jobs.create(RUN)
  await jobs.idle()
  const [id] = qserv.queries.live()
  const name = `result-${id}.xml`
  if (document !== null) await jobs.gcs.put('tap-results', name, document)
  moved += 100_000
  await settle()
  return { job, name }
}

test('what Qserv writes by itself is the result, once it is whole; it is deleted with its job', async () => {
  const { job, name } = await runWith(DOCUMENT)
  expect(await jobs.phase(job)).toBe('COMPLETED')
  const result = await jobs.tap.get(`/async/${job}/results/result`)
  expect(result.text).toBe(DOCUMENT)
  expect(qserv.requests.filter(({ route }) => route === 'result')).toEqual([])
  await jobs.post(`/async/${job}`, { ACTION: 'DELETE' })
  await settle()
  expect(objects()).not.toContain(name)
})

test.each([
  ['cut', DOCUMENT.slice(0, 60), 'is not a whole VOTable'],
  ['something else', '{"error": "disk full"}', 'is not a whole VOTable'],
  ['not there', null, 'has not written'],
])('what is %s is no result', async (_, document, message) => {
  const { job } = await runWith(document)
  expect(await jobs.phase(job)).toBe('ERROR')
  expect((await jobs.tap.get(`/async/${job}/error`)).text).toContain(message)
})

test('an object of the same name that is older than the query is somebody else’s', async () => {
  qserv.queries.script = { runMs: 60_000 }
  const job = await jobs.create(RUN)
  await jobs.idle()
  await jobs.gcs.put('tap-results', `result-${qserv.queries.live()[0]}.xml`, DOCUMENT)
  // As if it had been submitted an hour later.
  await jobs.tap.database.pool.query(`update uws.remote set begun_at = begun_at + interval '1 hour'`)
  moved += 100_000
  await settle()
  expect((await jobs.tap.get(`/async/${job}/error`)).text).toContain('older than the query')
})

test('other formats than VOTable are read and written by us', async () => {
  qserv.queries.script = {}
  const job = await jobs.create({ ...RUN, RESPONSEFORMAT: 'csv' })
  await settle()
  expect((await jobs.tap.get(`/async/${job}/results/result`)).text).toBe('object_id\r\n0\r\n1\r\n2\r\n')
})

test('a Qserv that does not answer, and one in maintenance, are said by /availability; new jobs are refused with the message', async () => {
  expect((await jobs.tap.get('/availability')).text).toContain('<available>true</available>')
  qserv.faults.add({ route: 'version', kind: 'status', status: 503, times: 50 })
  const down = (await jobs.tap.get('/availability')).text
  expect(down).toMatch(/<available>false<\/available>\s*<note>Qserv does not answer.<\/note>/)
  qserv.faults.clear()
  const message = 'Qserv is being moved until Monday'
  const closed = await startTap({
    service: [
      'jobs: {bucket: tap-results, topic: projects/demo/topics/queries}',
      `query: {type: qserv, qserv: {url: "${qserv.url}", maintenance: "${message}"}}`,
    ],
  })
  expect((await closed.get('/availability')).text).toContain(`<note>${message}</note>`)
  const body = new URLSearchParams(RUN).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  for (const path of ['/async', '/sync']) {
    const answer = await closed.call('POST', path, { headers, body })
    expect([path, answer.status, answer.text.includes(message)]).toEqual([path, 503, true])
  }
  const schema = await closed.query('SELECT TOP 1 table_name FROM TAP_SCHEMA.tables')
  expect(readAnswer(schema).status).toMatch(/OK|OVERFLOW/)
})

test('the variables of the former bridge are understood where the keys are not given', async () => {
  process.env.QSERV_HTTP_MAX_CONNECTIONS = '1'
  try {
    const own = await startQserv({ pool: jobs.tap.database.pool })
    const served = await startTap({
      service: [`query: {type: qserv, qserv: {url: "${own.url}"}}`],
      prepare: (database) => prepareFunctions(database.pool),
    })
    const form = new FormData()
    form.set('LANG', 'ADQL')
    form.set('QUERY', 'SELECT ra FROM survey.object AS o JOIN TAP_UPLOAD.mine AS t ON o.object_id = t.n')
    form.set('UPLOAD', 'mine,param:t')
    form.set('t', new Blob(['n\n1\n'], { type: 'text/csv' }), 't')
    const refused = await fetch(`${served.url}/sync`, { method: 'POST', body: form })
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('this service keeps no jobs')])
    own.faults.add({ route: 'status', kind: 'slow-head', ms: 50, times: 20 })
    const answers = await Promise.all([1, 2, 3].map(() => served.query(RUN.QUERY)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(own.mostAtOnce()).toBe(1)
    await expect.poll(() => own.queries.unclaimed()).toEqual([])
    own.assertClean()
    await own.stop()
  } finally {
    delete process.env.QSERV_HTTP_MAX_CONNECTIONS
  }
})
