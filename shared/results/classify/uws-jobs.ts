import pg from 'pg'
import type { JobTable } from '../../environment/results.ts'
import { JobTableError } from '../result-failures.ts'
import type { Job, JobStore } from './jobs.ts'
import { type JobDatabase, readJobTable } from './read-job-table.ts'

interface JobRow {
  readonly id: string
  readonly phase: string | null
  readonly destruction: string | null
  readonly deleted: string | null
  /** Its one result; undefined: the table does not say. */
  readonly result?: { readonly object: string; readonly generation: string } | null
}

/**
 * A table of jobs in PostgreSQL, of Almagest or as CADC's UWS library keeps it; it is only read. The columns are those of
 * the configuration, unless the table is Almagest's.
 */
export function openUwsJobs(
  database: () => Promise<JobDatabase>,
  { table, ...names }: Omit<JobTable, 'databases' | 'graceMs'>,
): JobStore {
  const shown = table.join('.')
  const configured = writeQuestions({
    id: pg.escapeIdentifier(names.idColumn),
    phase: pg.escapeIdentifier(names.phaseColumn),
    destruction: pg.escapeIdentifier(names.destructionColumn),
    deleted: pg.escapeIdentifier(names.deletedColumn),
    creation: pg.escapeIdentifier(names.creationColumn),
  })
  const ask = async <R extends pg.QueryResultRow>(
    question: keyof Questions,
    values: readonly unknown[],
  ): Promise<R[]> => {
    try {
      return await readJobTable(await (await database()).connect(), table, (query, { from, isOwn }) =>
        query<R>((isOwn ? OWN : configured)[question](from), values),
      )
    } catch (error) {
      throw new JobTableError(shown, error)
    }
  }
  return {
    async find(ids) {
      // No text of PostgreSQL holds a zero byte, but names of objects and their metadata can.
      const possible = ids.filter((job) => !job.includes('\0'))
      const rows = await ask<JobRow>('byValue', [possible]).catch((error: unknown) => {
        if (!isUnreadableId(error)) throw error
        return ask<JobRow>('byText', [possible])
      })
      return assignJobs(possible, rows, shown)
    },
    async inspect() {
      const [row] = await ask<{ newest: string | null; filled: boolean; now: string }>('inspect', [])
      if (row === undefined) throw new JobTableError(shown, new Error('it did not answer'))
      // Jobs without a time of creation say nothing about how far the table reaches: everything is newer.
      const newest = row.filled ? Number(row.newest ?? Number.NEGATIVE_INFINITY) : null
      return { newest, now: Number(row.now) }
    },
  }
}

/** SQL of what is read of a job. */
interface Columns {
  readonly id: string
  readonly phase: string
  readonly destruction: string
  readonly deleted: string
  readonly creation: string
  readonly result?: string
}

/** SQL by the table as it is written there. */
type Questions = Readonly<Record<'byValue' | 'byText' | 'inspect', (from: string) => string>>

/**
 * Operators by their full names: where the search path has a schema in which others may create, one of theirs could fit
 * better.
 */
function writeQuestions({ id, phase, destruction, deleted, creation, result }: Columns): Questions {
  const find = (condition: string) => (from: string) =>
    `
    select ${id}::text as id,
           upper(${phase}::text) as phase,
           ${milliseconds(destruction)} as destruction,
           (${deleted})::text as deleted
           ${result === undefined ? '' : `, ${result} as result`}
      from ${from}
     where ${condition}`
  return {
    // The first one can use the index with any type of the column.
    byValue: find(`${id} operator(pg_catalog.=) any($1)`),
    byText: find(`${id}::text operator(pg_catalog.=) any($1::text[])`),
    inspect: (from) => `
    select ${milliseconds(`max(${creation})`)} as newest,
           exists (select from ${from}) as filled,
           ${milliseconds('clock_timestamp()')} as now
      from ${from}`,
  }
}

/** Almagest's own table (shared/uws/job-table.ts). */
const OWN = writeQuestions({
  id: 'id',
  phase: 'phase',
  destruction: 'destruction',
  deleted: 'deleted_at is not null',
  creation: 'created_at',
  result: 'result',
})

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

function readJob({ phase, destruction, deleted, result }: JobRow): Job {
  return {
    ...(result === undefined ? {} : { result }),
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
