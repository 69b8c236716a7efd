import type pg from 'pg'
import { qualified } from './ddl.ts'
import { BusyError, isLockFailure } from './failures.ts'
import { TAP_TABLE_NAMES } from './tables.ts'
import { setLockTimeout, withSlots } from './transaction.ts'

/** How patiently a swap or a rollback waits for readers. */
export interface Patience {
  /** After so many milliseconds the operation gives up, with nothing changed. */
  readonly deadlineMs: number
  /**
   * How long readers may queue behind the first attempt to lock a table. The next one comes after a pause and may take
   * longer, up to four times as long: queries that overlap without end leave no shorter gap.
   */
  readonly lockTimeoutMs: number
}

export const DEFAULT_PATIENCE: Patience = { deadlineMs: 30_000, lockTimeoutMs: 50 }

/**
 * Runs `work` in a transaction under the database's Almagest lock, again and again until no reader is in the way.
 *
 * A reader that holds a lock on one of the tables makes the attempt fail after `lockTimeoutMs`. The whole transaction is
 * given up then, so that readers queued behind it go on at once: a slow reader delays the swap, never the other way
 * round (DESIGN §4). The time is well below PostgreSQL's `deadlock_timeout` (1 s), so that of a reader and a swap that
 * wait for each other it is always the swap that gives way.
 *
 * @throws BusyError after the deadline
 */
export async function exchangeSlots<T>(
  pool: pg.Pool,
  operation: string,
  patience: Patience,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<{ readonly result: T; readonly attempts: number; readonly durationMs: number }> {
  const started = performance.now()
  const elapsed = () => performance.now() - started
  for (let attempts = 1; ; attempts++) {
    const remaining = patience.deadlineMs - elapsed()
    try {
      const result = await withSlots(pool, operation, remaining, async (client) => {
        await setLockTimeout(client, patience.lockTimeoutMs * Math.min(attempts, 4))
        return work(client).catch((error: unknown) => {
          throw isLockFailure(error) ? new SlotsInUse(error) : error
        })
      })
      return { result, attempts, durationMs: elapsed() }
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined
      if (!(cause instanceof SlotsInUse)) throw error
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
  return Math.min(1000, 50 * 2 ** Math.min(attempts, 5)) * (0.5 + Math.random() / 2)
}

/**
 * Takes ACCESS EXCLUSIVE on every table and view of a slot, so that no query can see one table of the old release and
 * another of the new one.
 *
 * The order is the one in which a join usually names the tables, a view before the table under it. Readers that lock in
 * the same order only make us wait until they are done; one with another order can end up waiting for us while we wait
 * for it, and then the attempt costs its whole lock timeout.
 */
export async function lockSlot(client: pg.PoolClient, schema: string): Promise<void> {
  const found = await client.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relkind in ('r', 'p', 'v')
      order by (select min(place) from unnest($2::text[]) with ordinality as usual (name, place)
                 where starts_with(c.relname, usual.name)), c.relkind = 'v' desc, c.relname`,
    [schema, ['version', ...TAP_TABLE_NAMES]],
  )
  if (found.rows.length === 0) return
  const names = found.rows.map((row) => qualified(schema, row.name))
  await client.query(`lock table ${names.join(', ')} in access exclusive mode`)
}
