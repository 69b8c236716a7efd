export interface RetryPolicy {
  /** Tries in all, the first included. */
  readonly attempts: number
  /** The first pause lasts up to this; each later one up to twice as long as the one before, up to `maxDelayMs`. */
  readonly baseDelayMs: number
  readonly maxDelayMs: number
  /** No pause begins that would end later than this after the start. */
  readonly totalMs: number
  readonly isRetryable: (error: unknown) => boolean
  readonly onRetry?: (error: unknown, attempt: number, delayMs: number) => void
  readonly sleep?: (milliseconds: number) => Promise<void>
  /** 0 ≤ x < 1 */
  readonly random?: () => number
  /** Milliseconds on a clock that never goes back. */
  readonly now?: () => number
}

/**
 * Runs an idempotent operation until it succeeds, fails for good, or the policy's tries or time are used up. Pauses are
 * drawn from the whole range (full jitter), so that callers which failed together do not come back together.
 *
 * @param operation gets the number of the attempt, from 1
 * @throws the last attempt's error
 */
export async function retry<T>(operation: (attempt: number) => Promise<T>, policy: RetryPolicy): Promise<T> {
  const { sleep = pause, random = Math.random, now = () => performance.now() } = policy
  const start = now()
  for (let attempt = 1; ; attempt++) {
    try {
      return await operation(attempt)
    } catch (error) {
      if (attempt >= policy.attempts || !policy.isRetryable(error)) throw error
      const ceiling = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (attempt - 1))
      const delay = random() * ceiling
      if (now() - start + delay > policy.totalMs) throw error
      policy.onRetry?.(error, attempt, delay)
      await sleep(delay)
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds))
}
