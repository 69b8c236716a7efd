import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { runJob } from '../functions/run-query/run-query.ts'
import { watchQserv } from '../functions/watch-queries/watch-qserv.ts'
import { MemoryStore } from '../local/gcs/memory-store.ts'
import { startGcs } from '../local/gcs/server.ts'
import { startPostgres } from '../local/postgres.ts'
import { prepareFunctions } from '../local/qserv/run-sql.ts'
import { type LocalQserv, startQserv } from '../local/qserv/server.ts'
import type { JobBackend, ServedTap } from '../shared/deployment/served-tap.ts'
import { connectServices } from '../shared/deployment/tap-services.ts'
import { parseEnvironment } from '../shared/environment/parse.ts'
import { createLogger } from '../shared/platform/log/log.ts'
import { DEPLOYED } from '../shared/tap-schema/options.ts'
import { initialiseDatabase } from '../shared/tap-schema/roles.ts'
import { stageRelease } from '../shared/tap-schema/stage.ts'
import { swap } from '../shared/tap-schema/swap.ts'
import { createJob, newJobId } from '../shared/uws/create-job.ts'
import { initialiseJobs } from '../shared/uws/roles.ts'

const SHORT = 1_000
const WATCHED = 2_000
const WATCH_SECONDS = 10
/** Jobs that instances of run-query work on at once. */
const AT_ONCE = 40

const SKY = `
name: sky
tables:
- name: star
  columns: [{name: id, datatype: long}, {name: ra, datatype: double}]
`

const logger = createLogger({ write: () => {} })

/** Jobs of Qserv: many short ones at once, and many long ones that are watched. Everything runs in this process. */
export async function benchQservJobs(): Promise<readonly (readonly string[])[]> {
  const folder = await mkdtemp(join(tmpdir(), 'almagest-bench-'))
  const postgres = await startPostgres({ stateDirectory: null })
  const pool = new pg.Pool({ connectionString: postgres.url, max: 20 })
  const gcs = await startGcs({ store: new MemoryStore(), buckets: ['results'] })
  await prepare(pool)
  const qserv = await startQserv({ pool })
  try {
    const { server, jobs } = await open(postgres.url, gcs.endpoint, qserv.url)
    return [
      ['jobs of Qserv', '', 'goal'],
      ...(await benchShort(server, jobs)),
      ...(await benchWatched(server, jobs, qserv)),
    ]
  } finally {
    await qserv.stop()
    await gcs.stop()
    await pool.end()
    await postgres.stop()
    await rm(folder, { recursive: true })
  }
}

async function prepare(pool: pg.Pool): Promise<void> {
  await pool.query(`
    create schema sky;
    create table sky.star as select i::bigint as id, i * 0.1 as ra from generate_series(1, 1000) i`)
  await prepareFunctions(pool)
  await initialiseDatabase(pool, { prepareMore: (client) => initialiseJobs(client, []) })
  await stageRelease(pool, {
    ...{ version: 'bench', files: new Map([['sky.yaml', SKY]]), schemas: ['sky'], options: DEPLOYED },
    source: { bucket: 'releases', object: 'bench/schemas.tar.gz', generation: '1', sha256: 'a'.repeat(64), bytes: 1 },
    ...{ readers: [], actor: 'bench', redelivery: 'skip' },
  })
  await swap(pool, { expectedVersion: 'bench', actor: 'bench' })
}

async function open(databaseUrl: string, storage: string, qserv: string) {
  const { environment, problems } = parseEnvironment(
    'environment.yaml',
    `
storage: {apiEndpoint: "${storage}"}
tap:
  servers:
    tap:
      databaseUrl: "${databaseUrl}"
      schemas: [sky]
      service:
        url: http://tap.invalid/tap
        query: {type: qserv, qserv: {url: "${qserv}", connections: 15, limits: {queries: 5000, queriesPerUser: 5000}}}
        jobs: {bucket: results, topic: projects/demo/topics/queries}`,
  )
  if (environment === null) throw new Error(problems.map(({ message }) => message).join('\n'))
  const opened = connectServices(environment, logger).servers.get('tap')
  const jobs = await opened?.openJobs?.()
  if (opened === undefined || jobs === undefined) throw new Error('there is no service')
  const server: ServedTap = { ...opened, openJobs: async () => jobs }
  return { server, jobs }
}

async function addJob({ pool }: JobBackend): Promise<string> {
  const { id } = await createJob(pool, {
    ...{ id: newJobId(), server: 'tap', owner: null, runId: null, uploads: [] },
    parameters: [
      { name: 'LANG', value: 'ADQL' },
      { name: 'QUERY', value: 'SELECT TOP 10 id, ra FROM sky.star' },
    ],
    ...{ executionSeconds: 3_600, keptSeconds: 86_400, run: true },
  })
  return id
}

async function benchShort(server: ServedTap, jobs: JobBackend): Promise<readonly string[][]> {
  const ids: string[] = []
  for (let n = 0; n < SHORT; n++) ids.push(await addJob(jobs))
  const started = performance.now()
  const work = async () => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) await runJob(server, id, logger)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  const seconds = (performance.now() - started) / 1000
  const { rows } = await jobs.pool.query<{ count: number }>(
    `select count(*)::int as count from uws.job where phase = 'COMPLETED'`,
  )
  return [
    [`${SHORT} short queries at once, s`, seconds.toFixed(1), ''],
    ['of them completed', String(rows[0]?.count), String(SHORT)],
  ]
}

async function benchWatched(server: ServedTap, jobs: JobBackend, qserv: LocalQserv): Promise<readonly string[][]> {
  const backend = (await server.open()).qserv
  if (backend === null) throw new Error('there is no Qserv')
  qserv.queries.script = { runMs: 3_600_000, chunks: 100, progressEveryMs: 60_000 }
  for (let n = 0; n < WATCHED; n++) {
    const id = await addJob(jobs)
    const query = await qserv.queries.submit('SELECT 1')
    await jobs.pool.query(
      `with job as (update uws.job set phase = 'EXECUTING', fence = 1, started_at = now(), lease_until = 'infinity' where id = $1)
       insert into uws.remote (job, server, state, fence, query_id, plan) values ($1, 'tap', 'running', 1, $2, '{}')`,
      [id, String(query)],
    )
  }
  const asked = qserv.requests.length
  const cpu = process.cpuUsage()
  const started = performance.now()
  await watchQserv({ server: 'tap', open: server.open, jobs, qserv: backend, logger, forMs: WATCH_SECONDS * 1000 })
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return [
    [`status calls a second for ${WATCHED} queries`, ((qserv.requests.length - asked) / seconds).toFixed(0), ''],
    ['cores, with those of the stand-in', ((user + system) / 1e6 / seconds).toFixed(2), '1.00'],
  ]
}
