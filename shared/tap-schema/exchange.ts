import type pg from 'pg'
import { BusyError, isLockFailure } from './failures.ts'
import { LockOrder } from './lock-slot.ts'
import { setLockTimeout, withSlots } from './transaction.ts'

/** How patiently a swap or a rollback waits for readers. */
export interface Patience {
  /** After so many milliseconds the operation gives up, with nothing changed. */
  readonly deadlineMs: number
  /**
   * How long readers may queue behind the first attempt to lock a table. The next one comes after a pause and may take
   * longer, up to ten times as long: queries that overlap without end leave no shorter gap.
   */
  readonly lockTimeoutMs: number
}

/** Well below PostgreSQL's `deadlock_timeout` (1 s): of a reader and a swap that wait for each other, the swap gives way. */
export const LOCK_TIMEOUT_LIMIT_MS = 500

export const DEFAULT_PATIENCE: Patience = { deadlineMs: 30_000, lockTimeoutMs: 20 }

/**
 * Runs `work` in a transaction under the database's Almagest lock, again and again until no reader is in the way.
 *
 * A reader that holds a lock on one of the tables makes the attempt fail after `lockTimeoutMs`. The whole transaction is
 * given up then, so that readers queued behind it go on at once: a slow reader delays the swap, never the other way
 * round (DESIGN §4).
 *
 * @throws BusyError after the deadline
 */
export async function exchangeSlots<T>(
  pool: pg.Pool,
  operation: string,
  patience: Patience,
  work: (client: pg.PoolClient, order: LockOrder) => Promise<T>,
): Promise<{ readonly result: T; readonly attempts: number; readonly durationMs: number }> {
  const started = performance.now()
  const elapsed = () => performance.now() - started
  const order = new LockOrder()
  for (let attempts = 1; ; attempts++) {
    const remaining = patience.deadlineMs - elapsed()
    try {
      const result = await withSlots(pool, operation, remaining, async (client) => {
        await setLockTimeout(client, Math.min(LOCK_TIMEOUT_LIMIT_MS, patience.lockTimeoutMs * Math.min(attempts, 10)))
        return work(client, order).catch((error: unknown) => {
          throw isLockFailure(error) ? new SlotsInUse(error) : error
        })
      })
      return { result, attempts, durationMs: elapsed() }
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined
      if (!(cause instanceof SlotsInUse)) throw error
      order.learnFrom(cause.cause)
      const left = patience.deadlineMs - elapsed()
      if (left <= 0) throw new BusyError(operation, elapsed(), 30, cause.cause)
      await new Promise((done) => setTimeout(done, Math.min(left, pauseAfter(attempts))))
    }
  }
}

/** Not a failure yet: another attempt follows. */
class SlotsInUse extends Error {
  constructor(cause: unknown) {
    super('readers hold locks on the slots', { cause })
  }
}

/** Readers that queued behind the last attempt get through first; jitter keeps us out of step with regular queries. */
function pauseAfter(attempts: number): number {
  return Math.min(1000, 10 * 2 ** Math.min(attempts, 7)) * (0.5 + Math.random() / 2)
}
