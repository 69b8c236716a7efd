import { Failure } from '../failure.ts'
import type { Logger } from '../platform/log/log.ts'
import { QueryCancelledError } from '../query/errors.ts'
import type { ServedTap } from './served-tap.ts'

/**
 * Says in the log that a query failed, and which release was live: a metric of failed queries for each release is made of
 * it. It never throws. The text of the error may quote the query, which belongs to its user: only the code is written.
 *
 * @param error what it failed with; one that its user has cancelled has not failed
 */
export async function noteFailedQuery(
  { name, open }: Pick<ServedTap, 'name' | 'open'>,
  error: unknown,
  logger: Logger,
): Promise<void> {
  if (error instanceof QueryCancelledError) return
  const release = await findRelease(open)
  const code = error instanceof Failure ? error.code : null
  logger.info(`a query failed with release ${release ?? 'unknown'}`, { server: name, release, code })
}

/** null: the database does not say. */
async function findRelease(open: ServedTap['open']): Promise<string | null> {
  try {
    const { metadata } = await open()
    return (await metadata.latest()).version
  } catch {
    return null
  }
}
