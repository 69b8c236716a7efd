import type pg from 'pg'
import { elapsedMs } from '../../shared/elapsed.ts'
import type { TapServer } from '../../shared/environment/tap-server.ts'
import { Failure } from '../../shared/failure.ts'
import { HttpError } from '../../shared/platform/http/errors.ts'
import { deliverRelease, rejectRelease } from '../../shared/releases/deliver.ts'
import { fetchRelease, type Release } from '../../shared/releases/fetch.ts'
import { objectOf } from '../../shared/releases/naming.ts'
import type { StoredObject } from '../../shared/stored-objects.ts'
import type { ReleaseSource } from '../../shared/tap-schema/release-source.ts'
import { RejectedError } from '../../shared/tap-schema/slot-failures.ts'
import type { StageOutcome } from '../../shared/tap-schema/stage.ts'
import type { SwapDependencies } from './dependencies.ts'

export interface BucketStageRequest {
  readonly version: string
  readonly generation: string | undefined
  readonly actor: string
}

/**
 * Stages a release that lies in the releases bucket already, known to the ledger or not.
 *
 * @throws HttpError 404 and 409; RejectedError, recorded and announced by then; ReleaseNameError and what
 *   `deliverRelease` and the bucket throw
 */
export async function stageFromBucket(
  dependencies: SwapDependencies,
  server: TapServer,
  pool: pg.Pool,
  request: BucketStageRequest,
): Promise<StageOutcome & { readonly server: string; readonly source: ReleaseSource }> {
  const options = { actor: request.actor, redelivery: 'restage', announce: dependencies.announce } as const
  const { release, stored, durationMs } = await findRelease(dependencies, request)
  if (release instanceof Failure) {
    const { bucket, name: object, generation, size: bytes } = stored
    const source = { bucket, object, generation, sha256: '', bytes }
    await rejectRelease(pool, server, { version: request.version, source, error: release, durationMs, ...options })
    throw release.problems.length > 0 ? new RejectedError(request.version, release.problems) : release
  }
  const outcome = await deliverRelease(pool, server, release, options)
  return { server: server.name, ...outcome, source: release.source }
}

interface Found {
  /** What is wrong with it, when it can never be read. */
  readonly release: Release | Failure
  readonly stored: StoredObject
  readonly durationMs: number
}

/**
 * Settles on one upload before reading it: what is rejected must be the very generation that was read, or a good one
 * that arrives meanwhile would count as known.
 */
async function findRelease(
  { environment, bucket }: SwapDependencies,
  { version, generation }: BucketStageRequest,
): Promise<Found> {
  const { releases } = environment
  if (releases === null) {
    const msg = 'the environment names no releases bucket, so there is nothing to stage from'
    throw new HttpError(409, { msg, type: 'no_releases_bucket' })
  }
  const started = performance.now()
  const object = objectOf(releases, version)
  for (let round = 0; round < ROUNDS; round += 1) {
    const stored = await bucket.stat(object, generation)
    if (stored === undefined) break
    const release = await fetchRelease(bucket, releases, version, releases.limits, stored.generation).catch(asBroken)
    if (release !== undefined) return { release, stored, durationMs: elapsedMs(started) }
  }
  const upload = `gs://${releases.bucket}/${object}${generation === undefined ? '' : `#${generation}`}`
  const msg = `there is no release ${version}: ${upload} does not exist`
  throw new HttpError(404, { msg, type: 'release_not_found', loc: ['body', 'version'] })
}

/** An upload that is overwritten between the two looks at it is gone; the next one is there. */
const ROUNDS = 3

function asBroken(error: unknown): Failure {
  if (error instanceof Failure && error.permanent) return error
  throw error
}
