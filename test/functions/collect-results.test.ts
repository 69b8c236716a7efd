import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import * as functions from '@google-cloud/functions-framework'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, onTestFinished, test } from 'vitest'
import { createCollectResults } from '../../functions/collect-results/collect-results.ts'
import { openResults } from '../../shared/deployment/results-connections.ts'
import { parseEnvironment } from '../../shared/environment/parse.ts'
import { createIdentity, type Identify } from '../../shared/platform/identity.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { initialiseDatabase } from '../../shared/tap-schema/roles.ts'
import { initialiseJobs } from '../../shared/uws/roles.ts'
import { namesIn, putAged, resultsEnvironment, UWS_TABLE } from '../results/aged-objects.ts'
import { DAY } from '../results/config.ts'
import { startBundle } from '../support/bundles.ts'
import { type FakeGcs, startFakeGcs } from '../support/fake-gcs.ts'
import { writeEnvironment } from '../support/function-process.ts'
import { createTestDatabase } from '../support/postgres.ts'

// biome-ignore lint/suspicious/noExplicitAny: JSON, which is held against the function's own description
type Json = Record<string, any>

let started = 0

const scheduler = { actor: 'scheduler@example.org', email: 'scheduler@example.org', verified: true }

/** The function under the real functions-framework; every answer is held against its own OpenAPI description. */
async function start(describe: (gcs: FakeGcs) => string, identify: Identify = async () => scheduler) {
  const gcs = await startFakeGcs({ buckets: ['results', 'state'] })
  const { environment, problems } = parseEnvironment('environment.yaml', describe(gcs))
  if (environment === null) throw new Error(JSON.stringify(problems))
  const log: Json[] = []
  const logger = createLogger({ write: (line) => void log.push(JSON.parse(line)), projectId: 'p' })
  const results = openResults(environment, { applicationName: 'test', logger })
  onTestFinished(() => results.close())
  started += 1
  const name = `collect-results-${started}`
  functions.http(name, createCollectResults({ results, identify }, { logger }))
  const server = getTestServer(name)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const description = (await (await fetch(`${url}/openapi.json`)).json()) as Json
  const call = async (path: string, method = 'POST', headers: Record<string, string> = {}) => {
    const answer = await fetch(url + path, { method, headers })
    const body = (await answer.json()) as Json
    const name = answer.ok
      ? path === '/'
        ? 'SweepReport'
        : path === '/healthz'
          ? 'Health'
          : path === '/sweeps'
            ? 'Sweeps'
            : 'DestroyReport'
      : 'Errors'
    const ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema(description, 'api')
    const validate = ajv.compile({ $ref: `api#/components/schemas/${name}` })
    expect(validate(body), JSON.stringify([validate.errors, body], null, 1)).toBe(true)
    return { status: answer.status, body }
  }
  return { gcs, call, log }
}

test('the function sweeps by the job table, and logs what metrics are made of', async () => {
  const database = await createTestDatabase({ initialised: false })
  await database.pool.query(UWS_TABLE)
  await database.pool.query(`
    insert into uws.Job (jobID, executionPhase, destructionTime, deletedByUser) values
      ('live', 'COMPLETED', now() + interval '1 day', 0), ('running', 'EXECUTING', now() - interval '1 day', 0),
      ('dead', 'COMPLETED', now() - interval '1 hour', 0), ('removed', 'EXECUTING', null, 1)`)
  const { gcs, call, log } = await start((gcs) => resultsEnvironment(gcs.endpoint, { jobs: database.url }))
  for (const job of ['live', 'running', 'dead', 'removed', 'unknown']) {
    await putAged(gcs, `result_${job}.xml`, 30 * DAY)
    await putAged(gcs, `r/0f/${job}/1/result.vot`, 30 * DAY)
  }
  await putAged(gcs, 'result_fresh.xml', 0)
  await putAged(gcs, 'result_dead.parquet', 30 * DAY, { temporaryHold: true })
  await putAged(gcs, 'README', 900 * DAY)

  expect((await call('/healthz', 'GET')).body).toEqual({ status: 'ok' })
  expect((await call('/sweeps', 'GET')).body).toEqual({ isRunning: false, last: null })
  const { status, body } = await call('/')
  expect(status).toBe(200)
  expect(body).toMatchObject({
    outcome: 'finished',
    mode: 'delete',
    listed: { objects: 13 },
    deletions: { deleted: 6, failed: 0 },
  })
  expect(namesIn(gcs)).toEqual([
    ...['README', 'r/0f/live/1/result.vot', 'r/0f/running/1/result.vot', 'result_dead.parquet'],
    ...['result_fresh.xml', 'result_live.xml', 'result_running.xml'],
  ])
  expect((await call('/sweeps', 'GET')).body).toEqual({ isRunning: false, last: body })
  const line = log.find(({ message }) => message === 'sweep of gs://results finished')
  expect(line).toMatchObject({ severity: 'INFO', deletedObjects: 6, 'kept.held': 1, 'expired.orphan': 2, failed: 0 })

  await database.pool.query('truncate uws.Job')
  const refused = await call('/')
  expect(refused.status).toBe(503)
  expect(refused.body.detail[0]).toMatchObject({ type: 'empty_job_table' })
})

test('where a caller is required, nobody sweeps or destroys without a token', async () => {
  const identify = createIdentity({ audience: [], trustPlatform: true, requireCaller: true })
  const { gcs, call } = await start((gcs) => resultsEnvironment(gcs.endpoint, {}), identify)
  await putAged(gcs, 'result_old.xml', 30 * DAY)
  for (const path of ['/', '/jobs/old/destroy']) {
    const { status, body } = await call(path)
    expect([status, body.detail[0].type]).toEqual([401, 'unauthorised'])
  }
  expect(namesIn(gcs)).toEqual(['result_old.xml'])
  expect((await call('/healthz', 'GET')).status).toBe(200)
})

test('a dry run says so, deletes nothing and writes nothing', async () => {
  const { gcs, call } = await start((gcs) => resultsEnvironment(gcs.endpoint, { mode: 'dry-run' }))
  await putAged(gcs, 'result_old.xml', 8 * DAY)
  const { body } = await call('/')
  expect(body).toMatchObject({ mode: 'dry-run', selected: { objects: 1 }, deletions: { deleted: 0 } })
  expect((await call('/jobs/old/destroy')).body).toMatchObject({
    mode: 'dry-run',
    objects: [{ name: 'result_old.xml' }],
  })
  expect((gcs.store.objects('results') ?? []).map(({ name }) => name)).toEqual(['result_old.xml'])
  expect(gcs.requests.filter((line) => !line.startsWith('GET ') && !line.includes('uploadType'))).toEqual([])
})

test('one job is destroyed now, whatever its age, and nobody else', async () => {
  const database = await createTestDatabase({ initialised: false })
  await database.pool.query(UWS_TABLE)
  await database.pool.query(`insert into uws.Job values ('abc', 'COMPLETED', now() + interval '1 day'),
                                                        ('busy', 'EXECUTING', null)`)
  const { gcs, call } = await start((gcs) => resultsEnvironment(gcs.endpoint, { jobs: database.url }))
  await putAged(gcs, 'result_abc.xml', 0, { customTime: new Date(Date.now() + DAY).toISOString() })
  await putAged(gcs, 'result_abcd.xml', 0)
  await putAged(gcs, 'r/7c/abc/2/result.vot', 0, { metadata: { destruction: '2099-01-01' } })
  await putAged(gcs, 'error_abc.xml', 0, { eventBasedHold: true })
  const { body } = await call('/jobs/abc/destroy')
  expect(body).toMatchObject({ job: 'abc', jobPhase: 'COMPLETED', deletions: { deleted: 2 } })
  expect(body.objects.map(({ name, kept }: Json) => [name, kept])).toEqual([
    ['error_abc.xml', true],
    ['r/7c/abc/2/result.vot', false],
    ['result_abc.xml', false],
  ])
  expect(namesIn(gcs)).toEqual(['error_abc.xml', 'result_abcd.xml'])
  expect((await call('/jobs/abc/destroy')).body).toMatchObject({ deletions: { deleted: 0 } })

  const busy = await call('/jobs/busy/destroy')
  expect([busy.status, busy.body.detail[0].type]).toEqual([409, 'active_job'])
  expect((await call('/jobs/nobody/destroy')).body).toMatchObject({ jobPhase: null, objects: [] })
  expect((await call('/jobs/a%0Ab/destroy')).status).toBe(400)
})

test('the store may hiccup: 429, 503, 408, broken connections and answers that get lost', async () => {
  const { gcs, call } = await start((gcs) => resultsEnvironment(gcs.endpoint))
  for (let index = 0; index < 12; index++) await putAged(gcs, `result_${index}.xml`, 8 * DAY)
  const deletion = /^DELETE/
  gcs.inject({ kind: 'status', status: 429, match: deletion })
  gcs.inject({ kind: 'status', status: 503, match: deletion })
  gcs.inject({ kind: 'status', status: 408, match: /o\?.*fields=/ })
  gcs.inject({ kind: 'reset', match: deletion })
  gcs.inject({ kind: 'lost-answer', match: deletion })
  const { body } = await call('/')
  expect(body.deletions).toMatchObject({ deleted: 11, absent: 1, failed: 0 })
  expect(body.effort.retries).toBeGreaterThanOrEqual(5)
  expect(namesIn(gcs)).toEqual([])
})

test('two schedulers at once: one sweep; the same one twice: one sweep', async () => {
  const { gcs, call } = await start((gcs) => resultsEnvironment(gcs.endpoint))
  for (let index = 0; index < 30; index++) await putAged(gcs, `result_${index}.xml`, 8 * DAY)
  const at = (time: string) => ({ 'x-cloudscheduler-jobname': 'sweep', 'x-cloudscheduler-scheduletime': time })
  const both = await Promise.all([call('/', 'POST', at('1')), call('/', 'POST', at('2'))])
  expect(both.map(({ body }) => body.outcome).sort()).toEqual(['busy', 'finished'])
  expect(gcs.requests.filter((line) => line.startsWith('DELETE'))).toHaveLength(30)
  const time = both[0]?.body.outcome === 'finished' ? '1' : '2'
  expect((await call('/', 'POST', at(time))).body).toMatchObject({ outcome: 'repeated', deletions: { deleted: 30 } })
})

test('a deletion without permission is counted and explained, and a bucket with versions is refused', async () => {
  const { gcs, call, log } = await start((gcs) => resultsEnvironment(gcs.endpoint))
  await putAged(gcs, 'result_a.xml', 8 * DAY)
  await putAged(gcs, 'result_b.xml', 8 * DAY)
  gcs.inject({ kind: 'status', status: 403, match: /^DELETE \S+result_a/ })
  const refused = await call('/')
  expect(refused.body).toMatchObject({
    outcome: 'finished',
    deletions: { deleted: 1, failed: 1, firstFailed: 'result_a.xml' },
    warnings: [expect.stringMatching(/result_a\.xml: .*HTTP 403.*role/)],
  })
  expect(log).toContainEqual(expect.objectContaining({ severity: 'WARNING', message: refused.body.warnings[0] }))
  expect(log).toContainEqual(expect.objectContaining({ failed: 1, failedPercent: 50 }))
  gcs.store.configure('results', { versioning: { enabled: true } })
  const versioned = await call('/')
  expect([versioned.status, versioned.body.detail[0].type]).toEqual([409, 'versioned_bucket'])
  gcs.store.configure('results', { softDeletePolicy: { retentionDurationSeconds: '604800' }, storageClass: 'NEARLINE' })
  const warned = (await call('/')).body.warnings
  expect(warned).toEqual([expect.stringContaining('at least 30 days'), expect.stringContaining('7 more days')])
  expect(namesIn(gcs)).toEqual([])
})

test('an upload that is not complete is none of its business', async () => {
  const { gcs, call } = await start((gcs) => resultsEnvironment(gcs.endpoint))
  const address = `${gcs.endpoint}/upload/storage/v1/b/results/o?uploadType=resumable&name=result_slow.xml`
  const session = (await fetch(address, { method: 'POST', body: '{}' })).headers.get('location') ?? ''
  const send = (range: string) =>
    fetch(session, { method: 'PUT', headers: { 'content-range': `bytes ${range}/8` }, body: 'half' })
  expect((await send('0-3')).status).toBe(308)
  expect((await call('/')).body).toMatchObject({ outcome: 'finished', listed: { objects: 0 } })
  expect((await send('4-7')).status).toBe(200)
  expect(namesIn(gcs)).toEqual(['result_slow.xml'])
  expect((await call('/')).body.rows).toMatchObject([{ action: 'keep', reason: 'young', objects: 1 }])
})

test('a bucket whose description may not be read is swept all the same', async () => {
  const { gcs, call } = await start((gcs) => resultsEnvironment(gcs.endpoint))
  await putAged(gcs, 'result_a.xml', 8 * DAY)
  gcs.inject({ kind: 'status', status: 403, match: /^GET \/b\/results\?/ })
  const { body } = await call('/')
  expect(body).toMatchObject({ deletions: { deleted: 1 }, warnings: [expect.stringContaining('storage.buckets.get')] })
})

test("what the bucket's retention policy keeps is counted as such; the state lies in another bucket", async () => {
  const { gcs, call } = await start((gcs) => resultsEnvironment(gcs.endpoint, { more: '  stateBucket: state' }))
  await putAged(gcs, 'result_a.xml', 8 * DAY)
  await putAged(gcs, 'result_b.xml', 12 * DAY)
  gcs.store.configure('results', { retentionPolicy: { retentionPeriod: String((10 * DAY) / 1000) } })
  const { body } = await call('/')
  expect(body.deletions.deleted).toBe(1)
  expect(body.rows).toContainEqual(expect.objectContaining({ reason: 'retained', objects: 1 }))
  expect(namesIn(gcs)).toEqual(['result_a.xml'])
  expect(gcs.store.objects('state')?.map(({ name }) => name)).toEqual(['.almagest/sweep.json'])
})

test('in a bucket with a retention policy a state could be written only once, so it is refused', async () => {
  const { gcs, call } = await start((gcs) => resultsEnvironment(gcs.endpoint))
  gcs.store.configure('results', { retentionPolicy: { retentionPeriod: '60' } })
  const { status, body } = await call('/')
  expect([status, body.detail[0].type]).toEqual([409, 'sweep_state'])
  expect(body.detail[0].msg).toContain('results.stateBucket')
})

test('the deployed function comes up and sweeps', async () => {
  const gcs = await startFakeGcs({ buckets: ['results'] })
  await putAged(gcs, 'result_a.xml', 8 * DAY)
  const whole = await startBundle('collect-results', await writeEnvironment(resultsEnvironment(gcs.endpoint)))
  expect((await fetch(`${whole.url}/healthz`)).status).toBe(200)
  const answer = await fetch(whole.url, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })
  expect(await answer.json()).toMatchObject({ outcome: 'finished', deletions: { deleted: 1 } })
  expect(namesIn(gcs)).toEqual([])
})

test("the table of Almagest's own jobs is understood without a word about it", async () => {
  const database = await createTestDatabase()
  const login = await database.createLogin()
  await initialiseDatabase(database.pool, { prepareMore: (client) => initialiseJobs(client, [], [login]) })
  const { gcs, call } = await start(
    (gcs) => `
storage: {apiEndpoint: "${gcs.endpoint}"}
results: {mode: delete, limits: {deletePercent: 100, orphanPercent: 100}}
tap:
  servers:
    tap:
      databaseUrl: "${database.urlAs(login)}"
      schemas: [sky]
      service: {url: "https://data.example.org/tap", jobs: {bucket: results, topic: projects/demo/topics/queries}}
`,
  )
  const ids = { done: '0a', failed: '0b', gone: '0c', archived: '0d', running: '0e', unknown: '0f' }
  const idOf = (name: keyof typeof ids) => ids[name].padEnd(32, '0')
  const nameOf = (name: keyof typeof ids, fence: number) => `r/${ids[name]}/${idOf(name)}/${fence}/result.csv`
  for (const name of Object.keys(ids) as (keyof typeof ids)[]) {
    await putAged(gcs, nameOf(name, 1), 30 * DAY, { metadata: { jobid: idOf(name) } })
    await putAged(gcs, `u/${ids[name]}/${idOf(name)}/table`, 30 * DAY, { metadata: { jobid: idOf(name) } })
  }
  await putAged(gcs, nameOf('done', 2), 30 * DAY)
  await putAged(gcs, 'other.txt', 30 * DAY)
  const { generation } = gcs.store.find('results', nameOf('done', 2))!
  await database.pool.query(
    `insert into uws.job (id, server, phase, execution_seconds, destruction, lease_until, deleted_at, result)
     select id, 'tap', phase, 60, now() + interval '1 day', case phase when 'EXECUTING' then now() end,
            case when deleted then now() end, result::jsonb
       from (values ('${idOf('done')}', 'COMPLETED', false, $1),
                    ('${idOf('failed')}', 'ERROR', false, null),
                    ('${idOf('gone')}', 'COMPLETED', true, null),
                    ('${idOf('archived')}', 'ARCHIVED', false, null),
                    ('${idOf('running')}', 'EXECUTING', false, null)) as t (id, phase, deleted, result)`,
    [JSON.stringify({ object: nameOf('done', 2), generation, bytes: 1, contentType: 'text/csv' })],
  )
  const { body } = await call('/')
  expect(body).toMatchObject({ outcome: 'finished', bucket: 'results', warnings: [] })
  expect(body.rows.map(({ rule, reason, objects }: Json) => [rule, reason, objects]).sort()).toEqual([
    [null, 'unmatched', 1],
    ['tap-results', 'active', 1],
    ['tap-results', 'destroyed', 1],
    ['tap-results', 'former-attempt', 2],
    ['tap-results', 'orphan', 1],
    ['tap-results', 'undestroyed', 1],
    ['tap-results', 'user-deleted', 1],
    ['tap-uploads', 'active', 1],
    ['tap-uploads', 'destroyed', 1],
    ['tap-uploads', 'orphan', 1],
    ['tap-uploads', 'undestroyed', 2],
    ['tap-uploads', 'user-deleted', 1],
  ])
  expect(namesIn(gcs).sort()).toEqual(
    [
      ...['other.txt', nameOf('done', 2), nameOf('running', 1)],
      ...(['done', 'failed', 'running'] as const).map((name) => `u/${ids[name]}/${idOf(name)}/table`),
    ].sort(),
  )
})
