import type pg from 'pg'
import { elapsedMs } from '../../../shared/elapsed.ts'
import { Failure, messageOf } from '../../../shared/failure.ts'
import { rejectRelease } from '../../../shared/releases/deliver.ts'
import type { Release } from '../../../shared/releases/fetch.ts'
import { type StageOutcome, type StageRequest, stageRelease } from '../../../shared/tap-schema/stage.ts'
import { writeNote } from '../../terminal/output.ts'

/**
 * Stages a release, also one that was staged before: whoever types the command wants it done. A permanent failure is
 * written into the history, as the functions do it; where that is not possible, the failure itself still is what the
 * operator must see.
 *
 * @throws what `stageRelease` throws
 */
export async function stageOrReject(
  pool: pg.Pool,
  release: Release,
  wish: Pick<StageRequest, 'schemas' | 'readers' | 'options' | 'actor'>,
): Promise<StageOutcome> {
  const { version, source } = release
  const started = performance.now()
  const redelivery = 'restage'
  try {
    return await stageRelease(pool, { ...release, ...wish, redelivery })
  } catch (error) {
    if (!(error instanceof Failure && error.permanent)) throw error
    const durationMs = elapsedMs(started)
    const { actor } = wish
    const rejection = { version, source, error, actor, durationMs, redelivery, announce: async () => {} } as const
    await rejectRelease(pool, { name: 'local', ...wish }, rejection).catch((reason: unknown) => {
      writeNote(`not written into the history: ${messageOf(reason)}`)
    })
    throw error
  }
}
