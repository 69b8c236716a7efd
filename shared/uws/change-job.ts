import type pg from 'pg'
import { JOB_COLUMNS, type Job, type JobRow, jobFromRow, type Parameter, type StoredUpload } from './job.ts'
import type { Phase } from './phase.ts'
import { type LimitName, type Limits, QuotaError, type Verdict } from './quota.ts'

/**
 * What a user changes about a job. Each is one statement that names the phases from which it may be done (DESIGN §8.3
 * rule 1); undefined: the job is in none of them any more, or is gone. Read it again to see which.
 */

/**
 * PENDING → QUEUED (`PHASE=RUN`).
 *
 * @param limits of the owner: what he has is counted in the same transaction
 * @throws QuotaError, with nothing changed
 */
export function queueJob(pool: pg.Pool, id: string, limits: Limits = {}): Promise<Job | undefined> {
  const { underway, queued, storedBytes } = limits
  const counted = { limits: { underway, queued, storedBytes }, moreBytes: 0 }
  return changeWithin(pool, id, counted, `phase = 'QUEUED', byte_limit = $4`, storedBytes ?? null)
}

/**
 * → ABORTED. Who works on it sees that soon, and stops; nothing that it writes counts any more.
 *
 * @param reason what the error document says; null: the user wanted it
 */
export function abortJob(pool: pg.Pool, id: string, reason: string | null = null): Promise<Job | undefined> {
  const error = reason === null ? null : JSON.stringify({ type: 'transient', message: reason })
  return change(
    pool,
    id,
    ['PENDING', 'QUEUED', 'EXECUTING'],
    `phase = 'ABORTED', ended_at = clock_timestamp(), lease_until = null, error = $3`,
    error,
  )
}

export interface NewParameters {
  readonly runId: string | null
  readonly parameters: readonly Parameter[]
  readonly uploads: readonly StoredUpload[]
  /** Of the uploads, those that were not there before. */
  readonly moreBytes: number
}

/** @throws QuotaError, with nothing changed */
export function setParameters(
  pool: pg.Pool,
  id: string,
  { runId, parameters, uploads, moreBytes }: NewParameters,
  { storedBytes }: Limits = {},
): Promise<Job | undefined> {
  const counted = { limits: moreBytes > 0 ? { storedBytes } : {}, moreBytes }
  const assignments = 'run_id = $4, parameters = $5, uploads = $6'
  return changeWithin(pool, id, counted, assignments, runId, JSON.stringify(parameters), JSON.stringify(uploads))
}

/** The mark that its owner knows a job by: it changes nothing about the query, so it can be given at any time. */
export function renameJob(pool: pg.Pool, id: string, runId: string | null): Promise<Job | undefined> {
  return change(pool, id, [...WITH_RESULT, 'ARCHIVED'], 'run_id = $3', runId)
}

export function setExecutionSeconds(pool: pg.Pool, id: string, seconds: number): Promise<Job | undefined> {
  return change(pool, id, ['PENDING', 'QUEUED'], 'execution_seconds = $3', seconds)
}

/** Not later than `longestSeconds` after its creation, and not before now. What is archived has no result any more. */
export function setDestruction(
  pool: pg.Pool,
  id: string,
  wanted: Date,
  longestSeconds: number,
): Promise<Job | undefined> {
  const latest = 'created_at + make_interval(secs => $4)'
  const destruction = `destruction = greatest(least($3::timestamptz, ${latest}), clock_timestamp())`
  return change(pool, id, WITH_RESULT, destruction, wanted, longestSeconds)
}

const WITH_RESULT: readonly Phase[] = ['PENDING', 'QUEUED', 'EXECUTING', 'COMPLETED', 'ERROR', 'ABORTED']

/**
 * Nobody sees it any more; one that is still active is aborted with it. The row stays until its objects are deleted.
 *
 * @returns whether it was there; a sync query that runs is its client's, and kept
 */
export async function deleteJob(pool: pg.Pool, id: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update uws.job
        set deleted_at = clock_timestamp(),
            lease_until = null,
            ended_at = coalesce(ended_at, clock_timestamp()),
            phase = case when phase in ('PENDING', 'QUEUED', 'EXECUTING') then 'ABORTED' else phase end
      where id = $1 and deleted_at is null and not (mode = 'sync' and phase = 'EXECUTING')`,
    [id],
  )
  return rowCount === 1
}

interface Counted {
  readonly limits: { readonly [K in LimitName]?: number | undefined }
  readonly moreBytes: number
}

/** A change of a PENDING job that its owner's quota must have room for. */
async function changeWithin(
  pool: pg.Pool,
  id: string,
  { limits, moreBytes }: Counted,
  assignments: string,
  ...values: readonly unknown[]
): Promise<Job | undefined> {
  const { rows } = await pool.query<Verdict & { readonly [K in keyof JobRow]: JobRow[K] | null }>(
    `with verdict as materialized (
       select uws.quota_reached(server, owner, $2, $3) as reached
         from uws.job where id = $1 and phase = 'PENDING' and deleted_at is null),
          changed as (
       update uws.job set ${assignments}
         from verdict where id = $1 and phase = 'PENDING' and deleted_at is null and reached is null
       returning ${JOB_COLUMNS})
     select verdict.reached, changed.* from verdict left join changed on true`,
    [id, JSON.stringify(limits), moreBytes, ...values],
  )
  const [row] = rows
  if (row === undefined) return undefined
  if (row.reached !== null) throw new QuotaError(row.reached, limits)
  return row.id === null ? undefined : jobFromRow(row as JobRow)
}

async function change(
  pool: pg.Pool,
  id: string,
  from: readonly Phase[],
  assignments: string,
  ...values: readonly unknown[]
): Promise<Job | undefined> {
  const { rows } = await pool.query<JobRow>(
    `update uws.job set ${assignments}
      where id = $1 and phase = any ($2) and deleted_at is null and not (mode = 'sync' and phase = 'EXECUTING')
  returning ${JOB_COLUMNS}`,
    [id, from, ...values],
  )
  return rows[0] === undefined ? undefined : jobFromRow(rows[0])
}
