import { removeRemote } from '../../shared/deployment/remove-remote.ts'
import type { JobBackend, QservBackend, ServedBackend } from '../../shared/deployment/served-tap.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { isConnectionRetryable } from '../../shared/platform/postgres/connection-failures.ts'
import { retry } from '../../shared/platform/retry.ts'
import { QservRefusedError, QservUnavailableError } from '../../shared/qserv/errors.ts'
import { fieldsOf } from '../../shared/query/fields.ts'
import { explainQserv } from '../../shared/query/qserv/explain.ts'
import type { QservPlan } from '../../shared/query/qserv/plan.ts'
import { dropUploads } from '../../shared/query/qserv/remove.ts'
import type { LiveMetadata } from '../../shared/tap/live-metadata.ts'
import type { TapRequest } from '../../shared/tap/parameters.ts'
import type { Job } from '../../shared/uws/job.ts'
import { beginSubmit, forgetRemote, leaveUploads, noteSubmitted } from '../../shared/uws/remote-query.ts'
import { explainBroken } from './end-job.ts'
import type { ResultPlan } from './result-plan.ts'
import { NoRoomError, UnclearSubmitError } from './submit-errors.ts'

export interface Submission {
  readonly backend: ServedBackend & { readonly qserv: QservBackend }
  readonly jobs: JobBackend
  readonly job: Job
  readonly asked: TapRequest
  readonly plan: QservPlan<LiveMetadata>
  /** Database of the uploaded tables in Qserv; null: there are none. */
  readonly uploads: string | null
  /** Loads them. */
  readonly ingest: () => Promise<void>
  /** Whether Qserv may be loading one still, when that has failed. */
  readonly mayBeLoading: () => boolean
  /** Ends the watching of the claim: the job goes on without a worker. */
  readonly release: () => Promise<void>
  readonly logger: Logger
}

/** Until Qserv surely has done with a table that nobody waits for any more, beside the time that it may take. */
const GRACE_SECONDS = 30

/** Of the name of a query that runs: without it nobody can remove the query. The lease of its job lasts longer. */
const NOTING = {
  ...{ attempts: 5, baseDelayMs: 200, maxDelayMs: 2_000, totalMs: 10_000 },
  isRetryable: isConnectionRetryable,
} as const

/** So often a query is submitted of which it is not known if Qserv has it. */
const MOST_SUBMITS = 2

/**
 * Submits the query of a job to Qserv. That it is about to is written first, its id after (DESIGN §8.3 rule 5); a job that
 * was ended in between is cancelled there at once.
 *
 * @returns its id there; null: nobody wants it any more
 * @throws NoRoomError, QueryService's errors
 */
export async function submitQuery(submission: Submission): Promise<string | null> {
  const { backend, jobs, job, plan, uploads, ingest, mayBeLoading, release, logger } = submission
  const { client, config } = backend.qserv
  const stored = await describePlan(submission)
  const { queries: all, queriesPerUser: owner } = config.limits
  const loadSeconds = config.uploadSeconds + GRACE_SECONDS
  const about = { server: job.server, owner: job.owner, plan: stored, uploads, loadSeconds, most: { all, owner } }
  const attempt = { job: job.id, fence: job.fence }
  let isLoaded = false
  for (;;) {
    const submits = await beginSubmit(jobs.pool, job, about)
    if (submits === 'lost') return null
    if (submits === 'all') throw new NoRoomError(`${all} queries run in Qserv already`)
    if (submits === 'owner') throw new NoRoomError(`${owner} queries of this user run in Qserv already`)
    try {
      if (!isLoaded) await ingest()
      isLoaded = true
      const id = await client.submit(plan.sql)
      await release()
      const isWanted = await retry(() => noteSubmitted(jobs.pool, job, id), NOTING)
      const sinceCreationMs = (job.started?.getTime() ?? 0) - job.created.getTime()
      logger.info('Qserv has the query', { job: job.id, server: job.server, query: id, sinceCreationMs })
      if (!isWanted) await removeRemote(jobs, backend.qserv, { ...attempt, queryId: id, uploads })
      return isWanted ? id : null
    } catch (error) {
      const isUnclear = isLoaded && error instanceof QservUnavailableError && error.mayHaveArrived
      if (!isUnclear) {
        const isSure = !isLoaded || error instanceof QservUnavailableError || error instanceof QservRefusedError
        if (isSure) await forgetUnsubmitted(submission, mayBeLoading() ? loadSeconds : 0)
        // Where it broke off between the two, the next worker finds in the table how far this one came.
        throw explainQserv(explainBroken(error))
      }
      const again = config.unclearSubmit === 'resubmit' && submits < MOST_SUBMITS
      // A metric counts these.
      logger.error(
        `it is not known whether Qserv has the query: ${again ? 'it is submitted again' : 'its job fails'}`,
        {
          ...{ job: job.id, server: job.server, error, unclearSubmits: submits },
        },
      )
      if (!again) throw new UnclearSubmitError(error)
    }
  }
}

/**
 * What was loaded for it stays owed until it is dropped.
 *
 * @param loadSeconds how long Qserv may still be loading it
 */
async function forgetUnsubmitted(
  { jobs: { pool }, backend, job, uploads, logger }: Submission,
  loadSeconds: number,
): Promise<void> {
  const attempt = { job: job.id, fence: job.fence }
  if (uploads === null) return forgetRemote(pool, attempt)
  try {
    await dropUploads(backend.qserv.client, uploads)
    if (loadSeconds > 0) await leaveUploads(pool, attempt, loadSeconds)
    else await forgetRemote(pool, attempt)
  } catch (error) {
    logger.error('the tables that were loaded for a query are still to be dropped', { job: job.id, error })
  }
}

async function describePlan({ backend, asked, plan }: Submission): Promise<ResultPlan> {
  const { columns, scanned, live } = plan
  const { fields, services } = await backend.describeServices({ columns, fields: fieldsOf(columns), release: live })
  const { maxRows } = asked
  return { scanned, fields, services, release: live.version, maxRows }
}
