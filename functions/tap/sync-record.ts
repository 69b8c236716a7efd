import { noteQuota } from '../../shared/deployment/note-quota.ts'
import type { ServedTap } from '../../shared/deployment/served-tap.ts'
import { secondsKept } from '../../shared/environment/tap-jobs.ts'
import { limitsOf } from '../../shared/environment/tap-quotas.ts'
import { messageOf } from '../../shared/failure.ts'
import type { ApiRequest } from '../../shared/platform/http/route.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { newJobId } from '../../shared/uws/create-job.ts'
import { QuotaError } from '../../shared/uws/quota.ts'
import { createSyncJob, endSyncJob, type SyncEnd } from '../../shared/uws/sync-jobs.ts'
import { queryParameters } from './job-parameters.ts'
import { holderOf, ownerOf } from './quota-holder.ts'

/** Writes how a sync query ended, beside the answer: the first call counts. */
export type EndRecord = (how: SyncEnd) => void

/**
 * Writes a sync query into the table of jobs, for the record and for the quotas of its owner. Where a quota limits how many
 * may run at once, this waits for the row; otherwise the row is written beside the query, and a table that cannot be reached
 * is no reason not to answer.
 *
 * @throws QuotaError with nothing started; with a quota, also what the database says
 */
export async function recordSync(
  { name, service: { jobs, limits }, openJobs }: ServedTap,
  { form, caller }: Pick<ApiRequest, 'form' | 'caller'>,
  runId: string | null,
  logger: Logger,
): Promise<EndRecord> {
  if (jobs === null || openJobs === null) return () => {}
  const { sync } = limitsOf(jobs.quotas, holderOf(caller))
  if (sync === undefined && !jobs.recordSync) return () => {}
  const owner = ownerOf(caller)
  const job = {
    ...{ id: newJobId(), server: name, owner, runId, parameters: queryParameters(form) },
    ...{ executionSeconds: limits.syncSeconds, keptSeconds: secondsKept(jobs).default },
  }
  const backend = openJobs()
  const created = backend.then(({ pool }) => createSyncJob(pool, job, sync === undefined ? {} : { sync }))
  if (sync !== undefined) {
    await created.catch(async (error: unknown) => {
      if (error instanceof QuotaError) await noteQuota(await backend, { server: name, owner, error, logger })
      throw error
    })
  }
  let ended = false
  const fail = (error: unknown) =>
    logger.warning(`a sync query could not be recorded: ${messageOf(error)}`, { job: job.id, server: name, error })
  created.catch(fail)
  return (how) => {
    if (ended) return
    ended = true
    const write = async () => {
      const { pool } = await backend
      await created
      await endSyncJob(pool, job.id, how).catch(fail)
    }
    // What fails before has been logged.
    write().catch(() => {})
  }
}

export const COMPLETED = { phase: 'COMPLETED', error: null } as const
export const ABORTED = { phase: 'ABORTED', error: null } as const

export function failed(message: string) {
  return { phase: 'ERROR', error: { type: 'fatal', message } } as const
}
