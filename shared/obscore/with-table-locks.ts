import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import { isLockFailure } from '../tap-schema/slot-failures.ts'
import { inTransaction, setLockTimeout } from '../tap-schema/transaction.ts'
import { ObscoreBusyError } from './failures.ts'
import type { ObscoreSource } from './mapping.ts'
import { type FoundSource, findSource, sourceSql } from './source.ts'

/** How long Rucio's writes, and readers of the table, may queue behind one attempt. */
const LOCK_TIMEOUT_MS = 200
const PAUSE_MS = 300

/**
 * Runs `work` in a transaction that begins with locks: on the source against writers (readers go on), then on tables that
 * are exchanged against everybody. An attempt that does not get them in 200 ms is given up, so that a long query, or a session that
 * is idle in its transaction, delays us and never makes others queue behind us; after a pause the next one follows.
 *
 * @throws ObscoreSourceError, ObscoreBusyError after the deadline, MissingRoleError, DatabaseError, and what `work` throws
 */
export async function withTableLocks<T>(
  pool: pg.Pool,
  operation: string,
  source: ObscoreSource,
  { deadlineMs, exchanged = [] }: LockOptions,
  work: (client: pg.PoolClient, found: FoundSource) => Promise<T>,
): Promise<T> {
  const started = performance.now()
  for (;;) {
    try {
      return await inTransaction(pool, operation, async (client) => {
        await setLockTimeout(client, LOCK_TIMEOUT_MS)
        const found = await findSource(client, source)
        if (found.isTable) await client.query(`lock table ${sourceSql(source)} in share row exclusive mode`)
        if (exchanged.length > 0) await client.query(`lock table ${exchanged.join(', ')} in access exclusive mode`)
        return work(client, found)
      })
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined
      if (!isLockFailure(cause)) throw error
      const waited = performance.now() - started
      if (waited >= deadlineMs) {
        throw new ObscoreBusyError(operation, waited, await findHolders(pool, [sourceSql(source), ...exchanged]), cause)
      }
      await pause(PAUSE_MS * (0.5 + Math.random()))
    }
  }
}

export interface LockOptions {
  readonly deadlineMs: number
  /** Tables that nobody else may read meanwhile. */
  readonly exchanged?: readonly string[]
}

const NAMED = 5

/** Sessions that hold locks on these tables, the longest transaction first. */
async function findHolders(pool: pg.Pool, tables: readonly string[]): Promise<readonly string[]> {
  const { rows } = await pool.query<{ session: string }>(
    `select format('process %s of %s, %s for %s s', a.pid, a.usename, a.state,
                   round(extract(epoch from clock_timestamp() - a.xact_start)::numeric, 1)) as session
       from pg_catalog.pg_stat_activity a
      where a.pid <> pg_catalog.pg_backend_pid()
        and a.pid in (select l.pid from pg_catalog.pg_locks l
                       where l.granted and l.relation in (select pg_catalog.to_regclass(name) from unnest($1::text[]) as name))
      order by a.xact_start nulls last limit ${NAMED}`,
    [tables],
  )
  return rows.map(({ session }) => session)
}
