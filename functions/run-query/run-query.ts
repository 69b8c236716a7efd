import { announceJob } from '../../shared/deployment/announce.ts'
import { noteQuota } from '../../shared/deployment/note-quota.ts'
import type { JobBackend, ServedTap } from '../../shared/deployment/served-tap.ts'
import { Failure } from '../../shared/failure.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { QueryLimitError } from '../../shared/query/errors.ts'
import { answerQuery } from '../../shared/tap/answer-query.ts'
import { describeQueryError } from '../../shared/tap/describe-query-error.ts'
import { pairsOf, resultObject } from '../../shared/tap/job-objects.ts'
import { readParameters } from '../../shared/tap/parameters.ts'
import type { UploadForm } from '../../shared/tap/uploads.ts'
import type { Job, JobResult } from '../../shared/uws/job.ts'
import { QuotaError } from '../../shared/uws/quota.ts'
import { claimJob, completeJob, expireJob, failJob, returnJob } from '../../shared/uws/work-on-job.ts'
import { holdClaim } from './hold-claim.ts'

export interface RunDependencies {
  /** The TAP servers that have jobs, by their names. */
  readonly servers: ReadonlyMap<string, ServedTap>
  readonly logger: Logger
}

/** How long a worker may be silent before another one gets its job. */
const LEASE_SECONDS = 30

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
  if (job === undefined) return logger.info('ignored: the job is not queued', fields)
  const claim = holdClaim(jobs.pool, job, LEASE_SECONDS)
  const started = announceJob(jobs, job, logger)
  try {
    const { result, release } = await writeAnswer(server, jobs, job, claim.lost)
    await claim.release()
    if (await completeOrRemove(jobs, job, result, release)) {
      return logger.info('the job is completed', { ...fields, release, rows: result.rows, bytes: result.bytes })
    }
    logger.info('the job was ended by somebody else: its result is deleted', fields)
  } catch (error) {
    await claim.release()
    // However the query and the store have put it: what was written counts no more, and who took the job decides.
    if (claim.lost.aborted) return logger.info('the job was ended by somebody else, or its lease is over', fields)
    await end(jobs, job, error, logger)
  } finally {
    await started
    await announceJob(jobs, job, logger)
  }
}

/** A result that there is no room for, or that nobody wants any more, is deleted. @returns whether it is wanted */
async function completeOrRemove(
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

/** What becomes of a job whose query did not end well. @throws what should be tried again */
async function end(jobs: JobBackend, job: Job, error: unknown, logger: Logger): Promise<void> {
  const { pool } = jobs
  const fields = { job: job.id, server: job.server, error }
  if (error instanceof QuotaError) {
    await failJob(pool, job, { type: 'transient', message: error.message })
    await noteQuota(jobs, { ...job, error, logger })
    return logger.info('the result is more than its owner may keep', fields)
  }
  if (error instanceof QueryLimitError && error.limit === 'time') {
    const message = `The query took longer than the ${job.executionSeconds} seconds that the job may take. Set executionDuration to more, or ask for less.`
    await expireJob(pool, job, message)
    return logger.info('the job ran out of time', fields)
  }
  if (error instanceof Failure && !error.permanent) {
    await returnJob(pool, job)
    throw error
  }
  const query = job.parameters.find(({ name }) => name === 'QUERY')?.value ?? ''
  const isOurs = !(error instanceof Failure) || error.kind === 'misconfigured'
  await failJob(pool, job, { type: 'fatal', message: describeQueryError(error, query) })
  logger[isOurs ? 'error' : 'info']('the job failed', fields)
}

async function writeAnswer(
  { open, service }: ServedTap,
  { bucket }: JobBackend,
  job: Job,
  signal: AbortSignal,
): Promise<{ readonly result: JobResult; readonly release: string }> {
  const { limits } = service
  const asked = readParameters(pairsOf(job.parameters, job.runId), limits)
  const form = await readUploads(bucket, job, limits.uploads.bytes)
  const { body, release, summary } = await answerQuery(await open(), asked, {
    ...{ form, signal, uploads: limits.uploads, timeoutMs: job.executionSeconds * 1000, onError: 'throw' },
    describeError: (error) => describeQueryError(error, asked.query),
  })
  const { contentType, extension } = asked.format
  const stored = await bucket.write(resultObject(job.id, job.fence, extension), body, {
    ...{ ifGenerationMatch: '0', contentType, signal },
    metadata: { jobid: job.id, fence: job.fence },
  })
  const { rows, overflow } = summary() ?? { rows: 0, overflow: false }
  const result = { object: stored.name, generation: stored.generation, bytes: stored.size, contentType, rows, overflow }
  return { result, release }
}

async function readUploads(bucket: JobBackend['bucket'], job: Job, maxBytes: number): Promise<UploadForm> {
  const files = new Map<string, { readonly content: Uint8Array; readonly contentType: string | null }>()
  for (const { name, object, generation, contentType } of job.uploads) {
    const found = await bucket.read(object, { generation, maxBytes })
    // One that is gone is reported as any other that UPLOAD names and nobody sent.
    if (found !== undefined) files.set(name, { content: found.content, contentType: contentType || null })
  }
  return { pairs: [], files }
}
