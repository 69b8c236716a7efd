import { noteFailedQuery } from '../../shared/deployment/note-failed-query.ts'
import { noteQuota } from '../../shared/deployment/note-quota.ts'
import { removeObjects } from '../../shared/deployment/remove-objects.ts'
import type { JobBackend, ServedTap } from '../../shared/deployment/served-tap.ts'
import { Failure } from '../../shared/failure.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { isConnectionRetryable } from '../../shared/platform/postgres/connection-failures.ts'
import { QueryLimitError, QueryUnavailableError } from '../../shared/query/errors.ts'
import { describeQueryError } from '../../shared/tap/describe-query-error.ts'
import { attemptPrefix } from '../../shared/tap/job-objects.ts'
import type { Job, JobResult } from '../../shared/uws/job.ts'
import { QuotaError } from '../../shared/uws/quota.ts'
import { completeJob, expireJob, failJob } from '../../shared/uws/work-on-job.ts'

/** A result that there is no room for, or that nobody wants any more, is deleted. @returns whether it is wanted */
export async function completeOrRemove(
  { pool, bucket }: JobBackend,
  job: Job,
  result: JobResult,
  release: string,
): Promise<boolean> {
  const remove = () => bucket.remove(result.object, result.generation)
  try {
    const completed = await completeJob(pool, job, result, release)
    if (!completed) await remove()
    return completed
  } catch (error) {
    // After any other error the job may be completed: then the result must be there.
    if (error instanceof QuotaError) await remove()
    throw error
  }
}

/** An upload that was broken off may have been complete already; by then nobody else may look for the object. */
export async function removeAttempt({ bucket }: JobBackend, { id, fence }: Job, logger: Logger): Promise<void> {
  await removeObjects(bucket, attemptPrefix(id, fence)).catch((error: unknown) =>
    logger.warning('what was written of a result is left to collect-results', { job: id, error }),
  )
}

/** A connection to the table of jobs that broke is no fault of the query: another worker goes on where this one stopped. */
export function explainBroken(error: unknown): unknown {
  if (!isConnectionRetryable(error)) return error
  return new QueryUnavailableError('The database of the jobs cannot be reached now: try again in a moment.', error)
}

/** Ends a job whose query did not end well, for good. @returns false: somebody else had it already */
export async function endJob(
  served: ServedTap,
  jobs: JobBackend,
  job: Job,
  error: unknown,
  logger: Logger,
): Promise<boolean> {
  const { pool } = jobs
  const fields = { job: job.id, server: job.server, error }
  if (error instanceof QuotaError) {
    const isEnded = await failJob(pool, job, { type: 'transient', message: error.message })
    await noteQuota(jobs, { ...job, error, logger })
    logger.info('the result is more than its owner may keep', fields)
    return isEnded
  }
  if (error instanceof QueryLimitError && error.limit === 'time') {
    logger.info('the job ran out of time', fields)
    return await expireJob(pool, job, timeIsUp(job.executionSeconds))
  }
  const query = job.parameters.find(({ name }) => name === 'QUERY')?.value ?? ''
  const isOurs = !(error instanceof Failure) || error.kind === 'misconfigured'
  const type = error instanceof Failure && !error.permanent ? 'transient' : 'fatal'
  const isEnded = await failJob(pool, job, { type, message: describeQueryError(error, query) })
  logger[isOurs ? 'error' : 'info']('the job failed', fields)
  await noteFailedQuery(served, error, logger)
  return isEnded
}

export function timeIsUp(seconds: number): string {
  return `The query took longer than the ${seconds} seconds that the job may take. Set executionDuration to more, or ask for less.`
}
