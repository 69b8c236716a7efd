import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, expect, test, vi } from 'vitest'
import { type Body, readConfiguration } from '../../../deploy/terraform/configuration.ts'
import { createCollectResults } from '../../../functions/collect-results/collect-results.ts'
import { loadRelease } from '../../../functions/load-release/load-release.ts'
import { noteHealth } from '../../../functions/watch-queries/watch-qserv.ts'
import { watchQueries } from '../../../functions/watch-queries/watch-queries.ts'
import { noteQuota } from '../../../shared/deployment/note-quota.ts'
import type { ResultsConfig } from '../../../shared/environment/results.ts'
import type { TapServer } from '../../../shared/environment/tap-server.ts'
import { openPublisher } from '../../../shared/platform/events.ts'
import { route } from '../../../shared/platform/http/route.ts'
import { createApi } from '../../../shared/platform/http/serve.ts'
import { ANONYMOUS } from '../../../shared/platform/identity.ts'
import { createLogger, type Logger } from '../../../shared/platform/log/log.ts'
import { openBucket } from '../../../shared/platform/storage/objects.ts'
import { StorageError } from '../../../shared/platform/storage/storage-failures.ts'
import { QueryServiceError } from '../../../shared/query/errors.ts'
import { DEFAULT_LIMITS } from '../../../shared/releases/limits.ts'
import { JobTableError, RetainedStateError } from '../../../shared/results/result-failures.ts'
import { DEPLOYED } from '../../../shared/tap-schema/options.ts'
import { BusyError } from '../../../shared/tap-schema/slot-failures.ts'
import { QuotaError } from '../../../shared/uws/quota.ts'
import { startJobs } from '../../functions/tap-jobs-service.ts'
import { buildRelease } from '../../releases/build-archive.ts'
import { DAY, HOUR, JOB_TABLE, JobsInMemory, resultsConfig } from '../../results/config.ts'
import { SimulatedBucket, TestClock } from '../../results/simulated-bucket.ts'
import { NO_CONSOLE, NO_DISCOVERY, NO_REGISTRY } from '../../support/discovery-config.ts'
import { startFakeGcs } from '../../support/fake-gcs.ts'
import { entryOf, parseFilter } from '../../support/logging-query.ts'
import { createTestDatabase } from '../../support/postgres.ts'
import { sampleSchema } from '../../support/sample-release.ts'

interface Metric {
  readonly functions: readonly string[] | null
  readonly filter: string
}

const OVERSTAY = (7 * 24 + 26) * 3600

const modules = await readConfiguration(join(import.meta.dirname, '../..', '..', 'terraform'))
const monitoring = modules.find(({ folder }) => folder === 'modules/monitoring')!.blocks
const metrics = Object.entries(
  monitoring.find(({ kind, body }) => kind === 'locals' && 'log_metrics' in body)!.body.log_metrics as Body,
).map(([name, value]) => {
  const { functions, filter } = value as unknown as Metric
  return { name, functions, fits: parseFilter(filter.replace(/\$\{var\.overstay_seconds\}/, String(OVERSTAY))) }
})

const seen = new Set<string>()

/** The metrics that count one of the lines which a function writes, as its index.ts makes the logger. */
function counted(lines: readonly string[], service: string): string[] {
  const entries = lines.map((line) => entryOf(line, service))
  for (const { jsonPayload } of entries) expect(jsonPayload).toMatchObject({ function: service })
  const names = metrics
    .filter(({ functions, fits }) => functions?.includes(service) !== false && entries.some(fits))
    .map(({ name }) => name)
  for (const name of names) seen.add(name)
  return names
}

async function record(service: string, run: (logger: Logger) => Promise<unknown>): Promise<string[]> {
  const lines: string[] = []
  await run(createLogger({ fields: { function: service }, write: (line) => void lines.push(line) }))
  expect(lines).not.toEqual([])
  return counted(lines, service)
}

/** One call over HTTP, so that the entry of the request is there as well. */
async function call(handler: ReturnType<typeof createApi>, path: string): Promise<number> {
  // biome-ignore lint/suspicious/noExplicitAny: the framework's request is Node's with what a body needs
  const server = createServer((request, response) => void handler(request as any, response as any))
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  try {
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { method: 'POST' })
    await answer.arrayBuffer()
    return answer.status
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

async function sweep(
  change: Partial<ResultsConfig>,
  prepare: (bucket: SimulatedBucket, jobs: JobsInMemory) => void,
): Promise<string[]> {
  const clock = new TestClock()
  const bucket = new SimulatedBucket(clock, Date.now())
  const jobs = new JobsInMemory(Date.now)
  prepare(bucket, jobs)
  const config = resultsConfig(change)
  const results = { config, bucket, stateBucket: bucket, jobs: config.jobs === null ? null : jobs, retries: () => 0 }
  const dependencies = { results, identify: async () => ANONYMOUS }
  return record('collect-results', (logger) => call(createCollectResults(dependencies, { logger }), '/'))
}

const unavailable = () => new StorageError('the store is busy', 503)

/** So many results that are older than any rule keeps them. */
function putOld(bucket: SimulatedBucket, count: number, age = 8 * DAY): void {
  for (let number = 0; number < count; number++) bucket.put(`result_${number}.xml`, { at: bucket.now - age })
}

test('a sweep that went through is counted once, and as nothing else', async () => {
  expect(await sweep({}, (bucket) => putOld(bucket, 3))).toEqual(['sweep_finished'])
  const days = 100 * DAY
  expect(await sweep({ mode: 'dry-run' }, (bucket) => putOld(bucket, 3, days))).toEqual(['sweep_finished'])
})

test('results that stay although they should be gone for more than a day, and deletions that fail, are counted', async () => {
  const refuse = (bucket: SimulatedBucket) => {
    bucket.before = (what) => {
      if (what === 'remove result_1.xml') throw unavailable()
    }
  }
  const ages = { old: OVERSTAY * 1000 + HOUR, recent: OVERSTAY * 1000 - HOUR }
  const keep = (age: number) => (bucket: SimulatedBucket) => {
    putOld(bucket, 3, age)
    refuse(bucket)
  }
  expect(await sweep({}, keep(ages.old))).toEqual(['deletions_failing', 'results_overstay', 'sweep_finished'])
  expect(await sweep({}, keep(ages.recent))).toEqual(['deletions_failing', 'sweep_finished'])
  const one = (bucket: SimulatedBucket) => {
    putOld(bucket, 101)
    refuse(bucket)
  }
  expect(await sweep({}, one)).toEqual(['sweep_finished'])
})

test.each<[string, Partial<ResultsConfig>, (bucket: SimulatedBucket, jobs: JobsInMemory) => void]>([
  ['too much would go', { limits: { ...resultsConfig().limits, deletePercent: 50 } }, (bucket) => putOld(bucket, 9)],
  ['the job table is empty', { jobs: JOB_TABLE }, (bucket) => putOld(bucket, 1)],
  [
    'the job table does not answer',
    { jobs: JOB_TABLE },
    (bucket, jobs) => {
      putOld(bucket, 1)
      const refused = new JobTableError('uws.job', new Error('connection refused'))
      jobs.inspect = () => Promise.reject(refused)
    },
  ],
  [
    'clocks differ',
    { jobs: JOB_TABLE },
    (bucket, jobs) => {
      putOld(bucket, 1)
      jobs.date = () => Date.now() - DAY
    },
  ],
  [
    'deletions fail one after another',
    {},
    (bucket) => {
      putOld(bucket, 30)
      bucket.before = (what) => {
        if (what.startsWith('remove')) throw unavailable()
      }
    },
  ],
  [
    'the bucket keeps old versions',
    {},
    (bucket) => {
      bucket.versioning = true
    },
  ],
  [
    'the state is none',
    {},
    (bucket) => {
      bucket.put('.almagest/sweep.json')
    },
  ],
  [
    'the state cannot be kept',
    {},
    (bucket) => {
      bucket.save = () => Promise.reject(new RetainedStateError('results'))
    },
  ],
])('a sweep that stops itself is counted: %s', async (_, change, prepare) => {
  expect(await sweep(change, prepare)).toEqual(['sweep_stopped'])
})

test('what becomes of an upload is counted if somebody has to look', async () => {
  const gcs = await startFakeGcs()
  const { pool } = await createTestDatabase()
  const database = { kind: 'url', url: 'postgresql://unused', passwordKey: null, poolMax: 2 } as const
  const server: TapServer = {
    ...{ name: 'tap', database, schemas: ['survey'], schemaVersion: null, follow: ['**'] },
    ...{ swap: 'compatible', readers: [], service: null, options: DEPLOYED },
  }
  const environment = {
    ...{
      file: 'environment.yaml',
      topic: null,
      obscore: null,
      secretsDirectory: '/nowhere',
      results: null,
      discovery: NO_DISCOVERY,
      registry: NO_REGISTRY,
      console: NO_CONSOLE,
    },
    releases: { bucket: 'releases', template: '{version}/schemas.tar.gz', limits: DEFAULT_LIMITS },
    servers: new Map([['tap', server]]),
    identity: { audience: [], trustPlatform: false },
    swap: { deadlineMs: 300, lockTimeoutMs: 20, operators: [] },
    storage: { apiEndpoint: null },
  }
  const bucket = openBucket({ bucket: 'releases', apiEndpoint: gcs.endpoint })
  const load = async (version: string, content: Buffer, failure?: Error) => {
    const { generation } = await gcs.put('releases', `${version}/schemas.tar.gz`, content)
    const attributes = {
      ...{ eventType: 'OBJECT_FINALIZE', payloadFormat: 'NONE', bucketId: 'releases' },
      ...{ objectId: `${version}/schemas.tar.gz`, objectGeneration: generation },
    }
    const poolFor = async () => {
      if (failure !== undefined) throw failure
      return pool
    }
    const event = { message: { attributes, messageId: '1' } }
    return record('load-release', (logger) =>
      loadRelease(event, { environment, poolFor, bucket, announce: async () => {}, logger }).catch(() => {}),
    )
  }
  const survey = await buildRelease({ 'survey.yaml': sampleSchema('survey') })
  expect(await load('r1', survey)).toEqual([])
  const other = { other: [{ name: 'id', datatype: 'long' }] }
  expect(await load('r2', await buildRelease({ 'survey.yaml': sampleSchema('survey', other) }))).toEqual([
    'not_swapped',
  ])
  expect(await load('r3', Buffer.from('no archive'))).toEqual(['rejected'])
  expect(await load('r4', survey, new Error('connection refused'))).toEqual(['stage_failing'])
  expect(await load('r5', survey, new BusyError('swap', 300))).toEqual(['stage_failing', 'swap_busy'])
})

test('a delivery that is not a notification is counted as rejected, one of another kind is not', async () => {
  const dependencies = { environment: {}, poolFor: () => {}, bucket: {}, announce: async () => {} }
  const deliver = (event: unknown) =>
    record('load-release', (logger) => loadRelease(event, { ...dependencies, logger } as never))
  expect(await deliver({ x: 1 })).toEqual(['rejected'])
  const deleted = { eventType: 'OBJECT_DELETE', bucketId: 'releases', objectId: 'a', objectGeneration: '1' }
  expect(await deliver({ message: { attributes: deleted, messageId: '1' } })).toEqual([])
})

test('a swap that gives way to readers is counted, other refusals are not', async () => {
  const swap = (error: Error) =>
    record('swap-schema', (logger) => {
      const failing = route({
        ...{ method: 'POST', path: '/swap', operation: 'swap', summary: 'fails', answers: {}, errors: [503] },
        handle: () => Promise.reject(error),
      })
      return call(createApi([failing], { logger }), '/swap')
    })
  expect(await swap(new BusyError('swap', 300))).toEqual(['swap_busy'])
  expect(await swap(new Error('busy'))).toEqual([])
})

test('an event that is lost is counted', async () => {
  const circular: Record<string, unknown> = {}
  circular.self = circular
  const publish = (logger: Logger) =>
    openPublisher('projects/p/topics/events', logger).publish('rolled_back', { server: 'tap' }, circular)
  expect(await record('swap-schema', publish)).toEqual(['event_lost'])
})

const dead = new pg.Pool({ connectionString: 'postgresql://127.0.0.1:1/tap' })
afterAll(() => dead.end())

test('a Qserv that does not answer is counted, one that answers is not', async () => {
  const ask = (ping: () => Promise<number>) =>
    record('watch-queries', (logger) => noteHealth({ server: 'tap', qserv: { client: { ping } } as never, logger }))
  expect(await ask(() => Promise.reject(new Error('timeout')))).toEqual(['qserv_silent'])
  expect(await ask(() => Promise.reject(new QueryServiceError('the login is refused')))).toEqual(['qserv_silent'])
  expect(await ask(async () => 55)).toEqual([])
})

test('jobs that cannot be looked after are counted', async () => {
  const served = {
    ...{ name: 'tap', service: { jobs: {}, query: { qserv: null } } },
    openJobs: () => Promise.reject(new Error('connection refused')),
  }
  const watch = (logger: Logger) =>
    watchQueries({ servers: new Map([['tap', served as never]]), logger }).catch(() => {})
  expect(await record('watch-queries', watch)).toEqual(['jobs_neglected'])
})

test('a quota that is reached is counted, for users without a name too', async () => {
  const error = new QuotaError('underway', { underway: 2 })
  const about = { server: 'tap', owner: null, error }
  for (const service of ['tap', 'run-query']) {
    const refuse = (logger: Logger) => noteQuota({ pool: dead } as never, { ...about, logger })
    expect(await record(service, refuse)).toEqual(['quota_reached'])
  }
})

test('queries are counted as answered or as failed, with the release that was live', async () => {
  const { tap, log, create, end } = await startJobs()
  const count = (entries: readonly object[], service: string, wanted: string) => {
    const lines = entries.map((entry) => JSON.stringify({ ...entry, function: service }))
    const { fits } = metrics.find(({ name }) => name === wanted)!
    const found = lines.map((line) => entryOf(line, service)).filter(fits)
    return {
      names: counted(lines, service),
      releases: found.map(({ jsonPayload: { server, release } }) => `${server} ${release}`),
    }
  }
  const once = (metric: string) => ({ names: [metric], releases: ['tap w.2026.01'] })
  const good = 'SELECT TOP 1 object_id FROM survey.object'
  const bad = 'SELECT nothing FROM survey.object'
  await tap.query(good)
  await vi.waitFor(() => expect(count(tap.log.splice(0), 'tap', 'queries_answered')).toEqual(once('queries_answered')))
  await tap.query(bad)
  await vi.waitFor(() => expect(count(tap.log, 'tap', 'queries_failed')).toEqual(once('queries_failed')))
  await end(await create({ LANG: 'ADQL', QUERY: good, PHASE: 'RUN' }))
  expect(count(log.splice(0), 'run-query', 'queries_answered')).toEqual(once('queries_answered'))
  await end(await create({ LANG: 'ADQL', QUERY: bad, PHASE: 'RUN' }))
  expect(count(log.splice(0), 'run-query', 'queries_failed')).toEqual(once('queries_failed'))
})

test('every metric has counted something above', () => {
  expect([...seen].sort()).toEqual(metrics.map(({ name }) => name).sort())
})
