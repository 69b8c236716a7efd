import type pg from 'pg'
import type { FunctionRow } from '../adql/functions/row.ts'
import type { Limits } from '../adql/limits.ts'
import { parseQuery } from '../adql/parse.ts'
import { type GeometryStrategy, toPostgresql } from '../adql/postgresql.ts'
import { resolveQuery } from '../adql/resolve.ts'
import type { ResultColumn } from '../adql/resolved.ts'
import type { Query } from '../adql/syntax.ts'
import { tablesOf } from '../adql/tables-of.ts'
import { lazily } from '../lazily.ts'
import { QueryBusyError, QueryServiceError } from './errors.ts'
import { fieldsOf } from './fields.ts'
import type { LiveTables, LiveTablesSource } from './live-tables.ts'
import { explainError } from './postgresql/explain.ts'
import { probeServer, type ServerFacts } from './postgresql/probe.ts'
import { RunningStatement } from './postgresql/running.ts'
import { beginSql } from './postgresql/session.ts'
import type { QueryRequest, QueryService, RunningQuery } from './service.ts'

export interface PostgresqlServiceOptions {
  /** Connections for queries and nothing else. */
  readonly pool: pg.Pool
  /** Whose rights queries have; null: those of the pool's login. */
  readonly role: string | null
  readonly geometry: GeometryStrategy | 'auto'
  readonly findFunction?: (name: string) => FunctionRow | undefined
  readonly limits?: Partial<Limits>
  readonly liveTables: LiveTablesSource
  readonly logger: QueryLogger
}

export interface QueryLogger {
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** Swaps do not follow each other faster than queries are resolved, but for a test. */
const MOST_ATTEMPTS = 20

/**
 * Answers queries from a PostgreSQL database, each in one transaction. It is sent as one message, the copy included:
 * names are resolved by what was live last, and the transaction itself tells if that is live still. Where it is not, the
 * query starts again with what is.
 */
export function openPostgresqlService(options: PostgresqlServiceOptions): QueryService {
  const { pool, role, liveTables, logger } = options
  const facts = lazily(() => probeServer(pool, options.geometry))

  async function start(request: QueryRequest): Promise<RunningQuery> {
    const parsed = parseQuery(request.adql, options.limits)
    const server = await facts()
    let live = await liveTables.latest()
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      const started = await tryWith(live, parsed, server, request)
      if (started !== undefined) return started
      live = await liveTables.refresh()
    }
    throw new QueryBusyError('The metadata of this service changes all the time: try again in a moment.')
  }

  /** undefined: `live` is not live any more. */
  async function tryWith(
    live: LiveTables,
    parsed: Query,
    server: ServerFacts,
    request: QueryRequest,
  ): Promise<RunningQuery | undefined> {
    const isLive = async () => (await liveTables.refresh()).identity === live.identity
    let plan: Plan
    try {
      plan = planQuery(parsed, live, server, request)
    } catch (error) {
      // It may be meant for what went live a moment ago.
      if (await isLive()) throw error
      return undefined
    }
    const { timeoutMs, signal } = request
    const begin = beginSql(server, role, timeoutMs)
    const lock = plan.readsSlot ? [live.lockSql] : []
    const text = [begin, 'set transaction read only', ...lock, liveTables.identitySql, plan.copySql, 'commit'].join(
      ';\n',
    )
    const client = await pool.connect()
    const running = new RunningStatement(client, pool, text, { timeoutMs, signal })
    const explain = (error: unknown) => {
      const failure = explainError(running.whyOf(error), { timeoutMs, tables: plan.tables })
      if (failure instanceof QueryServiceError) {
        logger.error('a query failed for a reason that is not the user’s', {
          error,
          adql: request.adql,
          sql: plan.copySql,
        })
      }
      return failure
    }
    try {
      await running.copy.begun
    } catch (error) {
      const [identity] = running.copy.rows
      if (identity === undefined ? !(await isLive()) : identity[0] !== live.identity) return undefined
      throw explain(error)
    }
    if (running.copy.rows[0]?.[0] !== live.identity) {
      await running.close()
      return undefined
    }
    return {
      columns: plan.columns,
      fields: fieldsOf(plan.columns),
      release: { version: live.version, identity: live.identity },
      rows: readRows(running, explain),
      close: () => running.close(),
    }
  }

  function planQuery(parsed: Query, live: LiveTables, server: ServerFacts, { maxRows }: QueryRequest): Plan {
    const { findFunction } = options
    const resolved = resolveQuery(parsed, live.tables, findFunction === undefined ? {} : { findFunction })
    const most = BigInt(maxRows === 0 ? 0 : maxRows + 1)
    const sql = toPostgresql(resolved, { geometry: server.geometry, maxRows: most })
    const tables = tablesOf(resolved)
    return {
      columns: resolved.columns,
      copySql: `copy (${sql}) to stdout (format binary)`,
      tables: [...tables].map(({ tapName }) => tapName),
      readsSlot: [...tables].some((table) => live.slotTables.has(table)),
    }
  }

  return { start }
}

interface Plan {
  readonly columns: readonly ResultColumn[]
  readonly copySql: string
  /** As TAP_SCHEMA calls them. */
  readonly tables: readonly string[]
  readonly readsSlot: boolean
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
