import type { JobBackend, ServedTap } from '../../shared/deployment/served-tap.ts'
import { messageOf } from '../../shared/failure.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { resultsPrefix, uploadsPrefix } from '../../shared/tap/job-objects.ts'
import {
  deleteDue,
  findDeleted,
  forgetJob,
  markOwed,
  takeBackSilent,
  takeUndispatched,
} from '../../shared/uws/owed-work.ts'

export interface WatchDependencies {
  /** The TAP servers that have jobs, by their names. */
  readonly servers: ReadonlyMap<string, ServedTap>
  readonly logger: Logger
}

/** What was done. */
export interface Watched {
  /** Jobs whose worker was silent, and that were queued again or have failed. */
  silent: number
  /** Queued jobs whose message was sent again. */
  sent: number
  /** Jobs past their destruction. */
  due: number
  /** Deleted jobs whose objects are gone now. */
  forgotten: number
}

/** After so long without a worker the message of a queued job counts as lost. */
const LOST_SECONDS = 120

/** Jobs that are cleared in one call; the next one goes on. */
const CLEARED = 500

/**
 * Does what is owed to the jobs (DESIGN §8.1): those whose worker died or whose message was lost go on, those that are
 * past their destruction go with their objects. Two at once do no harm. A server that fails does not hold back the others.
 *
 * @throws AggregateError of what failed
 */
export async function watchQueries({ servers, logger }: WatchDependencies): Promise<Watched> {
  const done: Watched = { silent: 0, sent: 0, due: 0, forgotten: 0 }
  const failures: unknown[] = []
  // Several servers may keep their jobs in one database; what is done there is done for all.
  for (const { name, openJobs } of servers.values()) {
    if (openJobs === null) continue
    try {
      await watchServer(name, await openJobs(), done)
    } catch (error) {
      logger.error(`the jobs of ${name} could not be looked after: ${messageOf(error)}`, { server: name, error })
      failures.push(error)
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, failures.map(messageOf).join('; '))
  return done
}

async function watchServer(server: string, { pool, bucket, queue }: JobBackend, done: Watched): Promise<void> {
  done.silent += (await takeBackSilent(pool, server)).length
  for (const job of await takeUndispatched(pool, server, LOST_SECONDS)) {
    try {
      await queue.send({ server, job })
      done.sent += 1
    } catch (error) {
      await markOwed(pool, job)
      throw error
    }
  }
  done.due += await deleteDue(pool, server)
  for (const job of await findDeleted(pool, server, CLEARED)) {
    await removeObjects(bucket, resultsPrefix(job))
    await removeObjects(bucket, uploadsPrefix(job))
    await forgetJob(pool, job)
    done.forgotten += 1
  }
}

async function removeObjects(bucket: JobBackend['bucket'], prefix: string): Promise<void> {
  let token: string | null = null
  do {
    const page: Awaited<ReturnType<typeof bucket.page>> = await bucket.page({ prefix }, token)
    for (const { name, generation } of page.objects) await bucket.remove(name, generation)
    token = page.nextPageToken
  } while (token !== null)
}
