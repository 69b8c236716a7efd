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
  readonly destruction: string | null
  readonly deleted: string | null
}

/** For a connection that has died silently; a thousand ids take milliseconds. */
const TIMEOUT_MS = 60_000

/** A table of jobs as CADC's UWS library keeps it in PostgreSQL; it is only read. */
export function openUwsJobs(pool: () => Promise<Queryable>, { table, columns }: Omit<JobTable, 'database'>): JobStore {
  const shown = table.join('.')
  const from = table.map((part) => pg.escapeIdentifier(part)).join('.')
  const [id, phase] = [columns.id, columns.phase].map(pg.escapeIdentifier)
  const deleted = pg.escapeIdentifier(columns.deleted)
  const destruction = milliseconds(pg.escapeIdentifier(columns.destruction))
  const creation = milliseconds(`max(${pg.escapeIdentifier(columns.creation)})`)
  // Operators by their full names: where the search path has a schema in which others may create, one of theirs could
  // fit better.
  const find = (condition: string) => `
    select ${id}::text as id,
           upper(${phase}::text) as phase,
           ${destruction} as destruction,
           ${deleted}::text as deleted
      from ${from}
     where ${condition}`
  // The first one can use the index whatever the type of the column is.
  const [byValue, byText] = [
    find(`${id} operator(pg_catalog.=) any($1)`),
    find(`${id}::text operator(pg_catalog.=) any($1::text[])`),
  ]
  const newest = `select ${creation} as newest,
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
      // No text of PostgreSQL holds a zero byte, but names of objects and their metadata can.
      const possible = ids.filter((job) => !job.includes('\0'))
      const rows = await ask<JobRow>(byValue, [possible]).catch((error: unknown) => {
        if (!isUnreadableId(error)) throw error
        return ask<JobRow>(byText, [possible])
      })
      return assignJobs(possible, rows, shown)
    },
    async newest() {
      const [row] = await ask<{ newest: string | null; filled: boolean }>(newest, [])
      // Jobs without a time of creation tell nothing about how far the table reaches: everything is newer.
      return row?.filled === true ? Number(row.newest ?? Number.NEGATIVE_INFINITY) : null
    },
  }
}

/**
 * A time as whole milliseconds since 1970: a database can be set to write floating point numbers with few digits
 * (extra_float_digits). Infinite times are the last ones of the years 287396 before and after. extract(epoch …) takes a
 * timestamp without time zone for UTC, which is what CADC writes.
 */
function milliseconds(time: string): string {
  const exact = `extract(epoch from ${time})::float8 operator(pg_catalog.*) 1000::float8`
  return `case when ${time} is not null then least(greatest(${exact}, -9e15::float8), 9e15::float8)::int8 end`
}

/** invalid_text_representation, numeric_value_out_of_range: no UUID, say, where the column holds UUIDs. */
const UNREADABLE: ReadonlySet<unknown> = new Set(['22P02', '22003'])

function isUnreadableId(error: unknown): boolean {
  const cause = error instanceof JobTableError ? error.cause : undefined
  return cause instanceof Error && 'code' in cause && UNREADABLE.has(cause.code)
}

/**
 * The jobs under the ids that were asked for. A column of UUIDs, numbers or case-insensitive text finds a job by another
 * spelling too, and its results must not be taken for orphans.
 */
function assignJobs(asked: readonly string[], rows: readonly JobRow[], table: string): ReadonlyMap<string, Job> {
  const found = new Map(rows.map((row) => [row.id, readJob(row)]))
  const spelt = new Set(asked)
  const others = new Map(rows.flatMap(({ id }) => (spelt.has(id) ? [] : [[foldId(id), id]])))
  if (others.size === 0) return found
  const explained = new Set<string>()
  for (const id of asked) {
    const other = others.get(foldId(id))
    const job = other === undefined || found.has(id) ? undefined : found.get(other)
    if (other === undefined || job === undefined) continue
    found.set(id, job)
    explained.add(other)
  }
  const [unexplained] = [...others.values()].filter((id) => !explained.has(id))
  if (unexplained === undefined) return found
  throw new JobTableError(table, new Error(`it takes the id ${unexplained} for one that is spelt differently`))
}

function foldId(id: string): string {
  return id.trimEnd().toLowerCase()
}

function readJob({ phase, destruction, deleted }: JobRow): Job {
  return {
    phase: phase?.trim() ?? '',
    destruction: destruction === null ? null : Number(destruction),
    deletedByUser: readTruth(deleted),
  }
}

const YES: ReadonlySet<string> = new Set(['t', 'true', 'y', 'yes', 'on'])

/** A truth value or a number. Whatever else is there deletes nothing. */
function readTruth(text: string | null): boolean {
  const said = (text ?? '').trim().toLowerCase()
  return YES.has(said) || (/^-?\d+(?:\.\d*)?$/.test(said) && Number(said) !== 0)
}
