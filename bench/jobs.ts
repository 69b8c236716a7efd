import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { MemoryStore } from '../local/gcs/memory-store.ts'
import { startGcs } from '../local/gcs/server.ts'
import { startPostgres } from '../local/postgres.ts'
import { startPubSub } from '../local/pubsub/publisher.ts'
import { createPushSubscription, type PushSubscription } from '../local/pubsub/push.ts'
import { DEPLOYED } from '../shared/tap-schema/options.ts'
import { initialiseDatabase } from '../shared/tap-schema/roles.ts'
import { stageRelease } from '../shared/tap-schema/stage.ts'
import { swap } from '../shared/tap-schema/swap.ts'
import { initialiseJobs } from '../shared/uws/roles.ts'
import { loadIn } from './load-in.ts'
import { percentile } from './measure.ts'
import { type Serving, serve } from './serve.ts'

const root = resolve(import.meta.dirname, '..')
const TOPIC = 'projects/bench/topics/queries'
const FORM = { LANG: 'ADQL', FORMAT: 'csv', QUERY: 'SELECT id, ra FROM sky.star WHERE id = 47' }

const SKY = `
name: sky
tables:
- name: star
  columns:
  - {name: id, datatype: long}
  - {name: ra, datatype: double}
`

const TIMES = 40
const AT_ONCE = 200
const WAITING = 100
const WAITED_MS = 10_000

type Line = readonly [what: string, figure: string, goal: string]

/** Jobs by way of `tap`, a topic, `run-query` and a bucket, on one machine; database, topic and bucket are the local ones. */
export async function benchJobs(): Promise<readonly (readonly string[])[]> {
  await using resources = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'almagest-bench-'))
  resources.defer(() => rm(folder, { recursive: true }))
  const server = await startPostgres({ stateDirectory: null })
  resources.defer(server.stop)
  const admin = new pg.Pool({ connectionString: server.url, max: 2 })
  resources.defer(() => admin.end())
  const url = server.url.replace(/\/postgres$/, '/sky')
  await admin.query('create database sky')
  await prepare(url)
  const gcs = await startGcs({ store: new MemoryStore(), buckets: ['results'] })
  resources.defer(gcs.stop)
  let subscription: PushSubscription | undefined
  const pubsub = await startPubSub((_topic, message) => subscription?.push(message) ?? null)
  resources.defer(async () => pubsub.stop())
  const file = join(folder, 'environment.yaml')
  await writeFile(file, describeEnvironment(url, gcs.endpoint))
  const launch = async (target: string) => {
    const serving = await serveFunction(target, { ...pubsub.variables, ALMAGEST_ENVIRONMENT: file })
    resources.defer(() => serving.stop())
    return serving.port
  }
  const [tap, worker] = [await launch('tap'), await launch('run-query')]
  subscription = createPushSubscription({ url: `http://127.0.0.1:${worker}/`, baseDelayMs: 100 })
  resources.defer(subscription.stop)
  const client = openClient(tap)
  return [
    ['jobs', '', 'goal'],
    ...(await benchOne(client)),
    ...(await benchMany(client)),
    await benchPoll(tap, client),
    await benchWait(client, admin),
  ]
}

async function prepare(url: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: 2 })
  await pool.query(`
    create schema sky;
    create table sky.star as select i::bigint as id, i * 0.01 as ra from generate_series(1, 10000) i;
    alter table sky.star add primary key (id)`)
  await initialiseDatabase(pool, { prepareMore: (client) => initialiseJobs(client, []) })
  const version = 'bench'
  const source = { bucket: 'b', object: 'o', generation: '1', sha256: '', bytes: 1 }
  const request = { version, files: new Map([['sky.yaml', SKY]]), schemas: ['sky'], source, options: DEPLOYED }
  await stageRelease(pool, { ...request, readers: [], actor: 'bench', redelivery: 'skip' })
  await swap(pool, { expectedVersion: version, actor: 'bench' })
  await pool.end()
}

function describeEnvironment(databaseUrl: string, storage: string): string {
  return `
baseHostname: data.example.org
storage: {apiEndpoint: "${storage}"}
tap:
  servers:
    tap:
      database: {url: "${databaseUrl}", poolMax: 10}
      schemas: [sky]
      service:
        url: https://data.example.org/tap
        query: {database: {url: "${databaseUrl}", poolMax: 10}}
        jobs: {bucket: results, topic: ${TOPIC}}
`
}

function serveFunction(target: string, variables: Readonly<Record<string, string>>): Promise<Serving> {
  return serve({
    folder: root,
    script: join(root, 'node_modules', '.bin', 'functions-framework'),
    variables: { FUNCTION_TARGET: target, FUNCTION_SOURCE: join(root, 'functions', target, 'index.ts'), ...variables },
    request: { path: '/healthz' },
  })
}

interface Client {
  sync(): Promise<void>
  /** @returns the path of the job */
  create(run: boolean): Promise<string>
  /** Asks for the phase until it is COMPLETED. */
  completed(job: string, pauseMs: number): Promise<void>
  get(path: string): Promise<string>
}

function openClient(port: number): Client {
  const origin = `http://127.0.0.1:${port}`
  const get = async (path: string) => (await fetch(`${origin}${path}`)).text()
  return {
    get,
    async sync() {
      const answer = await fetch(`${origin}/tap/sync`, { method: 'POST', body: new URLSearchParams(FORM) })
      const text = await answer.text()
      if (answer.status !== 200) throw new Error(text)
    },
    async create(run) {
      const body = new URLSearchParams(run ? { ...FORM, PHASE: 'RUN' } : FORM)
      const answer = await fetch(`${origin}/tap/async`, { method: 'POST', body, redirect: 'manual' })
      const text = await answer.text()
      if (answer.status !== 303) throw new Error(text)
      return (answer.headers.get('location') ?? '').replace('https://data.example.org', '')
    },
    async completed(job, pauseMs) {
      for (;;) {
        const phase = await get(`${job}/phase`)
        if (phase === 'COMPLETED') return
        if (phase !== 'QUEUED' && phase !== 'EXECUTING') throw new Error(`the job is ${phase}: ${await get(job)}`)
        await new Promise((done) => setTimeout(done, pauseMs))
      }
    },
  }
}

async function benchOne(client: Client): Promise<readonly Line[]> {
  const time = async (work: () => Promise<unknown>) => {
    for (let round = 0; round < 5; round++) await work()
    const times: number[] = []
    for (let round = 0; round < TIMES; round++) {
      const started = performance.now()
      await work()
      times.push(performance.now() - started)
    }
    return percentile(times, 0.5)
  }
  const sync = await time(() => client.sync())
  const polled = await time(async () => client.completed(await client.create(true), 2))
  const waited = await time(async () => {
    const job = await client.create(true)
    while (!(await client.get(`${job}?WAIT=20`)).includes('>COMPLETED<'));
  })
  return [
    ['a trivial query by sync, ms', sync.toFixed(1), ''],
    ['submit → COMPLETED, ms over sync', (polled - sync).toFixed(1), '≤ 60'],
    ['submit → COMPLETED for a client that uses WAIT, ms', waited.toFixed(0), ''],
  ]
}

async function benchMany(client: Client): Promise<readonly Line[]> {
  const started = performance.now()
  const jobs = await Promise.all(Array.from({ length: AT_ONCE }, () => client.create(true)))
  const submitted = performance.now()
  for (const job of jobs) await client.completed(job, 20)
  const ended = performance.now()
  return [
    [`${AT_ONCE} jobs at once: all submitted after ms`, (submitted - started).toFixed(0), ''],
    [`${AT_ONCE} jobs at once: all COMPLETED after ms`, (ended - started).toFixed(0), ''],
    [`${AT_ONCE} jobs at once: jobs/s`, ((1000 * AT_ONCE) / (ended - started)).toFixed(0), ''],
  ]
}

async function benchPoll(port: number, client: Client): Promise<Line> {
  const path = `${await client.create(false)}/phase`
  const from = Date.now() + 1_000
  const task = { port, path, headers: {}, connections: 1, from, until: from + 5_000 }
  const { latencies, statuses } = await loadIn(task)
  if (Object.keys(statuses).join() !== '200') throw new Error(`answers: ${JSON.stringify(statuses)}`)
  return ['a poll of a job: p50 ms', percentile(latencies, 0.5).toFixed(2), '≤ 2']
}

/** Counted by PostgreSQL, of the database that nobody else uses. */
async function benchWait(client: Client, admin: pg.Pool): Promise<Line> {
  const jobs = await Promise.all(Array.from({ length: WAITING }, () => client.create(false)))
  const count = async () => {
    const { rows } = await admin.query<{ count: string }>(
      `select xact_commit + xact_rollback as count from pg_stat_database where datname = 'sky'`,
    )
    return Number(rows[0]?.count)
  }
  const waiting = jobs.map((job) => client.get(`${job}?WAIT=25`))
  // Sessions that have nothing to do report what they have done after ten seconds.
  await new Promise((done) => setTimeout(done, 12_000))
  const before = await count()
  await new Promise((done) => setTimeout(done, WAITED_MS))
  const questions = (await count()) - before
  await Promise.all(waiting)
  return [`${WAITING} clients in WAIT: queries/s`, ((1000 * questions) / WAITED_MS).toFixed(1), '≤ 2']
}
