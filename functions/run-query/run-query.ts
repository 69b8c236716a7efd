import { announceJob } from '../../shared/deployment/announce.ts'
import { readJobTables } from '../../shared/deployment/read-user-tables.ts'
import type { JobBackend, ServedTap } from '../../shared/deployment/served-tap.ts'
import { Failure } from '../../shared/failure.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { answerQuery } from '../../shared/tap/answer-query.ts'
import { describeQueryError } from '../../shared/tap/describe-query-error.ts'
import { pairsOf, resultObject } from '../../shared/tap/job-objects.ts'
import { readParameters } from '../../shared/tap/parameters.ts'
import type { Job, JobResult } from '../../shared/uws/job.ts'
import { QuotaError } from '../../shared/uws/quota.ts'
import { claimJob, returnJob } from '../../shared/uws/work-on-job.ts'
import { completeOrRemove, endJob, explainBroken, removeAttempt } from './end-job.ts'
import { holdClaim, LEASE_SECONDS } from './hold-claim.ts'
import { readUploads } from './job-uploads.ts'
import { limitBytes } from './limit-bytes.ts'
import { NoRoomError, UnclearSubmitError } from './submit-errors.ts'

export interface RunDependencies {
  /** The TAP servers that have jobs, by their names. */
  readonly servers: ReadonlyMap<string, ServedTap>
  readonly logger: Logger
}

/**
 * Runs one job, if it is queued still: a message that comes twice finds nothing to do (DESIGN §8.3 rules 1 to 4). A query
 * that is wrong ends its job in ERROR.
 *
 * @throws Failure when a database or the store does not answer; the job is queued again then
 */
export async function runJob(server: ServedTap, id: string, logger: Logger): Promise<void> {
  if (server.openJobs === null) return logger.error(`${server.name} has no jobs: the message is ignored`, { job: id })
  const jobs = await server.openJobs()
  const job = await claimJob(jobs.pool, id, LEASE_SECONDS)
  const fields = { job: id, server: server.name }
  if (job === undefined) {
    const { fetchResult } = await import('./fetch-result.ts')
    const isDone = await fetchResult(server, jobs, id, logger)
    return isDone ? undefined : logger.info('ignored: the job is neither queued nor has its result ready', fields)
  }
  const claim = holdClaim(jobs.pool, job, LEASE_SECONDS)
  const started = announceJob(jobs, job, logger)
  try {
    // What asks Qserv is loaded where there is one.
    if (server.service.query.qserv !== null) {
      const { passToQserv } = await import('./pass-to-qserv.ts')
      if (await passToQserv(server, jobs, job, claim, logger)) return
    }
    const { result, release } = await writeAnswer(server, jobs, job, claim.lost)
    await claim.release()
    if (await completeOrRemove(jobs, job, result, release)) {
      return logger.info('the job is completed', { ...fields, release, rows: result.rows, bytes: result.bytes })
    }
    logger.info('the job was ended by somebody else: its result is deleted', fields)
  } catch (error) {
    await claim.release()
    // However the query and the store have put it: what was written counts no more, and who took the job decides.
    if (claim.lost.aborted) {
      logger.info('the job was ended by somebody else, or its lease is over', fields)
      return await removeAttempt(jobs, job, logger)
    }
    await end(server, jobs, job, explainBroken(error), logger)
  } finally {
    await started
    await announceJob(jobs, job, logger)
  }
}

/** What becomes of a job whose query did not end well. @throws what should be tried again */
async function end(served: ServedTap, jobs: JobBackend, job: Job, error: unknown, logger: Logger): Promise<void> {
  const isFinal = error instanceof QuotaError || error instanceof UnclearSubmitError
  if (error instanceof Failure && !error.permanent && !isFinal) {
    await returnJob(jobs.pool, job)
    // It has its turn when another one has ended.
    if (error instanceof NoRoomError) return logger.info(`the job waits: ${error.message}`, { job: job.id })
    throw error
  }
  await endJob(served, jobs, job, error, logger)
}

async function writeAnswer(
  served: ServedTap,
  { pool, bucket }: JobBackend,
  job: Job,
  signal: AbortSignal,
): Promise<{ readonly result: JobResult; readonly release: string }> {
  const { open, service } = served
  const { limits } = service
  const asked = readParameters(pairsOf(job.parameters, job.runId), limits)
  const form = await readUploads(bucket, job, limits.uploads.bytes)
  const userTables = await readJobTables(served, job.owner)
  const { body, release, summary } = await answerQuery(await open(), asked, {
    userTables,
    ...{ form, signal, uploads: limits.uploads, timeoutMs: job.executionSeconds * 1000, onError: 'throw' },
    describeError: (error) => describeQueryError(error, asked.query),
  })
  const { contentType, extension } = asked.format
  const fitting = await limitBytes(pool, job, body)
  const stored = await bucket.write(resultObject(job.id, job.fence, extension), fitting, {
    ...{ ifGenerationMatch: '0', contentType, signal },
    metadata: { jobid: job.id, fence: job.fence },
  })
  const { rows, overflow } = summary() ?? { rows: 0, overflow: false }
  const result = { object: stored.name, generation: stored.generation, bytes: stored.size, contentType, rows, overflow }
  return { result, release }
}
