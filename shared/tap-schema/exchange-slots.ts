import type pg from 'pg'
import { elapsedMs } from '../elapsed.ts'
import { ExchangeLocks } from './exchange-locks.ts'
import { SlotsInUse } from './lock-through-gates.ts'
import type { Patience } from './patience.ts'
import { BusyError, isLockFailure } from './slot-failures.ts'
import { inTransaction, withSlots } from './transaction.ts'

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
  work: (client: pg.PoolClient, locks: ExchangeLocks) => Promise<T>,
): Promise<{ readonly result: T; readonly attempts: number; readonly durationMs: number }> {
  const started = performance.now()
  const elapsed = () => elapsedMs(started)
  const locks = new ExchangeLocks(pool, patience.lockTimeoutMs)
  for (let attempts = 1; ; attempts++) {
    const remaining = patience.deadlineMs - elapsed()
    try {
      await locks.prepare()
      const result = await withSlots(pool, operation, remaining, async (client) => {
        await locks.begin(client)
        return work(client, locks).catch((error: unknown) => {
          throw isLockFailure(error) ? new SlotsInUse('readers hold locks on the slots', error) : error
        })
      }).finally(() => locks.release())
      return { result, attempts, durationMs: elapsed() }
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined
      if (!(cause instanceof SlotsInUse)) throw error
      const left = patience.deadlineMs - elapsed()
      if (left <= 0) await giveUp(pool, new BusyError(operation, elapsed(), cause.cause))
      await locks.learnFrom(cause.cause, Math.min(left, pauseAfter(attempts)))
    }
  }
}

/** A transaction that fails as busy names the sessions in its way. */
function giveUp(pool: pg.Pool, error: BusyError): Promise<never> {
  return inTransaction(pool, error.operation, async () => {
    throw error
  })
}

/** Readers that queued behind the last attempt get through first; jitter keeps us out of step with regular queries. */
function pauseAfter(attempts: number): number {
  return Math.min(1000, 10 * 2 ** Math.min(attempts, 7)) * (0.5 + Math.random() / 2)
}
