import type pg from 'pg'
import { JOB_COLUMNS, type Job, type JobError, type JobResult, type JobRow, jobFromRow } from './job.ts'
import { QuotaError, type Verdict } from './quota.ts'

/**
 * What a worker does with a job. A claim raises the fence; every later write names it, so a worker that was frozen and
 * wakes up changes nothing (DESIGN §8.3 rules 1 and 2).
 */

export interface Claim {
  readonly id: string
  readonly fence: string
}

/**
 * QUEUED → EXECUTING, for one worker. undefined: it is not queued, or somebody else has it, or it is gone.
 *
 * @param leaseSeconds how long the worker may be silent
 */
export async function claimJob(pool: pg.Pool, id: string, leaseSeconds: number): Promise<Job | undefined> {
  const { rows } = await pool.query<JobRow>(
    `update uws.job
        set phase = 'EXECUTING',
            fence = fence + 1,
            started_at = clock_timestamp(),
            lease_until = clock_timestamp() + make_interval(secs => $2)
      where id = $1 and phase = 'QUEUED' and deleted_at is null
  returning ${JOB_COLUMNS}`,
    [id, leaseSeconds],
  )
  return rows[0] === undefined ? undefined : jobFromRow(rows[0])
}

/** Whether the claim still holds; if so, for `leaseSeconds` more. */
export async function renewLease(pool: pg.Pool, { id, fence }: Claim, leaseSeconds: number): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update uws.job set lease_until = clock_timestamp() + make_interval(secs => $3)
      where id = $1 and fence = $2 and phase = 'EXECUTING'`,
    [id, fence, leaseSeconds],
  )
  return rowCount === 1
}

/** Whether the claim still holds: an abort, a deletion or another worker ends it. */
export async function holdsClaim(pool: pg.Pool, { id, fence }: Claim): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'uws_holds_claim',
    text: `select from uws.job where id = $1 and fence = $2 and phase = 'EXECUTING'`,
    values: [id, fence],
  })
  return rowCount === 1
}

/**
 * EXECUTING → COMPLETED, once the object is there (rule 3).
 *
 * @returns false: the claim no longer held, and nothing was changed
 * @throws QuotaError when the owner would have more bytes than he may, with nothing changed
 */
export async function completeJob(
  pool: pg.Pool,
  { id, fence }: Claim,
  result: JobResult,
  release: string | null,
): Promise<boolean> {
  const { rows } = await pool.query<Verdict & { readonly byte_limit: string; readonly completed: boolean }>(
    `with verdict as materialized (
       select byte_limit,
              uws.quota_reached(server, owner, jsonb_strip_nulls(jsonb_build_object('storedBytes', byte_limit)), $5) as reached
         from uws.job where id = $1 and fence = $2 and phase = 'EXECUTING'),
          completed as (
       update uws.job set phase = 'COMPLETED', ended_at = clock_timestamp(), lease_until = null, result = $3, release = $4
         from verdict where id = $1 and fence = $2 and phase = 'EXECUTING' and reached is null
       returning id)
     select reached, verdict.byte_limit, id is not null as completed from verdict left join completed on true`,
    [id, fence, JSON.stringify(result), release, result.bytes],
  )
  const [row] = rows
  if (row === undefined) return false
  if (row.reached !== null) throw new QuotaError(row.reached, { storedBytes: Number(row.byte_limit) })
  return row.completed
}

/** EXECUTING → ERROR. */
export function failJob(pool: pg.Pool, claim: Claim, error: JobError): Promise<boolean> {
  return finish(pool, claim, 'ERROR', 'error = $4', JSON.stringify(error))
}

/** EXECUTING → ABORTED: the execution time is over (UWS 1.1 §2.1.5). */
export function expireJob(pool: pg.Pool, claim: Claim, message: string): Promise<boolean> {
  return finish(pool, claim, 'ABORTED', 'error = $4', JSON.stringify({ type: 'fatal', message }))
}

/** EXECUTING → QUEUED, for another worker: this one could not do it now. */
export async function returnJob(pool: pg.Pool, { id, fence }: Claim): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update uws.job set phase = 'QUEUED', started_at = null, lease_until = null, dispatched_at = null, repeats = 0
      where id = $1 and fence = $2 and phase = 'EXECUTING'`,
    [id, fence],
  )
  return rowCount === 1
}

async function finish(
  pool: pg.Pool,
  { id, fence }: Claim,
  phase: 'ERROR' | 'ABORTED',
  assignments: string,
  ...values: readonly unknown[]
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update uws.job set phase = $3, ended_at = clock_timestamp(), lease_until = null, ${assignments}
      where id = $1 and fence = $2 and phase = 'EXECUTING'`,
    [id, fence, phase, ...values],
  )
  return rowCount === 1
}
