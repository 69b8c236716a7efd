import { dropUploads, removeFromQserv } from '../query/qserv/remove.ts'
import { forgetRemote, type RemoteQuery } from '../uws/remote-query.ts'
import type { JobBackend, QservBackend } from './served-tap.ts'

/**
 * Removes what an attempt of a job has left in Qserv: cancels its query until that is gone, deletes its result, drops its uploads. Then,
 * and only then, it is forgotten; it can be repeated.
 *
 * @throws what keeps something there; it is owed still
 */
export async function removeRemote(
  { pool }: Pick<JobBackend, 'pool'>,
  { client }: Pick<QservBackend, 'client'>,
  { job, fence, queryId, uploads }: Omit<RemoteQuery, 'state'>,
): Promise<void> {
  if (queryId !== null) await removeFromQserv(client, queryId)
  if (uploads !== null) await dropUploads(client, uploads)
  await forgetRemote(pool, { job, fence })
}
