import { readJobTables } from '../../shared/deployment/read-user-tables.ts'
import type { JobBackend, ServedTap } from '../../shared/deployment/served-tap.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { CarriedTables, uploadDatabase } from '../../shared/query/qserv/carried-tables.ts'
import { pairsOf } from '../../shared/tap/job-objects.ts'
import { readParameters } from '../../shared/tap/parameters.ts'
import type { Job } from '../../shared/uws/job.ts'
import { markReady } from '../../shared/uws/remote-query.ts'
import { isDirect } from './direct-result.ts'
import { fetchResult } from './fetch-result.ts'
import type { HeldClaim } from './hold-claim.ts'
import { openJobUploads } from './job-uploads.ts'
import { NoRoomError } from './submit-errors.ts'
import { submitQuery } from './submit-query.ts'

/** After so long a short query has ended, so that it needs nobody who watches it. */
const SHORT_MS = 250

/**
 * Hands the query of a job to Qserv, which runs it by itself; `watch-queries` sees when it has ended. One that is short is
 * read at once. False: it is not for Qserv.
 *
 * @throws NoRoomError, QueryService's errors
 */
export async function passToQserv(
  server: ServedTap,
  jobs: JobBackend,
  job: Job,
  claim: HeldClaim,
  logger: Logger,
): Promise<boolean> {
  const { qserv, ...backend } = await server.open()
  if (qserv === null) return false
  const { limits } = server.service
  const asked = readParameters(pairsOf(job.parameters, job.runId), limits)
  if (asked.maxRows === 0) return false
  const database = uploadDatabase(job.id, job.fence)
  const uploads = asked.uploads.length === 0 ? [] : await openJobUploads(server, jobs, job, asked.uploads, claim.lost)
  try {
    const carried = new CarriedTables(database, uploads, await readJobTables(server, job.owner))
    // Qserv cannot say that a result of its own writing is cut.
    const limit = isDirect(server.service, job, qserv) ? asked.maxRows : asked.maxRows + 1
    const plan = await qserv.queries.plan({ adql: asked.query, limit }, carried.described)
    if (plan === null) return false
    if (qserv.config.maintenance !== null) throw new NoRoomError(qserv.config.maintenance)
    const queryId = await submitQuery({
      ...{ backend: { ...backend, qserv }, jobs, job, asked, plan, logger, release: claim.release },
      uploads: carried.isNeededBy(plan) ? database : null,
      ingest: () => carried.load(qserv.client, plan),
      mayBeLoading: () => carried.mayBeLoading,
    })
    if (queryId !== null) await readIfShort(server, jobs, { id: job.id, queryId, logger })
    return true
  } finally {
    await Promise.allSettled(uploads.map(({ table }) => table.close()))
  }
}

/** What fails here is seen to by `watch-queries`. */
async function readIfShort(
  server: ServedTap,
  jobs: JobBackend,
  { id, queryId, logger }: { readonly id: string; readonly queryId: string; readonly logger: Logger },
): Promise<void> {
  await new Promise((done) => setTimeout(done, SHORT_MS))
  try {
    const { qserv } = await server.open()
    const status = await qserv?.client.status(queryId)
    if (status?.state !== 'COMPLETED' || !(await markReady(jobs.pool, id))) return
    await fetchResult(server, jobs, id, logger)
  } catch (error) {
    logger.info('the query is left to watch-queries', { job: id, error })
  }
}
