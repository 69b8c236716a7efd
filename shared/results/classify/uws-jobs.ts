import pg from 'pg'
import type { JobTable } from '../../environment/results.ts'
import { JobTableError } from '../result-failures.ts'
import type { Job, JobStore } from './jobs.ts'

/** What is needed of a pool. */
export interface JobDatabase {
  connect(): Promise<JobConnection>
}

export interface JobConnection {
  query<R extends pg.QueryResultRow>(config: pg.QueryConfig): Promise<pg.QueryResult<R>>
  /** @param error the connection is not to be used again */
  release(error?: Error): void
}

interface JobRow {
  readonly id: string
  readonly phase: string | null
  readonly destruction: string | null
  readonly deleted: string | null
}

/** For a connection that has died silently; a thousand ids take milliseconds. */
const TIMEOUT_MS = 60_000

/**
 * A table of jobs as CADC's UWS library keeps it in PostgreSQL; it is only read. Each question is a transaction of its
 * own, with its own snapshot, in which everything that could hide rows is an error instead.
 */
export function openUwsJobs(
  database: () => Promise<JobDatabase>,
  { table, ...columns }: Omit<JobTable, 'database' | 'graceMs'>,
): JobStore {
  const shown = table.join('.')
  const [id, phase] = [columns.idColumn, columns.phaseColumn].map(pg.escapeIdentifier)
  const deleted = pg.escapeIdentifier(columns.deletedColumn)
  const destruction = milliseconds(pg.escapeIdentifier(columns.destructionColumn))
  const creation = milliseconds(`max(${pg.escapeIdentifier(columns.creationColumn)})`)
  // Operators by their full names: where the search path has a schema in which others may create, one of theirs could
  // fit better.
  const find = (condition: string) => (from: string) =>
    `
    select ${id}::text as id,
           upper(${phase}::text) as phase,
           ${destruction} as destruction,
           ${deleted}::text as deleted
      from ${from}
     where ${condition}`
  // The first one can use the index with any type of the column.
  const [byValue, byText] = [
    find(`${id} operator(pg_catalog.=) any($1)`),
    find(`${id}::text operator(pg_catalog.=) any($1::text[])`),
  ]
  const inspect = (from: string) => `
    select ${creation} as newest,
           exists (select from ${from}) as filled,
           ${milliseconds('clock_timestamp()')} as now
      from ${from}`
  const ask = async <R extends pg.QueryResultRow>(
    text: (from: string) => string,
    values: readonly unknown[],
  ): Promise<R[]> => {
    try {
      return await readInTransaction(await (await database()).connect(), async (query) => {
        const from = await findTable(query, table)
        return query<R>(text(from), values)
      })
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
    async inspect() {
      const [row] = await ask<{ newest: string | null; filled: boolean; now: string }>(inspect, [])
      if (row === undefined) throw new JobTableError(shown, new Error('it did not answer'))
      // Jobs without a time of creation say nothing about how far the table reaches: everything is newer.
      const newest = row.filled ? Number(row.newest ?? Number.NEGATIVE_INFINITY) : null
      return { newest, now: Number(row.now) }
    },
  }
}

type Query = <R extends pg.QueryResultRow>(text: string, values?: readonly unknown[]) => Promise<R[]>

/**
 * With row_security off, a policy that would leave out rows makes the query fail (42501). The setting ends with the
 * transaction, so that it holds behind a pooler too; and so do the limits, whatever the database has.
 */
const BEGIN = `
  begin isolation level repeatable read, read only;
  set local row_security = off;
  set local idle_in_transaction_session_timeout = '60s';
  set local statement_timeout = ${TIMEOUT_MS};
  set local lock_timeout = ${TIMEOUT_MS};
  set local search_path = pg_catalog, pg_temp`

async function readInTransaction<T>(connection: JobConnection, work: (query: Query) => Promise<T>): Promise<T> {
  const query: Query = async <R extends pg.QueryResultRow>(text: string, values?: readonly unknown[]) => {
    const config: pg.QueryConfig & { readonly query_timeout: number } = { text, query_timeout: TIMEOUT_MS }
    return (await connection.query<R>(values === undefined ? config : { ...config, values: [...values] })).rows
  }
  try {
    await query(BEGIN)
    const answer = await work(query)
    await query('commit')
    connection.release()
    return answer
  } catch (error) {
    // Also one that a timeout has left in the middle of its answer.
    connection.release(error instanceof Error ? error : new Error(String(error)))
    throw error
  }
}

interface TableRow {
  readonly schema: string
  readonly kind: string
  readonly part: boolean
  readonly replica: boolean
}

/** A table without a schema is looked for in all of them: the search path could lead to a namesake. */
const TABLES = `
  select n.nspname::text as schema, c.relkind::text as kind, pg_is_in_recovery() as replica,
         exists (select from pg_catalog.pg_inherits i where i.inhrelid = c.oid) as part
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where c.relname = $1
     and case when $2::text is null
              then c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
              else n.nspname = $2::text end`

/** Tables that show every job, by pg_class.relkind. */
const WHOLE: ReadonlySet<string> = new Set(['r', 'p'])

const OTHER_KINDS: ReadonlyMap<string, string> = new Map([
  ['v', 'a view, which can leave jobs out'],
  ['m', 'a materialized view, which shows how the jobs were once'],
  ['f', 'a foreign table, which shows what another database lets it see'],
])

/**
 * The table as it is written in a query.
 *
 * @throws Error when it is not there, is not the only one of its name, or may not show every job as it is now
 */
async function findTable(query: Query, table: readonly string[]): Promise<string> {
  const [name = '', schema = null] = table.toReversed()
  const found = await query<TableRow>(TABLES, [name, schema])
  const [row, ...others] = found
  if (row === undefined) throw new Error('it does not exist')
  if (others.length > 0) {
    const schemas = found.map((one) => one.schema).sort()
    throw new Error(`there are tables of this name in ${schemas.join(', ')}: write the schema into results.jobs.table`)
  }
  if (row.replica) throw new Error('the database is a replica, which can lag behind: name the primary in results.jobs')
  if (!WHOLE.has(row.kind)) {
    const kind = OTHER_KINDS.get(row.kind) ?? 'not a table'
    throw new Error(`it is ${kind}: name the table itself in results.jobs.table`)
  }
  if (row.part) throw new Error('it is a part of another table: name the whole one in results.jobs.table')
  return [row.schema, name].map(pg.escapeIdentifier).join('.')
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
  if (found.size < rows.length) {
    const twice = rows.find(({ id }, index) => rows.findIndex((row) => row.id === id) < index)
    throw new JobTableError(table, new Error(`it has several rows for the job ${twice?.id}`))
  }
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
