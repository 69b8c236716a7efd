import { announceJob, sendEvent } from '../../shared/deployment/announce.ts'
import { removeObjects } from '../../shared/deployment/remove-objects.ts'
import type { JobBackend, ServedTap } from '../../shared/deployment/served-tap.ts'
import { messageOf } from '../../shared/failure.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { resultsPrefix, uploadsPrefix } from '../../shared/tap/job-objects.ts'
import { endTableShares, retireTables } from '../../shared/user-tables/retire-tables.ts'
import { endNotifications } from '../../shared/uws/notify.ts'
import {
  deleteDue,
  findUncleared,
  forgetCleared,
  markCleared,
  markOwed,
  readResultObject,
  takeBackSilent,
  takeUndispatched,
} from '../../shared/uws/owed-work.ts'
import { findOwedItems, forgetEvents, publishOwed, settleEvents } from '../../shared/uws/publish-events.ts'
import { endShares } from '../../shared/uws/share-job.ts'
import { endAbandoned } from '../../shared/uws/watch-remote.ts'
import { each } from './each.ts'
import type { QservWatched } from './watch-qserv.ts'

export interface WatchDependencies {
  /** The TAP servers that have jobs, by their names. */
  readonly servers: ReadonlyMap<string, ServedTap>
  readonly logger: Logger
  /** How long queries in Qserv are watched, once a second; 0 or nothing: they are looked at once. */
  readonly watchMs?: number
}

/** What was done. */
export interface Watched extends QservWatched {
  /** Jobs whose worker was silent, and that were queued again or have failed. */
  silent: number
  /** Queued jobs whose message was sent again. */
  sent: number
  /** Jobs past their destruction. */
  due: number
  /** Deleted and archived jobs whose objects are gone now. */
  cleared: number
  /** Deleted jobs that are forgotten. */
  forgotten: number
  /** Tables of users that nobody has used for long. */
  dropped: number
  /** Shares and notifications whose time was over. */
  ended: number
  /** Events that were still owed. */
  published: number
}

const NOTHING: Watched = {
  ...{ silent: 0, sent: 0, due: 0, cleared: 0, forgotten: 0, dropped: 0, ended: 0, published: 0 },
  ...{ looked: 0, remote: 0, removed: 0 },
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
export async function watchQueries({ servers, logger, watchMs = 0 }: WatchDependencies): Promise<Watched> {
  const done: Watched = { ...NOTHING }
  const failures: unknown[] = []
  // Several servers may keep their jobs in one database; what is done there is done for all.
  for (const served of servers.values()) {
    const { name } = served
    // The tables of users need another role, whose lack must not hold back the jobs.
    for (const [what, watch] of [
      ['tables of users', watchTables],
      ['jobs', watchJobs],
    ] as const) {
      await watch(served, done).catch((error: unknown) => {
        logger.error(`the ${what} of ${name} could not be looked after: ${messageOf(error)}`, { server: name, error })
        failures.push(error)
      })
    }
  }
  await Promise.all([...servers.values()].map((server) => watchRemote(server, { logger, watchMs, done, failures })))
  if (failures.length > 0) throw new AggregateError(failures, failures.map(messageOf).join('; '))
  return done
}

const ABANDONED = 'This service has no Qserv any more, which ran the query. Run it again.'

/** Queries that Qserv runs, of one server; the servers are watched at once. */
async function watchRemote(
  { name: server, open, openJobs, service }: ServedTap,
  around: { readonly logger: Logger; readonly watchMs: number; readonly done: Watched; readonly failures: unknown[] },
): Promise<void> {
  const { logger, watchMs, done, failures } = around
  if (openJobs === null) return
  try {
    if (service.query.qserv === null) {
      const jobs = await openJobs()
      for (const id of await endAbandoned(jobs.pool, server, ABANDONED))
        await announceJob(jobs, { server, id, owner: null }, logger)
      return
    }
    const { qserv } = await open()
    if (qserv === null) return
    // Not loaded where there is no Qserv.
    const { noteHealth, watchQserv } = await import('./watch-qserv.ts')
    await noteHealth({ server, qserv, logger })
    const found = await watchQserv({ server, open, jobs: await openJobs(), qserv, logger, forMs: watchMs })
    done.looked += found.looked
    done.remote += found.remote
    done.removed += found.removed
  } catch (error) {
    logger.error(`the queries of ${server} in Qserv could not be looked after: ${messageOf(error)}`, { server, error })
    failures.push(error)
  }
}

async function watchJobs({ name: server, service: { jobs }, openJobs }: ServedTap, done: Watched): Promise<void> {
  if (openJobs === null || jobs === null) return
  const { recordDays, events } = jobs
  const backend = await openJobs()
  const { pool, queue } = backend
  done.silent += (await takeBackSilent(pool, server)).length
  const unsent = await each(await takeUndispatched(pool, server, LOST_SECONDS), MESSAGES, async (job) => {
    try {
      await queue.send({ server, job })
      done.sent += 1
    } catch (error) {
      await markOwed(pool, job)
      throw error
    }
  })
  done.due += await deleteDue(pool, server, recordDays)
  const uncleared = await each(await findUncleared(pool, server, CLEARED), OBJECTS, async (job) => {
    await clear(backend, job)
    done.cleared += 1
  })
  done.forgotten += await forgetCleared(pool, server)
  done.ended += (await endShares(pool, server)) + (await endNotifications(pool, server))
  await forgetEvents(pool, server, events.keptDays, FORGOTTEN)
  done.published += await publishAll(server, backend)
  const [failure] = [...unsent, ...uncleared]
  if (failure !== undefined) throw failure
}

/** Deletes the objects of a job that is deleted or archived. */
async function clear({ pool, bucket }: JobBackend, job: string): Promise<void> {
  await removeObjects(bucket, resultsPrefix(job))
  // Of a name that somebody else has chosen: what Qserv writes by itself.
  const result = await readResultObject(pool, job)
  if (result !== null && !result.object.startsWith(resultsPrefix(job)))
    await bucket.remove(result.object, result.generation)
  await removeObjects(bucket, uploadsPrefix(job))
  await markCleared(pool, job)
}

async function watchTables({ name: server, service, openJobs }: ServedTap, done: Watched): Promise<void> {
  if (openJobs === null || service.userTables === null) return
  const { keptDays, noticeDays } = service.userTables
  const { pool } = await openJobs()
  done.ended += await endTableShares(pool, server)
  if (keptDays !== null) done.dropped += await retireTables(pool, server, { keptDays, noticeDays })
}

/** Those of each item in order; an item whose events cannot be published now does not hold back the others. */
async function publishAll(server: string, { pool, events }: JobBackend): Promise<number> {
  if (events === null) {
    await settleEvents(pool, server)
    return 0
  }
  let published = 0
  const failures = await each(await findOwedItems(pool, server, ITEMS), MESSAGES, async (item) => {
    const count = await publishOwed(pool, item, (event) => sendEvent(events, event))
    // Not in one step with the wait: what the others add meanwhile would be lost.
    published += count
  })
  if (failures.length > 0) throw failures[0]
  return published
}

/** Items whose events are published in one call. */
const ITEMS = 2_000

/** After some failures Pub/Sub, or the store, counts as away. */
const MESSAGES = { atOnce: 4, mostFailures: 8 } as const
const OBJECTS = { atOnce: 8, mostFailures: 8 } as const

/** Events that are forgotten in one call. */
const FORGOTTEN = 5_000
