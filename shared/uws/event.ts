import type pg from 'pg'

/** What can have happened (spec of the stateless TAP §5, 7 to 11). */
export type EventKind =
  | 'JOB_CREATED'
  | 'JOB_UPDATED'
  | 'JOB_REMOVED'
  | 'QUOTA_UPDATED'
  | 'SHARE_CREATED'
  | 'SHARE_UPDATED'
  | 'SHARE_REMOVED'
  | 'GROUP_CREATED'
  | 'GROUP_UPDATED'
  | 'GROUP_REMOVED'
  | 'MEMBER_CREATED'
  | 'MEMBER_REMOVED'
  | 'NOTIFICATION_CREATED'
  | 'NOTIFICATION_REMOVED'
  | 'LOGIN'
  | 'TABLE_CREATED'
  | 'TABLE_UPDATED'
  | 'TABLE_REMOVED'

/** What an event is about: `job` and its id, `user` and a name, `notification` and its id, `table` and its id, `group` and `owner/name`. */
export interface Item {
  readonly server: string
  readonly type: string
  readonly id: string
}

export interface UwsEvent {
  /** Grows with every event; those of a job are in the order in which things happened. */
  readonly sequence: string
  readonly kind: EventKind
  readonly item: Item
  /** Of the item; null: nobody, or everybody. */
  readonly owner: string | null
  readonly occurred: Date
  readonly data: Readonly<Record<string, unknown>>
}

export interface EventRow {
  readonly sequence: string
  readonly server: string
  readonly kind: EventKind
  readonly item_type: string
  readonly item: string
  readonly owner: string | null
  readonly occurred_at: Date
  readonly data: Readonly<Record<string, unknown>>
}

export const EVENT_COLUMNS = 'sequence::text as sequence, server, kind, item_type, item, owner, occurred_at, data'

export function eventFromRow(row: EventRow): UwsEvent {
  return {
    sequence: row.sequence,
    kind: row.kind,
    item: { server: row.server, type: row.item_type, id: row.item },
    owner: row.owner,
    occurred: row.occurred_at,
    data: row.data,
  }
}

/** All that has happened to an item, the first first. */
export async function listEvents(pool: pg.Pool, { server, type, id }: Item): Promise<readonly UwsEvent[]> {
  const { rows } = await pool.query<EventRow>(
    `select ${EVENT_COLUMNS} from uws.event where server = $1 and item_type = $2 and item = $3 order by event.sequence`,
    [server, type, id],
  )
  return rows.map(eventFromRow)
}
