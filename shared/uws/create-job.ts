import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { JOB_COLUMNS, type Job, type JobRow, jobFromRow, type Parameter, type StoredUpload } from './job.ts'
import { type Limits, QuotaError, type Verdict } from './quota.ts'

export interface NewJob {
  readonly id: string
  readonly server: string
  readonly owner: string | null
  readonly runId: string | null
  readonly parameters: readonly Parameter[]
  readonly uploads: readonly StoredUpload[]
  readonly executionSeconds: number
  /** How long the job is kept. */
  readonly keptSeconds: number
  /** Whether it is to run at once: `PHASE=RUN` in the creating request. */
  readonly run: boolean
}

/** An id that nobody guesses (128 bits): who knows that of an anonymous job may do everything with it. */
export function newJobId(): string {
  return randomBytes(16).toString('hex')
}

/**
 * A job in phase PENDING, or QUEUED (UWS 1.1 §2.2.3.1).
 *
 * @param limits of the owner: what it takes up is counted in the same transaction
 * @throws QuotaError
 */
export async function createJob(pool: pg.Pool, job: NewJob, limits: Limits = {}): Promise<Job> {
  const bytes = job.uploads.reduce((sum, upload) => sum + upload.bytes, 0)
  const { underway, queued, storedBytes } = limits
  const counted = job.run ? { underway, queued, storedBytes } : bytes > 0 ? { storedBytes } : {}
  const { rows } = await pool.query<JobRow & Verdict>(
    `with verdict as materialized (select uws.quota_reached($2, $3, $10, $11) as reached),
          created as (
       insert into uws.job (id, server, owner, run_id, phase, execution_seconds, destruction, parameters, uploads, byte_limit)
       select $1, $2, $3, $4, $5, $6, clock_timestamp() + make_interval(secs => $7), $8, $9, $12
         from verdict where reached is null
       returning ${JOB_COLUMNS})
     select verdict.reached, created.* from verdict left join created on true`,
    [
      job.id,
      job.server,
      job.owner,
      job.runId,
      job.run ? 'QUEUED' : 'PENDING',
      job.executionSeconds,
      job.keptSeconds,
      JSON.stringify(job.parameters),
      JSON.stringify(job.uploads),
      JSON.stringify(counted),
      bytes,
      storedBytes ?? null,
    ],
  )
  const [row] = rows
  if (row === undefined) throw new Error('the new job was not returned')
  if (row.reached !== null) throw new QuotaError(row.reached, limits)
  return jobFromRow(row)
}
