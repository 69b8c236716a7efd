import { AdqlError } from '../adql/error.ts'
import type { Limits } from '../adql/limits.ts'
import type { TableMetadata } from '../adql/metadata.ts'
import { parseQuery } from '../adql/parse.ts'
import type { QservClient } from '../qserv/client.ts'
import { QueryBusyError, QueryUnavailableError } from './errors.ts'
import { fieldsOf } from './fields.ts'
import type { LiveTables, LiveTablesSource } from './live-tables.ts'
import type { QueryLogger } from './postgresql/work.ts'
import { CarriedTables, uploadDatabase } from './qserv/carried-tables.ts'
import { planForQserv, type QservPlan, type QservPlanOptions } from './qserv/plan.ts'
import { runNow } from './qserv/run-now.ts'
import type { SyncLedger } from './qserv/sync-ledger.ts'
import type { QueryRequest, QueryService } from './service.ts'

export interface QservServiceOptions<Release extends LiveTables = LiveTables> extends QservPlanOptions {
  readonly client: QservClient
  /** Answers TAP_SCHEMA, and the schemas of `schemas`. */
  readonly postgresql: QueryService<Release>
  readonly liveTables: LiveTablesSource<Release>
  readonly limits?: Partial<Limits>
  readonly logger: QueryLogger
  /** Whether the text NULL is NULL in columns of text. */
  readonly nullText: boolean
  readonly maxResultBytes: number
  /** Queries at once, of this process. */
  readonly maxQueries: number
  /** How long Qserv may take to load an uploaded table. */
  readonly ingestMs: number
  /** Left out: nothing is written, and no tables can be uploaded. */
  readonly ledger?: SyncLedger
  /** null: queries are answered; else why they are not. */
  readonly maintenance: string | null
}

export interface QservService<Release extends LiveTables = LiveTables> extends QueryService<Release> {
  /**
   * What Qserv is to be sent for a query; null: PostgreSQL answers it.
   *
   * @param carried what it can name beside the tables of the service
   * @throws AdqlError, QueryServiceError, Failures of loading the metadata
   */
  plan(
    request: Pick<QueryRequest, 'adql'> & { readonly limit: number },
    carried: readonly TableMetadata[],
  ): Promise<QservPlan<Release> | null>
}

/**
 * Answers queries from Qserv, those of TAP_SCHEMA from PostgreSQL. For somebody who waits: what takes longer is a job.
 */
export function openQservService<Release extends LiveTables>(
  options: QservServiceOptions<Release>,
): QservService<Release> {
  const { postgresql, liveTables, maxQueries, maintenance } = options
  let running = 0
  return {
    plan: ({ adql, limit }, carried) =>
      planForQserv(parseQuery(adql, options.limits), liveTables, carried, limit, options),
    async start(request) {
      const { adql, maxRows, uploads, userTables } = request
      try {
        const parsed = parseQuery(adql, options.limits)
        const entry = options.ledger?.newEntry() ?? null
        const database = uploadDatabase(entry?.id ?? '')
        const carried = new CarriedTables(database, uploads, userTables)
        const plan = await planForQserv(parsed, liveTables, carried.described, maxRows + 1, options)
        if (plan === null) return await postgresql.start(request)
        const { columns, live } = plan
        // Its columns are all that is asked for.
        if (maxRows === 0)
          return { columns, fields: fieldsOf(columns), release: live, rows: NO_ROWS, close: async () => {} }
        if (maintenance !== null) throw new QueryUnavailableError(maintenance)
        const isCarrying = carried.isNeededBy(plan)
        if (isCarrying && entry === null) throw noUploads(plan.resolved.body.span)
        if (running >= maxQueries) {
          throw new QueryBusyError(
            `${maxQueries} sync queries run in Qserv already, as many as may at once: try again in a moment, or run it as an asynchronous job.`,
          )
        }
        running += 1
        const leave = once(() => {
          running -= 1
        })
        try {
          const ingest = (signal: AbortSignal) => carried.load(options.client, plan, signal)
          const found = await runNow(plan, request, options, {
            entry,
            uploads: isCarrying ? { database, ingest, mayBeLoading: () => carried.mayBeLoading } : null,
          })
          return {
            ...found,
            close: async () => {
              await found.close()
              leave()
            },
          }
        } catch (error) {
          leave()
          throw error
        }
      } finally {
        await Promise.allSettled(uploads.map(({ table }) => table.close()))
      }
    },
  }
}

const NO_ROWS: AsyncIterable<Uint8Array> = { async *[Symbol.asyncIterator]() {} }

function noUploads(span: AdqlError['span']): AdqlError {
  const message =
    'Uploaded tables cannot be joined with tables of Qserv here: this service keeps no jobs, beside which it would note what it loads.'
  return new AdqlError('unsupported', message, span, { reason: 'upload' })
}

function once(action: () => void): () => void {
  let done = false
  return () => {
    if (!done) action()
    done = true
  }
}
