import type pg from 'pg'
import { EVENT_COLUMNS, type EventRow, eventFromRow, type Item, type UwsEvent } from './event.ts'

/** Returns when the event is safe with who hands it on. */
export type PublishEvent = (event: UwsEvent) => Promise<void>

/** Longer than one publication may take. */
const SENDING_SECONDS = 30

/**
 * Publishes what is owed of one item, in order: an event is taken only when all before it are published, and by one at a
 * time. One that dies in between publishes it a second time; receivers know it by its sequence number.
 *
 * @returns how many were published
 * @throws what `publish` throws; that event and those after it are still owed
 */
export async function publishOwed(pool: pg.Pool, item: Item, publish: PublishEvent): Promise<number> {
  for (let published = 0; ; published++) {
    const event = await takeFirst(pool, item)
    if (event === undefined) return published
    try {
      await publish(event)
    } catch (error) {
      await pool.query('update uws.event set sending_until = null where sequence = $1', [event.sequence])
      throw error
    }
    await pool.query('update uws.event set settled_at = clock_timestamp() where sequence = $1', [event.sequence])
  }
}

async function takeFirst(pool: pg.Pool, { server, type, id }: Item): Promise<UwsEvent | undefined> {
  const { rows } = await pool.query<EventRow>(
    `update uws.event set sending_until = clock_timestamp() + make_interval(secs => $4)
      where sequence = (select sequence from uws.event
                         where server = $1 and item_type = $2 and item = $3 and settled_at is null
                         order by sequence limit 1)
        and settled_at is null and (sending_until is null or sending_until < clock_timestamp())
  returning ${EVENT_COLUMNS}`,
    [server, type, id, SENDING_SECONDS],
  )
  return rows[0] === undefined ? undefined : eventFromRow(rows[0])
}

/** Items of which something is owed. */
export async function findOwedItems(pool: pg.Pool, server: string, limit: number): Promise<readonly Item[]> {
  const { rows } = await pool.query<{ item_type: string; item: string }>(
    'select distinct item_type, item from uws.event where server = $1 and settled_at is null limit $2',
    [server, limit],
  )
  return rows.map(({ item_type, item }) => ({ server, type: item_type, id: item }))
}

/** Nobody wants the events of a server: what is owed counts as published. */
export async function settleEvents(pool: pg.Pool, server: string): Promise<void> {
  await pool.query('update uws.event set settled_at = clock_timestamp() where server = $1 and settled_at is null', [
    server,
  ])
}

/** Events that are older than that and published; those of a job not before its row is gone. @returns how many */
export async function forgetEvents(pool: pg.Pool, server: string, days: number, limit: number): Promise<number> {
  const { rowCount } = await pool.query(
    `delete from uws.event
      where sequence = any (array(
        select sequence from uws.event
         where server = $1 and occurred_at < clock_timestamp() - make_interval(days => $2) and settled_at is not null
           and (item_type <> 'job' or not exists (select from uws.job where id = item))
         limit $3))`,
    [server, days, limit],
  )
  return rowCount ?? 0
}
