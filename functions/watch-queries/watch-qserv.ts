import { announceJob } from '../../shared/deployment/announce.ts'
import { noteFailedQuery } from '../../shared/deployment/note-failed-query.ts'
import { removeRemote } from '../../shared/deployment/remove-remote.ts'
import type { JobBackend, QservBackend, ServedTap } from '../../shared/deployment/served-tap.ts'
import { Failure, messageOf } from '../../shared/failure.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { isUnknown } from '../../shared/qserv/client.ts'
import type { QservStatus } from '../../shared/qserv/query-status.ts'
import { explainEnd } from '../../shared/query/qserv/explain.ts'
import { markOwed } from '../../shared/uws/owed-work.ts'
import { markReady } from '../../shared/uws/remote-query.ts'
import {
  countRemote,
  markReadyOwed,
  noteProgress,
  takeBackUnclear,
  takeOwed,
  takeReady,
  takeRunning,
  takeWaiting,
  type WatchedQuery,
} from '../../shared/uws/watch-remote.ts'
import { expireJob, failJob } from '../../shared/uws/work-on-job.ts'
import { each } from './each.ts'

export interface QservWatch {
  readonly server: string
  readonly open: ServedTap['open']
  readonly jobs: JobBackend
  readonly qserv: QservBackend
  readonly logger: Logger
  /** How long to go on watching, round after round; 0: one round. */
  readonly forMs: number
}

/** What was done about queries in Qserv. */
export interface QservWatched {
  /** Queries that Qserv was asked for. */
  looked: number
  /** Of these, those that have ended. */
  remote: number
  /** Queries and results that were removed from Qserv. */
  removed: number
}

/** No query is asked for more often, by all instances together, whoever of them asks (qserv.md §1.8). */
const EVERY_SECONDS = 1
/** Requests to Qserv at once. */
const CONCURRENCY = 15
/** Queries that one round asks for. */
const ROUND = 5_000
/** After so long the message to read a result counts as lost. */
const LOST_SECONDS = 60
/** So many readers of one result may die. */
const MOST_SILENCES = 2
/** After so long nobody will say the name of a query that was about to be submitted. */
const UNCLEAR_SECONDS = 600

const UNCLEAR =
  'The service stopped while the query was being sent to Qserv, and it is not known whether Qserv runs it. Run it again.'

/**
 * Watches the queries that run in Qserv: once a second at most it is asked how they are; nothing is written, and no
 * connection held, while nothing changes. What has ended is passed on to be read, what nobody wants any more is removed.
 *
 * @throws what failed, after all else was done
 */
export async function watchQserv(watch: QservWatch): Promise<QservWatched> {
  const done: QservWatched = { looked: 0, remote: 0, removed: 0 }
  const until = performance.now() + watch.forMs
  for (;;) {
    const started = performance.now()
    const failure = await round(watch, done)
    const isOver = performance.now() >= until || (await countRemote(watch.jobs.pool, watch.server)) === 0
    if (isOver && failure !== undefined) throw failure
    if (isOver) return done
    if (failure !== undefined)
      watch.logger.warning('not all queries in Qserv could be looked after', { error: failure })
    await pause(Math.max(50, 1_000 * EVERY_SECONDS - (performance.now() - started)))
  }
}

/** One look at everything. @returns one of the failures */
async function round(watch: QservWatch, done: QservWatched): Promise<unknown> {
  const { server, jobs, qserv, logger } = watch
  const { pool, queue } = jobs
  const failures: unknown[] = []
  const resubmits = qserv.config.unclearSubmit === 'resubmit'
  for (const job of await takeBackUnclear(pool, server, resubmits, UNCLEAR)) {
    logger.error('it is not known whether Qserv has the query: its worker died', { job, server, resubmits })
    await announceJob(jobs, { server, id: job, owner: null }, logger)
  }
  const running = await takeRunning(pool, server, EVERY_SECONDS, ROUND)
  const looked = await each(running, { atOnce: CONCURRENCY }, async (query) => {
    done.looked += 1
    if (await look(watch, query)) done.remote += 1
  })
  failures.push(...looked)
  for (const job of await takeReady(pool, server, LOST_SECONDS, MOST_SILENCES)) {
    await queue.send({ server, job }).catch(async (error: unknown) => {
      failures.push(error)
      await markReadyOwed(pool, job)
    })
  }
  const owed = await takeOwed(pool, server, EVERY_SECONDS, UNCLEAR_SECONDS, ROUND)
  const removed = await each(owed, { atOnce: CONCURRENCY }, async (query) => {
    if (query.isLost) logger.error('a query may run in Qserv that nobody can name', { job: query.job, server })
    await removeRemote(jobs, qserv, query)
    done.removed += 1
  })
  failures.push(...removed)
  const { limits, maintenance } = qserv.config
  const room = maintenance === null ? limits : { queries: 0, queriesPerUser: 0 }
  for (const job of await takeWaiting(pool, server, { all: room.queries, owner: room.queriesPerUser })) {
    await queue.send({ server, job }).catch(async (error: unknown) => {
      failures.push(error)
      await markOwed(pool, job)
    })
  }
  return failures[0]
}

/** @returns whether the query has ended */
async function look(watch: QservWatch, query: WatchedQuery): Promise<boolean> {
  const { jobs, qserv } = watch
  const { job, queryId, claim } = query
  if (query.isLate) {
    const message = `The query took longer than the ${query.executionSeconds} seconds that the job may take. Set executionDuration to more, or ask for less.`
    if (await expireJob(jobs.pool, claim, message)) await ended(watch, query, 'ABORTED')
    return true
  }
  const status = await qserv.client.status(queryId).catch((error: unknown) => {
    if (isUnknown(error)) return null
    throw error
  })
  if (status === null) {
    const message = 'Qserv does not know the query any more: it was set up anew. Run it again.'
    if (await failJob(jobs.pool, claim, { type: 'transient', message })) await ended(watch, query, 'ERROR')
    return true
  }
  if (status.state === 'EXECUTING') {
    await noteIfChanged(watch, query, status)
    return false
  }
  if (status.state === 'COMPLETED') return markReady(jobs.pool, job)
  const { message, permanent } = explainEnd(status)
  if (status.state === 'ABORTED') {
    if (await expireJob(jobs.pool, claim, message)) await ended(watch, query, 'ABORTED')
  } else {
    const error = { type: permanent ? 'fatal' : 'transient', message } as const
    if (await failJob(jobs.pool, claim, error)) await ended(watch, query, 'ERROR')
  }
  return true
}

async function ended(
  { server, open, jobs, qserv, logger }: QservWatch,
  query: WatchedQuery,
  phase: string,
): Promise<void> {
  if (phase === 'ERROR') await noteFailedQuery({ name: server, open }, null, logger)
  logger.info('the query has ended in Qserv', { job: query.job, server, query: query.queryId, phase })
  await announceJob(jobs, { server, id: query.job, owner: null }, logger)
  await removeRemote(jobs, qserv, query).catch((error: unknown) => {
    logger.warning('the query is still to be removed from Qserv', { job: query.job, query: query.queryId, error })
  })
}

/** Chunks say how far it is, but not that it has ended: while it begins, all may seem to be done. */
async function noteIfChanged(
  { jobs }: QservWatch,
  { job, progress }: WatchedQuery,
  { completedChunks: done, totalChunks: total, updatedEpoch }: QservStatus,
): Promise<void> {
  if (done === null || total === null || total === 0 || updatedEpoch === null || done > total) return
  if (done === total && progress === null) return
  if (progress?.done === done && progress.total === total) return
  await noteProgress(jobs.pool, job, { done, total })
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => {
    // It keeps no process alive that has been told to end.
    setTimeout(done, milliseconds).unref()
  })
}

/** Whether Qserv answers, for the log: a metric is made of it. */
export async function noteHealth({
  server,
  qserv,
  logger,
}: Pick<QservWatch, 'server' | 'qserv' | 'logger'>): Promise<void> {
  try {
    const version = await qserv.client.ping()
    logger.info('Qserv answers', { server, qservAvailable: 1, version })
  } catch (error) {
    const level = error instanceof Failure && error.permanent ? 'error' : 'warning'
    logger[level](`Qserv does not answer: ${messageOf(error)}`, { server, qservAvailable: 0, error })
  }
}
