import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type Watched, watchQueries } from '../../functions/watch-queries/watch-queries.ts'
import { type LocalPostgres, startPostgres } from '../../local/postgres.ts'
import { startPubSub } from '../../local/pubsub/publisher.ts'
import { prepareFunctions } from '../../local/qserv/run-sql.ts'
import { type LocalQserv, startQserv } from '../../local/qserv/server.ts'
import { connectServices } from '../../shared/deployment/tap-services.ts'
import type { Environment } from '../../shared/environment/environment.ts'
import { parseEnvironment } from '../../shared/environment/parse.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import type { SweepReport } from '../../shared/results/sweep/report.ts'
import { initialiseDatabase } from '../../shared/tap-schema/roles.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { initialiseUserTables } from '../../shared/user-tables/ddl.ts'
import { bundleFunctions } from '../support/bundles.ts'
import { type FakeGcs, startFakeGcs } from '../support/fake-gcs.ts'
import { type FunctionProcess, killFunction, spawnFunction } from '../support/function-process.ts'
import { stageRequest } from '../support/sample-release.ts'
import { createDeliveries, type Deliveries } from './deliveries.ts'

export const BUCKET = 'tap-results'
const TOPIC = 'projects/demo/topics/queries'
const EVENTS = 'projects/demo/topics/events'

export type Kind = 'tap' | 'run-query' | 'collect-results'

/** Requests of users so far, and those of them that had no answer or a 5xx, and were made again. */
export interface Traffic {
  requests: number
  broken: number
}

/** The paths of the second server, whose queries are Qserv's; all others are those of the first one. */
export const REMOTE = '/remote'

export interface FleetOptions {
  /** Whose queries are Qserv's: those of the only server, or those of a second one beside it. */
  readonly qserv?: 'only' | 'beside'
  /** With a `collect-results`, by whose rules results may be deleted at once. */
  readonly sweeps?: boolean
}

/** As it came to the topic. */
export interface PublishedEvent {
  /** With its server: several may have one of the same name. */
  readonly item: string
  readonly sequence: number
}

export interface Answer {
  readonly status: number
  readonly location: string
  readonly text: string
}

/** Several processes of functions, as they are bundled, over one database, one bucket and one topic. */
export interface Fleet {
  readonly environment: Environment
  readonly gcs: FakeGcs
  readonly qserv: LocalQserv | null
  readonly deliveries: Deliveries
  readonly traffic: Readonly<Traffic>
  /** What was published about jobs and quotas, in the order in which it came. */
  readonly events: readonly PublishedEvent[]
  /** As a superuser; it finds its way back after a restart. */
  readonly pool: pg.Pool
  /** Those that can be called now. */
  readonly processes: Readonly<Record<Kind, FunctionProcess[]>>
  /** Of everything that has run. */
  output(): string
  /** A request as a user, to this instance of `tap`, or to any; when it does not answer, again. */
  call(user: string, method: string, path: string, form?: Form, instance?: FunctionProcess): Promise<Answer>
  /** SIGKILL, and another process in its place. */
  replace(process: FunctionProcess): Promise<void>
  restartDatabase(): Promise<void>
  /** Puts the next release live. */
  release(): Promise<void>
  /** `watch-queries` twice at once; what failed was the database, and is left to the next time. */
  watch(): Promise<readonly Watched[]>
  /** One call of `collect-results`: the report; null: it was killed, or could not work. */
  sweep(): Promise<SweepReport | null>
  /** As if so much time had passed that leases and messages count as lost. */
  letTimePass(): Promise<void>
  /** Statements of users that PostgreSQL works on. */
  running(): Promise<number>
  stop(): Promise<void>
}

/** A Blob is sent as it is, with its type. */
export type Form = Readonly<Record<string, string>> | FormData | Blob

const ORIGIN = 'http://tap.invalid'
const SERVICE = `${ORIGIN}/tap`

export async function startFleet(random: () => number, logger: Logger, options: FleetOptions = {}): Promise<Fleet> {
  const folder = await mkdtemp(join(tmpdir(), 'almagest-fleet-'))
  const start = (port?: number) =>
    startPostgres({
      ...{ stateDirectory: folder, unsafe: true, settings: { max_connections: '300' } },
      ...(port === undefined ? {} : { port }),
    })
  let postgres: LocalPostgres = await start()
  const [bundles, gcs] = await Promise.all([bundleFunctions(), startFakeGcs({ buckets: [BUCKET], keep: true })])
  const pool = new pg.Pool({ connectionString: postgres.url, max: 10 })
  pool.on('error', () => {})
  await prepare(pool)
  const remotePool = options.qserv === 'beside' ? await prepareRemote(pool, postgres.url) : null
  const qserv = options.qserv !== undefined ? await startQservOver(pool) : null
  const processes: Record<Kind, FunctionProcess[]> = { tap: [], 'run-query': [], 'collect-results': [] }
  const everyone: FunctionProcess[] = []
  const deliveries = createDeliveries(random, () => processes['run-query'].map(({ url }) => url))
  const events: PublishedEvent[] = []
  const pubsub = await startPubSub((topic, { attributes }) => {
    if (topic === TOPIC) return deliveries.take(attributes)
    const { server, item, sequence } = attributes
    return topic === EVENTS ? String(events.push({ item: `${server} ${item}`, sequence: Number(sequence) })) : null
  })
  const addresses = {
    database: postgres.url.replace('postgres@', 'service@'),
    storage: gcs.endpoint,
    qserv: qserv?.url,
  }
  const text = describe(addresses, options)
  const file = join(folder, 'environment.yaml')
  await writeFile(file, text)
  const launch = async (kind: Kind) => {
    const variables = { ...pubsub.variables, NODE_ENV: 'production' }
    const started = await spawnFunction({ target: kind, source: join(bundles, kind), variables }, file)
    everyone.push(started)
    processes[kind].push(started)
  }
  await Promise.all((['tap', 'tap', 'tap', 'run-query', 'run-query'] as const).map(launch))
  if (options.sweeps === true) await launch('collect-results')
  const { environment } = parseEnvironment(file, text)
  if (environment === null) throw new Error('the environment is wrong')
  Object.assign(process.env, pubsub.variables)
  const { servers } = connectServices(environment, logger)
  let version = 1
  const traffic: Traffic = { requests: 0, broken: 0 }
  const anyTap = () => processes.tap[Math.floor(random() * processes.tap.length)]
  return {
    ...{ environment, gcs, qserv, deliveries, traffic, events, pool, processes },
    output: () => everyone.map(({ output }) => output()).join('\n'),
    async call(user, method, path, form, instance) {
      for (let tries = 0; ; tries++) {
        const { url } = instance ?? anyTap() ?? { url: '' }
        const headers = { 'x-auth-request-user': user }
        const isBody = form === undefined || form instanceof FormData || form instanceof Blob
        const body = isBody ? form : new URLSearchParams(form)
        const init = { method, headers, redirect: 'manual' as const, ...(body === undefined ? {} : { body }) }
        const server = path.startsWith(`${REMOTE}/`) ? '' : '/tap'
        traffic.requests += 1
        const answer = await fetch(`${url}${server}${path}`, init)
          .then(async (response) => ({
            status: response.status,
            location: response.headers.get('location')?.replace(SERVICE, '').replace(ORIGIN, '') ?? '',
            text: await response.text(),
          }))
          .catch((error: unknown) => ({ status: 0, location: '', text: String(error) }))
        if (answer.status > 0 && answer.status < 500) return answer
        traffic.broken += 1
        if (tries > 200) return answer
        await new Promise((done) => setTimeout(done, 100))
      }
    },
    async replace(old) {
      for (const kind of ['tap', 'run-query', 'collect-results'] as const) {
        const place = processes[kind].indexOf(old)
        if (place < 0) continue
        processes[kind].splice(place, 1)
        await killFunction(old)
        await launch(kind)
      }
    },
    async restartDatabase() {
      await postgres.stop()
      postgres = await start(postgres.port)
    },
    async release() {
      version += 1
      await Promise.all([pool, remotePool].map(async (one) => one && goLive(one, version)))
    },
    async watch() {
      const watch = () => watchQueries({ servers, logger })
      const outcomes = await Promise.allSettled([watch(), watch()])
      return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    },
    async sweep() {
      const [collector] = processes['collect-results']
      if (collector === undefined) return null
      const answer = await fetch(collector.url, { method: 'POST' }).catch(() => null)
      return answer?.ok === true ? ((await answer.json().catch(() => null)) as SweepReport | null) : null
    },
    async letTimePass() {
      await pool.query(`
        update uws.job set lease_until = clock_timestamp() where phase = 'EXECUTING' and lease_until <> 'infinity';
        update uws.remote set looked_at = looked_at - interval '1 day', sent_at = sent_at - interval '1 day',
                              kept_until = kept_until - interval '1 day';
        update uws.job set dispatched_at = clock_timestamp() - interval '1 day' where phase = 'QUEUED';
        update uws.event set sending_until = clock_timestamp() where settled_at is null`)
    },
    async running() {
      const { rows } = await pool.query<{ count: number }>(
        `select count(*)::int as count from pg_stat_activity
          where usename = 'service' and state = 'active' and query like '%copy (%'`,
      )
      return rows[0]?.count ?? 0
    },
    async stop() {
      await deliveries.stop()
      await qserv?.stop()
      await Promise.all(everyone.map(killFunction))
      for (const { openJobs } of servers.values()) await (await openJobs?.())?.pool.end()
      pubsub.stop()
      await Promise.all([pool.end(), remotePool?.end()])
      await Promise.all([gcs.stop(), postgres.stop()])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** What the user `max` may keep. */
export const MOST_BYTES = 200_000

/** Rows of `survey.object`. */
export const ROWS = 2000

async function prepare(pool: pg.Pool): Promise<void> {
  await pool.query(`
    create role service login;
    create role reader nologin;
    grant reader to service;
    create schema survey;
    create table survey.object (object_id bigint, ra float8, dec float8);
    insert into survey.object select i, i * 0.18, i * 0.09 - 90 from generate_series(0, ${ROWS - 1}) as i;
    grant usage on schema survey to reader;
    grant select on survey.object to reader`)
  await initialiseDatabase(pool, { prepareMore: (client) => initialiseUserTables(client, ['service']) })
  await goLive(pool, 1)
}

/** The database of the second server: what it says of its tables. Its jobs are beside those of the first. */
async function prepareRemote(pool: pg.Pool, url: string): Promise<pg.Pool> {
  await pool.query(`create database ${REMOTE.slice(1)}`)
  const remote = new pg.Pool({ connectionString: remoteUrl(url), max: 2 })
  remote.on('error', () => {})
  await initialiseDatabase(remote, {})
  await goLive(remote, 1)
  return remote
}

function remoteUrl(url: string): string {
  return Object.assign(new URL(url), { pathname: REMOTE }).href
}

async function goLive(pool: pg.Pool, number: number): Promise<void> {
  const version = `w.2026.${String(number).padStart(2, '0')}`
  await stageRelease(pool, stageRequest(version, { readers: ['reader'] }))
  await swap(pool, { expectedVersion: version, actor: 'tester' })
}

async function startQservOver(pool: pg.Pool): Promise<LocalQserv> {
  await prepareFunctions(pool)
  return startQserv({ pool })
}

/** What the sweep deletes at once, where the job says so, instead of after a day. */
const RULES = `
  rules:
    results: {kind: result, pattern: '^r/[0-9a-f]{2}/(?<job>[0-9a-f]{32})/\\d+/.+$', retention: 30d, minimumAge: 0s}
    uploads: {kind: upload, pattern: '^u/[0-9a-f]{2}/(?<job>[0-9a-f]{32})/.+$', retention: 30d, minimumAge: 0s}`

interface Addresses {
  readonly database: string
  readonly storage: string
  readonly qserv: string | undefined
}

function describe({ database, storage, qserv }: Addresses, options: FleetOptions): string {
  const jobs = `bucket: ${BUCKET}, topic: ${TOPIC}, events: {topic: ${EVENTS}}`
  // The jobs of both are in one database. What a Qserv answers is not joined with tables that users keep.
  const byQserv = (name: string, url: string) => `
    ${name}:
      database: {url: "${url}", poolMax: 8}
      schemas: [survey]
      service:
        url: ${ORIGIN}/${name}
        access: {type: gafaelfawr, scopes: []}
        query: {type: qserv, qserv: {url: "${qserv}"}, role: reader, database: {url: "${url}", poolMax: 8}}
        jobs: {${jobs}, database: {url: "${database}", poolMax: 8}}`
  const byPostgres = `
    tap:
      database: {url: "${database}", poolMax: 8}
      schemas: [survey]
      service:
        url: ${SERVICE}
        access: {type: gafaelfawr, scopes: []}
        query: {role: reader}
        userTables: {}
        jobs: {${jobs}, quotas: {users: {max: {tableBytes: ${MOST_BYTES}}}}}`
  const servers =
    options.qserv === 'only'
      ? byQserv('tap', database)
      : `${byPostgres}${options.qserv === 'beside' ? byQserv(REMOTE.slice(1), remoteUrl(database)) : ''}`
  return `
baseHostname: data.example.org
storage: {apiEndpoint: "${storage}"}
discovery: {trustedProxy: true}
results:
  mode: delete
  limits: {deletePercent: 100, orphanPercent: 100, lease: 30s}${options.sweeps === true ? RULES : ''}
tap:
  servers:${servers}
`
}

export function newName(): string {
  return randomBytes(4).toString('hex')
}
