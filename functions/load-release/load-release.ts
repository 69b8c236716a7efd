import type pg from 'pg'
import { elapsedMs } from '../../shared/elapsed.ts'
import type { Environment } from '../../shared/environment/environment.ts'
import type { TapServer } from '../../shared/environment/tap-server.ts'
import { Failure, messageOf } from '../../shared/failure.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import {
  type Announce,
  type DeliveryOptions,
  deliverRelease,
  eventAttributes,
  rejectRelease,
} from '../../shared/releases/deliver.ts'
import { fetchRelease, type Release } from '../../shared/releases/fetch.ts'
import { serversFor, supersededBy, versionOf } from '../../shared/releases/naming.ts'
import type { ReleaseBucket } from '../../shared/releases/release-bucket.ts'
import { findDelivery } from '../../shared/tap-schema/history.ts'
import { READER_LEFT_OUT } from '../../shared/tap-schema/readers.ts'
import { readSlot } from '../../shared/tap-schema/slot-version.ts'
import type { StageOutcome } from '../../shared/tap-schema/stage.ts'
import { inTransaction, readSlots } from '../../shared/tap-schema/transaction.ts'
import { swapByPolicy } from './auto-swap.ts'
import { readNotification, type Upload } from './notification.ts'

/** What `load-release` works with: put together in index.ts, or by a test. */
export interface LoadDependencies {
  readonly environment: Environment
  poolFor(server: TapServer): Promise<pg.Pool>
  readonly bucket: ReleaseBucket
  readonly announce: Announce
  readonly logger: Logger
}

const ACTOR = 'load-release'

/**
 * Handles one delivery of one notification: stages the release on every TAP server that takes it, each by itself, and
 * swaps where the server's policy says so. Delivered again, it does only what was not done.
 *
 * Returning acknowledges the message. Permanent failures return, recorded as `rejected`.
 *
 * @throws AggregateError of everything else that failed on the servers, also of a wrong configuration, so that
 *   Pub/Sub delivers again
 */
export async function loadRelease(event: unknown, dependencies: LoadDependencies): Promise<void> {
  const { environment, logger } = dependencies
  const notification = readNotification(event)
  if (notification.kind === 'other') return logger.info(`ignored: ${notification.reason}`)
  if (notification.kind === 'malformed') return logger.error(`malformed notification: ${notification.reason}`)
  const { upload } = notification
  const { releases, servers } = environment
  const version = releases === null ? null : versionOf(releases, upload.bucket, upload.object)
  if (version === null) return logger.info('not a release object', { upload })
  const takers = new Set(serversFor(version, servers.values()))
  const chosen = [...servers.values()].filter((server) => takers.has(server.name))
  if (chosen.length === 0) return logger.info(`no TAP server takes ${version}`, { upload })
  await loadOnServers(chosen, { version, upload }, dependencies)
}

interface Arrival {
  readonly version: string
  readonly upload: Upload
}

async function loadOnServers(
  servers: readonly TapServer[],
  arrival: Arrival,
  dependencies: LoadDependencies,
): Promise<void> {
  const fetchOnce = memoise(() => fetchUpload(arrival, dependencies))
  const failures: unknown[] = []
  for (const server of servers) {
    try {
      await loadOnServer(server, arrival, fetchOnce, dependencies)
    } catch (error) {
      const fields = { server: server.name, version: arrival.version, error }
      dependencies.logger.error(`failed, will be retried: ${messageOf(error)}`, fields)
      failures.push(error)
    }
  }
  if (failures.length > 0) {
    const reasons = failures.map(messageOf).join('; ')
    throw new AggregateError(failures, `${arrival.version} is not staged everywhere, deliver again: ${reasons}`)
  }
}

async function loadOnServer(
  server: TapServer,
  arrival: Arrival,
  fetchOnce: () => Promise<Fetched>,
  dependencies: LoadDependencies,
): Promise<void> {
  const { logger, announce } = dependencies
  const { version, upload } = arrival
  const pool = await dependencies.poolFor(server)
  const fields = { server: server.name, version, upload }
  const known = await inTransaction(pool, 'reading the history', (client) => findDelivery(client, upload))
  if (known === 'superseded') return logger.info('a later upload was handled before', fields)
  if (known === 'done') {
    logger.info('this upload was handled before', fields)
  } else {
    const fetched = await fetchOnce()
    if (fetched.outcome === 'gone') return logger.warning('the upload is no longer in the bucket', fields)
    try {
      const isLater = supersededBy(version, server)
      const options = { actor: ACTOR, redelivery: 'skip', supersededBy: isLater, announce } as const
      const staged = await takeFetched(pool, server, fetched, arrival, options)
      if (staged.outcome === 'superseded') return logger.warning(`not staged: ${staged.reason}`, { ...fields, staged })
      logger.info(staged.outcome, { ...fields, staged })
      const warnings = staged.outcome === 'staged' ? staged.warnings : []
      const leftOut = warnings.find(({ code }) => code === READER_LEFT_OUT)
      if (leftOut !== undefined) logger.warning(leftOut.message, { ...fields, code: leftOut.code })
    } catch (error) {
      // Recorded and announced by now; anything else may get better.
      if (!isPermanent(error)) throw error
      return logger.error(`rejected: ${messageOf(error)}`, { ...fields, error })
    }
  }
  await swapIfStaged(server, pool, arrival, dependencies)
}

/** @throws the failure for which the upload was rejected, and what `deliverRelease` and `rejectRelease` throw */
async function takeFetched(
  pool: pg.Pool,
  server: TapServer,
  fetched: Exclude<Fetched, { readonly outcome: 'gone' }>,
  { version }: Arrival,
  options: DeliveryOptions,
): Promise<StageOutcome> {
  if (fetched.outcome === 'fetched') return deliverRelease(pool, server, fetched.release, options)
  const { error, source, durationMs } = fetched
  await rejectRelease(pool, server, { version, source, error, durationMs, ...options })
  throw error
}

/** Also after a redelivery: the first one may have staged the release and then found the live slot busy. */
async function swapIfStaged(
  server: TapServer,
  pool: pg.Pool,
  { version, upload }: Arrival,
  { environment, announce, logger }: LoadDependencies,
): Promise<void> {
  if (server.swap === 'never') return
  const staged = await readSlots(pool, 'reading the staging slot', (client) => readSlot(client, 'staging'))
  const source = staged?.source
  const isOurs = source?.bucket === upload.bucket && source.object === upload.object
  if (source == null || !isOurs || source.generation !== upload.generation) return
  const request = { expectedVersion: version, expectedGeneration: upload.generation, actor: ACTOR, ...environment.swap }
  const fields = { server: server.name, version }
  const result = await swapByPolicy(pool, server, request).catch((error: unknown) => {
    if (!isPermanent(error)) throw error
    logger.error(`not swapped: ${messageOf(error)}`, { ...fields, error })
  })
  if (result === undefined) return
  if (result.outcome === 'waiting') return logger.warning(`not swapped: ${result.reason}`, fields)
  if (result.swap.outcome === 'unchanged') return logger.info('swapped before', { ...fields, swap: result.swap })
  logger.info('swapped', { ...fields, swap: result.swap })
  await announce('swapped', eventAttributes(server, version, source), result.swap)
}

type Fetched =
  | { readonly outcome: 'fetched'; readonly release: Release }
  | { readonly outcome: 'gone' }
  | {
      readonly outcome: 'broken'
      readonly error: Failure
      readonly source: Release['source']
      readonly durationMs: number
    }

/** Reads and unpacks the upload once for all servers. What cannot be unpacked is broken for each of them. */
async function fetchUpload(arrival: Arrival, { environment, bucket }: LoadDependencies): Promise<Fetched> {
  const { releases } = environment
  if (releases === null) return { outcome: 'gone' }
  const started = performance.now()
  const { version, upload } = arrival
  try {
    const release = await fetchRelease(bucket, releases, version, releases.limits, upload.generation)
    return release === undefined ? { outcome: 'gone' } : { outcome: 'fetched', release }
  } catch (error) {
    if (!isPermanent(error)) throw error
    const { bucket: name, object, generation } = upload
    const stored = await bucket.stat(object, generation)
    // Deleted or overwritten since: there is nothing left to load, and its replacement has its own notification.
    if (stored === undefined) return { outcome: 'gone' }
    const source = { bucket: name, object, generation, sha256: '', bytes: stored.size }
    return { outcome: 'broken', error, source, durationMs: elapsedMs(started) }
  }
}

function memoise<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

function isPermanent(error: unknown): error is Failure {
  return error instanceof Failure && error.permanent
}
