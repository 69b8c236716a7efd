import type pg from 'pg'
import { JOB_COLUMNS, type Job, type JobRow, jobFromRow, type Parameter, type StoredUpload } from './job.ts'
import type { Phase } from './phase.ts'

/**
 * What a user changes about a job. Each is one statement that names the phases from which it may be done (DESIGN §8.3
 * rule 1); undefined: the job is in none of them any more, or is gone. Read it again to see which.
 */

/** PENDING → QUEUED (`PHASE=RUN`). */
export function queueJob(pool: pg.Pool, id: string): Promise<Job | undefined> {
  return change(pool, id, ['PENDING'], `phase = 'QUEUED'`)
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

export function setParameters(
  pool: pg.Pool,
  id: string,
  runId: string | null,
  parameters: readonly Parameter[],
  uploads: readonly StoredUpload[],
): Promise<Job | undefined> {
  return change(
    pool,
    id,
    ['PENDING'],
    'run_id = $3, parameters = $4, uploads = $5',
    runId,
    JSON.stringify(parameters),
    JSON.stringify(uploads),
  )
}

export function setExecutionSeconds(pool: pg.Pool, id: string, seconds: number): Promise<Job | undefined> {
  return change(pool, id, ['PENDING', 'QUEUED'], 'execution_seconds = $3', seconds)
}

/** Not later than `longestSeconds` after its creation, and not before now. */
export function setDestruction(
  pool: pg.Pool,
  id: string,
  wanted: Date,
  longestSeconds: number,
): Promise<Job | undefined> {
  const latest = 'created_at + make_interval(secs => $4)'
  const destruction = `destruction = greatest(least($3::timestamptz, ${latest}), clock_timestamp())`
  return change(pool, id, ANY_PHASE, destruction, wanted, longestSeconds)
}

const ANY_PHASE: readonly Phase[] = ['PENDING', 'QUEUED', 'EXECUTING', 'COMPLETED', 'ERROR', 'ABORTED', 'ARCHIVED']

/**
 * Nobody sees it any more; one that is still active is aborted with it. The row stays until its objects are deleted.
 *
 * @returns whether it was there
 */
export async function deleteJob(pool: pg.Pool, id: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update uws.job
        set deleted_at = clock_timestamp(),
            lease_until = null,
            ended_at = coalesce(ended_at, clock_timestamp()),
            phase = case when phase in ('PENDING', 'QUEUED', 'EXECUTING') then 'ABORTED' else phase end
      where id = $1 and deleted_at is null`,
    [id],
  )
  return rowCount === 1
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
      where id = $1 and phase = any ($2) and deleted_at is null
  returning ${JOB_COLUMNS}`,
    [id, from, ...values],
  )
  return rows[0] === undefined ? undefined : jobFromRow(rows[0])
}
