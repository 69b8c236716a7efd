import type pg from 'pg'
import type { FunctionSet } from '../adql/functions/function-set.ts'
import type { Limits } from '../adql/limits.ts'
import { parseQuery } from '../adql/parse.ts'
import type { GeometryStrategy } from '../adql/postgresql.ts'
import type { Query } from '../adql/syntax.ts'
import { type Lazy, lazily } from '../lazily.ts'
import { QueryBusyError, QueryServiceError } from './errors.ts'
import { fieldsOf } from './fields.ts'
import type { LiveTables, LiveTablesSource } from './live-tables.ts'
import { acquire, explainConnect } from './postgresql/acquire.ts'
import { explainError } from './postgresql/explain.ts'
import { type Plan, planQuery } from './postgresql/plan.ts'
import { probeServer, type ServerFacts } from './postgresql/probe.ts'
import { CAPACITY, RunningStatement, SLOT_CAPACITY } from './postgresql/running.ts'
import { beginSql } from './postgresql/session.ts'
import type { QueryRequest, QueryService, RunningQuery } from './service.ts'

export interface PostgresqlServiceOptions<Release extends LiveTables = LiveTables> {
  /** Connections for queries and nothing else. */
  readonly pool: pg.Pool
  /** Whose rights queries of the pool have; null: those of its login. */
  readonly role: string | null
  /** Where TAP_SCHEMA lies, when that is another database than the pool's. */
  readonly slotPool?: pg.Pool
  /** Schemas, as TAP_SCHEMA calls them, whose tables the database has; left out: all. */
  readonly schemas?: readonly string[]
  readonly geometry: GeometryStrategy | 'auto'
  readonly functions: FunctionSet
  readonly limits?: Partial<Limits>
  readonly liveTables: LiveTablesSource<Release>
  readonly logger: QueryLogger
}

export interface QueryLogger {
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** Where a query is sent. */
interface Backend {
  readonly pool: pg.Pool
  readonly role: string | null
  readonly facts: Lazy<ServerFacts>
}

/** How often a query begins again: another release has gone live, or its connection turned out to be dead. */
const MOST_ATTEMPTS = 20

/**
 * Answers queries from a PostgreSQL database, each in one transaction, which is sent as one message. Names are resolved by
 * what was live last, and the transaction itself says if that is live still; where it is not, the query begins again.
 */
export function openPostgresqlService<Release extends LiveTables>(
  options: PostgresqlServiceOptions<Release>,
): QueryService<Release> {
  const { pool, role, slotPool, liveTables, logger } = options
  const data = openBackend(pool, role, options.geometry)
  const slot = slotPool === undefined ? data : openBackend(slotPool, null, 'portable')
  const places = { functions: options.functions, schemas: options.schemas ?? null, slotBesideData: slot === data }

  async function start(request: QueryRequest): Promise<RunningQuery<Release>> {
    const parsed = parseQuery(request.adql, options.limits)
    let lost: Error | undefined
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      const live = await liveTables.latest()
      const isLive = async () => (await liveTables.refresh()).identity === live.identity
      const plan = await planFor(parsed, live, request).catch(async (error: unknown) => {
        // It may be meant for what went live a moment ago.
        if (await isLive()) throw error
      })
      if (plan === undefined) continue
      const running = await send(plan, live, request)
      const explain = (error: unknown) => explainFailure(error, running, plan, request)
      try {
        const error = await running.begun()
        const [seen] = running.copy.rows
        const wasLive = seen === undefined ? await isLive() : seen[0] === live.identity
        if (wasLive && error === undefined) return describe(running, plan, live, explain)
        if (wasLive && !running.isDead) throw explain(error)
        if (wasLive) lost = explain(error)
        else if (seen !== undefined) await liveTables.refresh()
      } catch (error) {
        await running.close()
        throw error
      }
      await running.close()
    }
    throw lost ?? new QueryBusyError('The metadata of this service changes all the time: try again in a moment.')
  }

  async function planFor(parsed: Query, live: LiveTables, { maxRows }: QueryRequest): Promise<Plan> {
    const { geometry } = await factsOf(data)
    return planQuery(parsed, live, geometry, maxRows, places)
  }

  async function send(plan: Plan, live: LiveTables, request: QueryRequest): Promise<RunningStatement> {
    const backend = plan.readsSlot ? slot : data
    const facts = await factsOf(backend)
    const begin = beginSql(facts, backend.role, request.timeoutMs)
    const check = backend === slot ? [liveTables.identitySql] : []
    const lock = plan.readsSlot ? [live.lockSql] : []
    const rest = ['set transaction read only', ...lock, ...check, plan.copySql, 'commit']
    const client = await acquire(backend.pool, request.signal)
    const capacity = plan.readsSlot ? SLOT_CAPACITY : CAPACITY
    return new RunningStatement(client, backend.pool, [begin, ...rest].join(';\n'), { ...request, capacity })
  }

  function explainFailure(error: unknown, running: RunningStatement, plan: Plan, { adql, timeoutMs }: QueryRequest) {
    const { elapsedMs } = running
    const failure = explainError(running.reasonOf(error), { timeoutMs, elapsedMs, tables: plan.tables })
    if (failure instanceof QueryServiceError) {
      logger.error('the database refused what a query was translated to', { error, adql, sql: plan.copySql })
    }
    return failure
  }

  return { start }
}

function openBackend(pool: pg.Pool, role: string | null, geometry: GeometryStrategy | 'auto'): Backend {
  return { pool, role, facts: lazily(() => probeServer(pool, geometry)) }
}

async function factsOf({ facts }: Backend): Promise<ServerFacts> {
  return facts().catch((error: unknown) => {
    throw explainConnect(error)
  })
}

function describe<Release extends LiveTables>(
  running: RunningStatement,
  { columns }: Plan,
  release: Release,
  explain: (error: unknown) => Error,
): RunningQuery<Release> {
  return {
    columns,
    fields: fieldsOf(columns),
    release,
    rows: readRows(running, explain),
    close: () => running.close(),
  }
}

async function* readRows(
  running: RunningStatement,
  explain: (error: unknown) => Error,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* running.copy.read()
  } catch (error) {
    throw explain(error)
  } finally {
    await running.close()
  }
}
