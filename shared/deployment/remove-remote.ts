import { QservRefusedError } from '../qserv/errors.ts'
import { removeFromQserv } from '../query/qserv/run-now.ts'
import { forgetRemote, type RemoteQuery } from '../uws/remote-query.ts'
import type { JobBackend, QservBackend } from './served-tap.ts'

/**
 * Removes what a job has left in Qserv: cancels its query until that is gone, deletes its result, drops its uploads. Then,
 * and only then, it is forgotten; it can be repeated.
 *
 * @throws what keeps something there; it is owed still
 */
export async function removeRemote(
  { pool }: Pick<JobBackend, 'pool'>,
  { client }: Pick<QservBackend, 'client'>,
  { job, queryId, uploads }: Pick<RemoteQuery, 'job' | 'queryId' | 'uploads'>,
): Promise<void> {
  if (queryId !== null) await removeFromQserv(client, queryId)
  if (uploads !== null) await dropUploads(client, uploads)
  await forgetRemote(pool, job)
}

/** Drops a database of uploaded tables; one that is not there is no error. */
export async function dropUploads(client: QservBackend['client'], database: string): Promise<void> {
  await client.dropDatabase(database).catch((error: unknown) => {
    if (!(error instanceof QservRefusedError) || !/does not exist|unknown/i.test(error.message)) throw error
  })
}
