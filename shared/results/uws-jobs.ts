import pg from 'pg'
import type { JobTable } from '../environment/results-model.ts'
import { JobTableError } from './failures.ts'
import type { Job, JobStore } from './jobs.ts'

/** What is needed of a pool. */
export interface Queryable {
  query<R extends pg.QueryResultRow>(config: pg.QueryConfig): Promise<pg.QueryResult<R>>
}

interface JobRow {
  readonly id: string
  readonly phase: string | null
  readonly destruction: number | null
  readonly deleted: boolean
}

/** For a connection that has died silently; a thousand ids take milliseconds. */
const TIMEOUT_MS = 60_000

/** A table of jobs as CADC's UWS library keeps it in PostgreSQL; it is only read. */
export function openUwsJobs(pool: () => Promise<Queryable>, { table, columns }: Omit<JobTable, 'database'>): JobStore {
  const shown = table.join('.')
  const from = table.map((part) => pg.escapeIdentifier(part)).join('.')
  const [id, phase, destruction] = [columns.id, columns.phase, columns.destruction].map(pg.escapeIdentifier)
  const [deleted, creation] = [columns.deleted, columns.creation].map(pg.escapeIdentifier)
  // extract(epoch …) takes a timestamp without time zone for UTC, which is what CADC writes.
  const find = `
    select ${id}::text as id,
           upper(${phase}::text) as phase,
           extract(epoch from ${destruction})::float8 * 1000 as destruction,
           coalesce(${deleted}::text, '0') not in ('0', 'f', 'false') as deleted
      from ${from}
     where ${id} = any($1)`
  const newest = `select extract(epoch from max(${creation}))::float8 * 1000 as newest, 
                         exists (select from ${from}) as filled
                    from ${from}`
  const ask = async <R extends pg.QueryResultRow>(text: string, values: readonly unknown[]): Promise<R[]> => {
    try {
      const query: pg.QueryConfig & { readonly query_timeout: number } = {
        text,
        values: [...values],
        query_timeout: TIMEOUT_MS,
      }
      return (await (await pool()).query<R>(query)).rows
    } catch (error) {
      throw new JobTableError(shown, error)
    }
  }
  return {
    async find(ids) {
      const rows = await ask<JobRow>(find, [ids])
      return new Map(rows.map((row) => [row.id, readJob(row)]))
    },
    async newest() {
      const [row] = await ask<{ newest: number | null; filled: boolean }>(newest, [])
      // Jobs without a time of creation tell nothing about how far the table reaches: everything is newer.
      return row?.filled === true ? (row.newest ?? Number.NEGATIVE_INFINITY) : null
    },
  }
}

function readJob({ phase, destruction, deleted }: JobRow): Job {
  return { phase: phase?.trim() ?? '', destruction, deletedByUser: deleted }
}
