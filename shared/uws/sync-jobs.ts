import type pg from 'pg'
import type { JobError, Parameter } from './job.ts'
import { type Limits, QuotaError } from './quota.ts'

/**
 * Sync queries in the table of jobs: for the record and the quotas. Such a job ends with the connection of its client,
 * and cannot be started or aborted in the table; one whose instance died is ended by `takeBackSilent`.
 */

export interface NewSyncJob {
  readonly id: string
  readonly server: string
  readonly owner: string | null
  readonly runId: string | null
  readonly parameters: readonly Parameter[]
  /** How long the query may take at most, with all that follows it. */
  readonly executionSeconds: number
  readonly keptSeconds: number
}

/** After the longest that the query may take, so long until it counts as dead. */
const GRACE_SECONDS = 30

/** A sync query that starts. @throws QuotaError */
export async function createSyncJob(pool: pg.Pool, job: NewSyncJob, { sync }: Limits): Promise<void> {
  const limits: Limits = sync === undefined ? {} : { sync }
  const { rows } = await pool.query<{ reached: 'sync' | null }>({
    name: 'uws_create_sync_job',
    text: `with verdict as materialized (select uws.quota_reached($2, $3, $8, 0) as reached),
                created as (
             insert into uws.job (id, server, owner, run_id, mode, phase, fence, started_at, execution_seconds,
                                  lease_until, destruction, parameters, cleared_at)
             select $1, $2, $3, $4, 'sync', 'EXECUTING', 1, clock_timestamp(), $5::integer,
                    clock_timestamp() + make_interval(secs => $5::integer + ${GRACE_SECONDS}),
                    clock_timestamp() + make_interval(secs => $6), $7, clock_timestamp()
               from verdict where reached is null)
           select reached from verdict`,
    values: [
      job.id,
      job.server,
      job.owner,
      job.runId,
      job.executionSeconds,
      job.keptSeconds,
      JSON.stringify(job.parameters),
      JSON.stringify(limits),
    ],
  })
  const reached = rows[0]?.reached ?? null
  if (reached !== null) throw new QuotaError(reached, limits)
}

/** How a sync query ended. */
export interface SyncEnd {
  readonly phase: 'COMPLETED' | 'ERROR' | 'ABORTED'
  readonly error: JobError | null
  readonly release: string | null
}

export async function endSyncJob(pool: pg.Pool, id: string, { phase, error, release }: SyncEnd): Promise<void> {
  await pool.query({
    name: 'uws_end_sync_job',
    text: `update uws.job
              set phase = $2, error = $3, release = $4, ended_at = clock_timestamp(), lease_until = null
            where id = $1 and phase = 'EXECUTING' and mode = 'sync'`,
    values: [id, phase, error === null ? null : JSON.stringify(error), release],
  })
}
