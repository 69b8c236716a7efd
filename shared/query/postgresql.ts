import type pg from 'pg'
import type { FunctionSet } from '../adql/functions/function-set.ts'
import type { Limits } from '../adql/limits.ts'
import { parseQuery } from '../adql/parse.ts'
import type { GeometryStrategy } from '../adql/postgresql.ts'
import { lazily } from '../lazily.ts'
import type { LiveTables, LiveTablesSource } from './live-tables.ts'
import { probeServer } from './postgresql/probe.ts'
import { startAtOnce } from './postgresql/start-at-once.ts'
import { startPrepared } from './postgresql/start-prepared.ts'
import { type Backend, factsOf, type QueryLogger, type Work } from './postgresql/work.ts'
import type { QueryService } from './service.ts'

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

/** Answers queries from a PostgreSQL database, each in one transaction that reads and nothing else. */
export function openPostgresqlService<Release extends LiveTables>(
  options: PostgresqlServiceOptions<Release>,
): QueryService<Release> {
  const { pool, role, slotPool, functions, schemas = null, liveTables, logger } = options
  const data = openBackend(pool, role, options.geometry)
  const slot = slotPool === undefined ? data : openBackend(slotPool, null, 'portable')
  const service = { data, slot, liveTables, logger, plan: { functions, schemas, slotBesideData: slot === data } }
  return {
    async start(request) {
      const startedAt = performance.now()
      try {
        const parsed = parseQuery(request.adql, options.limits)
        const work: Work<Release> = { ...service, request, parsed, startedAt }
        const { conformingStrings } = await factsOf(data)
        return await (request.uploads.length > 0 || !conformingStrings ? startPrepared(work) : startAtOnce(work))
      } catch (error) {
        await Promise.allSettled(request.uploads.map(({ table }) => table.close()))
        throw error
      }
    },
  }
}

function openBackend(pool: pg.Pool, role: string | null, geometry: GeometryStrategy | 'auto'): Backend {
  return { pool, role, facts: lazily(() => probeServer(pool, geometry)) }
}
