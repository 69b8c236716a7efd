import type pg from 'pg'

/** A message for users, shown for a while. */
export interface Notification {
  readonly id: string
  /** null: all users. */
  readonly recipient: string | null
  /** `maintenance`, `quota`, `retention`, or a word of the operators. */
  readonly kind: string
  readonly message: string
  readonly created: Date
  readonly until: Date
}

interface NewNotification {
  readonly server: string
  readonly recipient: string | null
  readonly kind: string
  readonly message: string
  /** How long it is shown. */
  readonly seconds: number
}

const COLUMNS = 'id::text as id, recipient, kind, message, created_at as created, expires_at as until'

/** A message that a user has already is not repeated: it is shown for longer. */
export async function createNotification(
  pool: pg.Pool | pg.ClientBase,
  notification: NewNotification,
): Promise<Notification> {
  const { server, recipient, kind, message, seconds } = notification
  const { rows } = await pool.query<Notification>(
    `insert into uws.notification (server, recipient, kind, message, expires_at)
     values ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5))
     on conflict (server, recipient, kind, md5(message)) where recipient is not null
       do update set expires_at = excluded.expires_at
     returning ${COLUMNS}`,
    [server, recipient, kind, message, seconds],
  )
  const [row] = rows
  if (row === undefined) throw new Error('the new notification was not returned')
  return row
}

/** The messages for a user, the newest first; null: those for all users. */
export async function listNotifications(
  pool: pg.Pool,
  server: string,
  user: string | null,
): Promise<readonly Notification[]> {
  const { rows } = await pool.query<Notification>(
    `select ${COLUMNS} from uws.notification
      where server = $1 and (recipient is null or recipient = $2) and expires_at > clock_timestamp()
      order by id desc`,
    [server, user],
  )
  return rows
}

/** All of a server, for its operators. */
export async function listAllNotifications(pool: pg.Pool, server: string): Promise<readonly Notification[]> {
  const { rows } = await pool.query<Notification>(
    `select ${COLUMNS} from uws.notification where server = $1 and expires_at > clock_timestamp() order by id desc`,
    [server],
  )
  return rows
}

/** @returns whether it was there */
export async function removeNotification(pool: pg.Pool, server: string, id: string): Promise<boolean> {
  const { rowCount } = await pool.query('delete from uws.notification where server = $1 and id::text = $2', [
    server,
    id,
  ])
  return rowCount === 1
}

/** Deletes the messages whose time is over. @returns how many */
export async function endNotifications(pool: pg.Pool, server: string): Promise<number> {
  const { rowCount } = await pool.query(
    'delete from uws.notification where server = $1 and expires_at <= clock_timestamp()',
    [server],
  )
  return rowCount ?? 0
}
