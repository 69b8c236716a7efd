import type pg from 'pg'
import { BusyError } from '../tap-schema/slot-failures.ts'
import { createNotification } from '../uws/notify.ts'
import { asTableOwner, lockOwner } from './change-tables.ts'
import { dropHeld } from './drop-table.ts'
import { tapNameOf } from './names.ts'
import { holdById, LAST_USE, type UserTable } from './user-table.ts'

/** How long a table is kept that nobody uses, in days. */
export interface Retention {
  readonly keptDays: number
  /** So long before it is dropped its owner is notified. */
  readonly noticeDays: number
}

/** Tables that one call looks after; the next one goes on. */
const ROUND = 200

const DAY_SECONDS = 86_400

/**
 * Notifies the owners of tables that will be dropped, and drops those whose time is over and that nobody has used since
 * the notification. It can be done at any time, and by two at once.
 *
 * @returns how many were dropped
 */
export async function retireTables(pool: pg.Pool, server: string, retention: Retention): Promise<number> {
  await warnOfUnused(pool, server, retention)
  const { rows } = await pool.query<{ id: string }>(
    `select id from user_tables.item where server = $1 and ${IS_OVER} order by id limit ${ROUND}`,
    [server, retention.keptDays, retention.noticeDays],
  )
  let dropped = 0
  for (const { id } of rows) {
    const isDropped = await dropUnused(pool, { server, id }, retention).catch((error: unknown) => {
      // Somebody changes tables of the same owner: the next call goes on.
      if (error instanceof BusyError) return false
      throw error
    })
    if (isDropped) dropped += 1
  }
  return dropped
}

/** Of a row of `user_tables.item`: whether its owner knows of the end, and that has come. $2: keptDays, $3: noticeDays. */
const IS_OVER = `${LAST_USE} < clock_timestamp() - make_interval(days => $2)
  and warned_at >= ${LAST_USE} and warned_at < clock_timestamp() - make_interval(days => $3)`

async function warnOfUnused(pool: pg.Pool, server: string, { keptDays, noticeDays }: Retention): Promise<void> {
  await asTableOwner(pool, 'notifying of tables that nobody uses', async (client) => {
    const { rows } = await client.query<{ owner: string; name: string; since: Date; ends: Date }>(
      `update user_tables.item set warned_at = clock_timestamp()
        where id in (select id from user_tables.item
                      where server = $1 and ${LAST_USE} < clock_timestamp() - make_interval(days => $2)
                        and (warned_at is null or warned_at < ${LAST_USE})
                      order by id limit ${ROUND} for update skip locked)
       returning owner, name, ${LAST_USE} as since, warned_at + make_interval(days => $3) as ends`,
      [server, keptDays - noticeDays, noticeDays],
    )
    for (const { owner, name, since, ends } of rows) {
      const message = `The table ${tapNameOf(owner, name)} has not been used since ${dayOf(since)}. It will be dropped on ${dayOf(ends)}, unless it is used before.`
      const seconds = noticeDays * DAY_SECONDS
      await createNotification(client, { server, recipient: owner, kind: 'retention', message, seconds })
    }
  })
}

/** @returns false: it was used in the meantime, or is gone */
async function dropUnused(
  pool: pg.Pool,
  { server, id }: Pick<UserTable, 'server' | 'id'>,
  { keptDays, noticeDays }: Retention,
): Promise<boolean> {
  return asTableOwner(pool, 'dropping a table that nobody uses', async (client) => {
    const { rows } = await client.query<{ owner: string }>('select owner from user_tables.item where id = $1', [id])
    const [found] = rows
    if (found === undefined) return false
    await lockOwner(client, server, found.owner)
    const table = await holdById(client, id)
    if (table === undefined) return false
    const { rowCount } = await client.query(`select from user_tables.item where id = $1 and ${IS_OVER}`, [
      id,
      keptDays,
      noticeDays,
    ])
    if (rowCount === 0) return false
    await dropHeld(client, table, { reason: 'unused' })
    return true
  })
}

/**
 * Ends the shares of tables whose time is over; the tables are held, as by everybody who shares them. One that somebody
 * changes now has its turn with the next call.
 *
 * @returns how many
 */
export async function endTableShares(pool: pg.Pool, server: string): Promise<number> {
  return asTableOwner(pool, 'ending shares', async (client) => {
    const { rowCount } = await client.query(
      `with held as materialized (
         select id::text as id from user_tables.item
          where server = $1
            and id in (select share.item::bigint from uws.share
                        where share.server = $1 and item_type = 'table' and expires_at <= clock_timestamp())
          order by item.id for no key update skip locked)
       delete from uws.share
        using held
        where share.server = $1 and item_type = 'table' and share.item = held.id and expires_at <= clock_timestamp()`,
      [server],
    )
    return rowCount ?? 0
  })
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10)
}
