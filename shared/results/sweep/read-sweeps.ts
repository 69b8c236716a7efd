import type { ResultsConfig } from '../../environment/results.ts'
import { readState } from './lease.ts'
import type { SweepReport } from './report.ts'
import type { SweepParts } from './sweep.ts'

/** What is known of sweeps without making one. */
export interface Sweeps {
  /** Whether one is under way, or paused until the next call. */
  readonly isRunning: boolean
  /** The last one that deletes and has finished; null: there was none. */
  readonly last: SweepReport | null
}

/** @throws SweepStateError, and what the bucket throws */
export async function readSweeps(
  { stateBucket, stateObject }: ResultsConfig,
  { stateBucket: bucket }: Pick<SweepParts, 'stateBucket'>,
): Promise<Sweeps> {
  const { state } = await readState({ bucket, stateObject, where: `gs://${stateBucket}/${stateObject}` })
  return { isRunning: state.run !== null, last: state.last?.report ?? null }
}
