import { type Clock, SYSTEM_CLOCK } from '../clock.ts'

/** Lets so many through in a second. */
export interface TokenBucket {
  /** Resolves when it is the caller's turn, first come, first served. */
  take(): Promise<void>
}

/**
 * A token bucket: `perSecond` in the long run, and up to a tenth of a second's worth at once, so that waiting is not
 * needed for each single one.
 */
export function createTokenBucket(perSecond: number, clock: Clock = SYSTEM_CLOCK): TokenBucket {
  const spacing = 1000 / perSecond
  const burst = Math.max(spacing, 100)
  /** When the next token is due; never further in the past than the burst. */
  let due = Number.NEGATIVE_INFINITY
  return {
    async take() {
      const now = clock.now()
      due = Math.max(due, now - burst) + spacing
      if (due > now) await clock.sleep(due - now)
    },
  }
}
