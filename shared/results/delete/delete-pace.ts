import type { SweepLimits } from '../../environment/results.ts'
import type { Clock } from '../clock.ts'
import { createTokenBucket } from './token-bucket.ts'

/** How fast deletions follow each other, over all pages that are worked on. */
export interface DeletePace {
  readonly atOnce: number
  /** Runs one deletion when it is its turn: first come, first served. */
  run<T>(work: () => Promise<T>): Promise<T>
  /** Resolves when the rate allows one more. */
  takeToken(): Promise<void>
}

export function createDeletePace(
  { deletesPerSecond, deletesAtOnce }: Pick<SweepLimits, 'deletesPerSecond' | 'deletesAtOnce'>,
  clock: Clock,
): DeletePace {
  // More than go in a second would only wait for each other, also when the sweep has to stop.
  const atOnce = Math.max(1, Math.min(deletesAtOnce, deletesPerSecond))
  const tokens = createTokenBucket(deletesPerSecond, clock)
  let free = atOnce
  const waiting: (() => void)[] = []
  return {
    atOnce,
    takeToken: tokens.take,
    async run(work) {
      if (free > 0) free -= 1
      else await new Promise<void>((turn) => waiting.push(turn))
      try {
        return await work()
      } finally {
        const next = waiting.shift()
        if (next === undefined) free += 1
        else next()
      }
    },
  }
}
