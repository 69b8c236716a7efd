import { announceJob } from '../../shared/deployment/announce.ts'
import { removeRemote } from '../../shared/deployment/remove-remote.ts'
import type { JobBackend, QservBackend, ServedTap } from '../../shared/deployment/served-tap.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { QservUnavailableError } from '../../shared/qserv/errors.ts'
import { scanResult } from '../../shared/qserv/scan-result.ts'
import { QueryServiceError, QueryUnavailableError, QueryValueError } from '../../shared/query/errors.ts'
import { explainQserv, NotCompletedError } from '../../shared/query/qserv/explain.ts'
import { checkSize } from '../../shared/query/qserv/run-now.ts'
import { describeResult } from '../../shared/tap/answer-query.ts'
import { pairsOf, resultObject } from '../../shared/tap/job-objects.ts'
import { readParameters } from '../../shared/tap/parameters.ts'
import type { JobResult } from '../../shared/uws/job.ts'
import { QuotaError } from '../../shared/uws/quota.ts'
import { claimReady, type ReadyJob, returnReady, returnRunning } from '../../shared/uws/remote-query.ts'
import { type ResultSummary, writeResult } from '../../shared/votable/write-result.ts'
import { findDirectResult, isDirect } from './direct-result.ts'
import { completeOrRemove, endJob, explainBroken, removeAttempt } from './end-job.ts'
import { holdClaim, LEASE_SECONDS } from './hold-claim.ts'
import { limitBytes } from './limit-bytes.ts'
import { type ResultPlan, readPlan } from './result-plan.ts'

/** So often the reading of a result is begun; Qserv keeps it for an hour. */
const MOST_FETCHES = 5

/**
 * Reads the result of a job whose query has ended in Qserv into the bucket, completes the job, and deletes the result
 * there. False: there is no such job, or somebody else reads it.
 *
 * @throws Failure when a database or the store does not answer; the result is read again then
 */
export async function fetchResult(server: ServedTap, jobs: JobBackend, id: string, logger: Logger): Promise<boolean> {
  const { service, open } = server
  const ready = await claimReady(jobs.pool, id, LEASE_SECONDS)
  if (ready === undefined) return false
  const { claimed: job } = ready
  const fields = { job: id, server: job.server, query: ready.queryId }
  const { qserv } = await open()
  const claim = holdClaim(jobs.pool, job, LEASE_SECONDS)
  let isEnded = false
  try {
    if (qserv === null) throw new QueryServiceError('This service has no Qserv any more.')
    const plan = readPlan(ready.plan)
    if (plan === undefined)
      throw new QueryUnavailableError('The service was renewed while the query ran. Run it again.')
    const result = await (isDirect(service, job, qserv)
      ? findDirectResult(jobs, ready, plan, qserv)
      : writeAnswer({ service }, jobs, qserv, ready, plan, claim.lost))
    await claim.release()
    isEnded = await completeOrRemove(jobs, job, result, plan.release)
    if (isEnded) {
      logger.info('the job is completed', { ...fields, release: plan.release, rows: result.rows, bytes: result.bytes })
    } else logger.info('the job was ended by somebody else: its result is deleted', fields)
  } catch (error) {
    await claim.release()
    if (!claim.lost.aborted) {
      const failure = explainQserv(explainBroken(error))
      if (failure instanceof NotCompletedError) {
        await returnRunning(jobs.pool, job)
        logger.warning('Qserv takes back that the query has completed: it is watched again', fields)
        return true
      }
      const isFinal = failure.permanent || failure instanceof QuotaError
      if (!isFinal && ready.fetches < MOST_FETCHES) {
        await returnReady(jobs.pool, job)
        throw failure
      }
      isEnded = await endJob(server, jobs, job, failure, logger)
    } else await removeAttempt(jobs, job, logger)
  } finally {
    await announceJob(jobs, job, logger)
  }
  // Who else has ended the job sees to it; who else has the job needs the result.
  if (isEnded && qserv !== null) await removeSoon(jobs, qserv, ready, logger)
  return true
}

/** What cannot be removed now is owed. */
async function removeSoon(jobs: JobBackend, qserv: QservBackend, ready: ReadyJob, logger: Logger): Promise<void> {
  await removeRemote(jobs, qserv, ready).catch((error: unknown) => {
    logger.warning('the result is still to be deleted in Qserv', { job: ready.job, query: ready.queryId, error })
  })
}

async function writeAnswer(
  { service }: Pick<ServedTap, 'service'>,
  { pool, bucket }: JobBackend,
  { client, config }: QservBackend,
  { claimed: job, queryId }: ReadyJob,
  { scanned: columns, fields, services, release, maxRows }: ResultPlan,
  signal: AbortSignal,
): Promise<JobResult> {
  const asked = readParameters(pairsOf(job.parameters, job.runId), service.limits)
  const { contentType, extension } = asked.format
  checkSize(await client.status(queryId, signal), config.limits.resultBytes)
  let summary: ResultSummary = { rows: 0, overflow: false }
  const document = await client.openResult(queryId, signal)
  const rows = scanResult(document, { columns, maxRows, nullText: config.nullText === 'null' })
  const body = writeResult(
    rows,
    { fields, services, infos: describeResult(asked, release) },
    {
      ...{ format: asked.format, maxRows, onError: 'throw', describeError: String },
      onEnd: (end) => {
        summary = end
      },
    },
  )
  const stored = await bucket
    .write(resultObject(job.id, job.fence, extension), await limitBytes(pool, job, body), {
      ...{ ifGenerationMatch: '0', contentType, signal },
      metadata: { jobid: job.id, fence: job.fence },
    })
    .catch((error: unknown) => {
      throw isGone(error) ? new QueryValueError(GONE, error) : error
    })
  return { object: stored.name, generation: stored.generation, bytes: stored.size, contentType, ...summary }
}

const GONE = 'Qserv has deleted the result before it was read. Run the query again.'

/** The table of the result is not there any more. */
function isGone(error: unknown): boolean {
  return (
    !(error instanceof QservUnavailableError) &&
    error instanceof Error &&
    /failed query=.*doesn't exist/.test(error.message)
  )
}
