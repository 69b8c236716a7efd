import type { TestDatabase } from './postgres.ts'

/** How many stages, swaps and rollbacks hold the database's Almagest lock: one, also while it waits for readers. */
export async function countSwaps({ pool }: TestDatabase): Promise<number> {
  const { rows } = await pool.query(`
    select count(*)::int as swaps
      from pg_locks
     where locktype = 'advisory'
       and granted
       and database = (select oid from pg_database where datname = current_database())`)
  return rows[0].swaps
}
