import type pg from 'pg'
import { elapsedMs } from '../elapsed.ts'
import { Failure } from '../failure.ts'
import { recordRejection } from '../tap-schema/reject.ts'
import type { ReleaseSource } from '../tap-schema/release-source.ts'
import { type StageOutcome, type StageRequest, stageRelease } from '../tap-schema/stage.ts'
import type { Release } from './fetch.ts'

/** What a TAP server wants of a release. */
export interface ReleaseTaker {
  readonly name: string
  readonly schemas: readonly string[]
  readonly readers: readonly string[]
  readonly options: StageRequest['options']
}

/** Tells the world; it never throws, because the database holds the truth. */
export type Announce = (
  event: 'staged' | 'swapped' | 'rolled_back' | 'rejected',
  attributes: Readonly<Record<string, string>>,
  data: unknown,
) => Promise<void>

export interface DeliveryOptions {
  readonly actor: string
  readonly redelivery: StageRequest['redelivery']
  readonly supersededBy?: StageRequest['supersededBy']
  readonly announce: Announce
}

/**
 * Stages a release on one TAP server and announces `staged`. A release that cannot be loaded is written into the
 * server's history and announced as `rejected`.
 *
 * @throws what `stageRelease` throws; a permanent failure has been recorded by then
 */
export async function deliverRelease(
  pool: pg.Pool,
  server: ReleaseTaker,
  release: Release,
  options: DeliveryOptions,
): Promise<StageOutcome> {
  const started = performance.now()
  const { version, source, files } = release
  const { schemas, readers, options: loader } = server
  const { actor, redelivery, supersededBy, announce } = options
  try {
    const request = { version, source, files, schemas, readers, options: loader, actor, redelivery, supersededBy }
    const outcome = await stageRelease(pool, request)
    if (outcome.outcome === 'staged') await announce('staged', eventAttributes(server, version, source), outcome)
    return outcome
  } catch (error) {
    if (error instanceof Failure && error.permanent) {
      await rejectRelease(pool, server, {
        version,
        source,
        error,
        actor,
        durationMs: elapsedMs(started),
        redelivery,
        announce,
      })
    }
    throw error
  }
}

export interface RejectedDelivery extends DeliveryOptions {
  readonly version: string
  readonly source: ReleaseSource
  readonly error: Failure
  readonly durationMs: number
}

/** Records and announces that a TAP server cannot take an upload, with every problem; once for all its deliveries. */
export async function rejectRelease(pool: pg.Pool, server: ReleaseTaker, rejected: RejectedDelivery): Promise<void> {
  const { version, source, error, actor, durationMs, redelivery, announce } = rejected
  const whole = { file: source.object, path: '', code: error.code, severity: 'error', message: error.message } as const
  const problems = error.problems.length > 0 ? error.problems : [whole]
  if (!(await recordRejection(pool, { version, source, actor, problems, durationMs, redelivery }))) return
  await announce('rejected', { ...eventAttributes(server, version, source), code: error.code }, { problems })
}

/** The attributes by which subscribers filter. */
export function eventAttributes(
  server: Pick<ReleaseTaker, 'name'>,
  version: string,
  source: ReleaseSource | null,
): Record<string, string> {
  const upload = source === null ? {} : { bucket: source.bucket, object: source.object, generation: source.generation }
  return { server: server.name, version, ...upload }
}
