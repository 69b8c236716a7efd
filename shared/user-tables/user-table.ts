import type pg from 'pg'
import type { Reader } from '../uws/share-job.ts'
import type { Field } from '../votable/field.ts'
import { isReadable } from './ddl.ts'
import { UserTableError } from './failures.ts'
import { readTableName, tapNameOf } from './names.ts'

/** A column as its definition has it; it is called c1, c2 … in the database. */
export interface UserColumn extends Field {
  /** The type of PostgreSQL that holds it. */
  readonly sqlType: string
  readonly indexed?: boolean
}

export interface UserTable {
  readonly id: string
  readonly server: string
  readonly owner: string
  /** In lower case. */
  readonly name: string
  readonly description: string | null
  readonly utype: string | null
  readonly columns: readonly UserColumn[]
  readonly rows: number
  readonly created: Date
  readonly changed: Date
  /** When a query has read it, or something was changed, to the hour. */
  readonly used: Date
}

interface ItemRow extends Omit<UserTable, 'rows' | 'created' | 'changed'> {
  readonly row_count: string
  readonly created_at: Date
  readonly changed_at: Date
}

/** Of a row of `user_tables.item`. */
export const LAST_USE = 'greatest(item.used_at, item.changed_at)'

const COLUMNS = `item.id::text as id, item.server, item.owner, item.name, item.description, item.utype, item.columns,
  item.row_count, item.created_at, item.changed_at, ${LAST_USE} as used`

export interface ReadableTable extends UserTable {
  /** Whether he may load rows into it. */
  readonly writable: boolean
}

/** Tables that a user owns, and those that are shared with him or a group of his: the names in order. */
export async function listReadable(pool: pg.Pool, server: string, reader: Reader): Promise<readonly ReadableTable[]> {
  const { rows } = await pool.query<ItemRow & { readonly writable: boolean }>({
    name: 'user_tables_readable',
    text: `select ${COLUMNS}, ${isReadable('write')} as writable
             from user_tables.item
            where ${isReadable('read')}
            order by owner <> $2, owner, name`,
    values: [server, reader.user, reader.groups],
  })
  return rows.map((row) => ({ ...tableFromRow(row), writable: row.writable }))
}

/**
 * A table of the user's own, held until the transaction ends.
 *
 * @param given as `readTableName` takes it
 * @throws UserTableError
 */
export async function holdOwn(client: pg.ClientBase, server: string, owner: string, given: string): Promise<UserTable> {
  const name = readOwnName(given, owner)
  const { rows } = await client.query<ItemRow>(
    `select ${COLUMNS} from user_tables.item where server = $1 and owner = $2 and name = $3 for update`,
    [server, owner, name],
  )
  if (rows[0] === undefined) throw noUserTable(owner, name)
  return tableFromRow(rows[0])
}

/** A table that somebody wants to load rows into. */
export interface WantedTable {
  readonly server: string
  readonly writer: Reader
  /** As `readTableName` takes it, and what that made of it. */
  readonly given: string
  readonly owner: string | null
  readonly name: string
}

/** The same of a table that is his own, or shared with him for writing. @throws UserTableError */
export async function holdWritable(client: pg.ClientBase, wanted: WantedTable): Promise<UserTable> {
  return findWritable(client, wanted, 'for update')
}

/** Whether he may, before the rows have arrived. @throws UserTableError */
export async function checkWritable(client: pg.ClientBase, wanted: WantedTable): Promise<void> {
  await findWritable(client, wanted, '')
}

async function findWritable(
  client: pg.ClientBase,
  { server, writer, given, owner, name }: WantedTable,
  lock: '' | 'for update',
): Promise<UserTable> {
  const { rows } = await client.query<ItemRow>(
    `select ${COLUMNS} from user_tables.item where owner = $4 and name = $5 and ${isReadable('write')} ${lock}`,
    [server, writer.user, writer.groups, owner, name],
  )
  if (rows[0] !== undefined) return tableFromRow(rows[0])
  if (owner === writer.user) throw noUserTable(owner, name)
  const what = JSON.stringify(given)
  throw new UserTableError('not_owner', `${what} is not in your own schema, and not shared with you for writing`)
}

/** A table by its id, held likewise; undefined: it is gone. */
export async function holdById(client: pg.ClientBase, id: string): Promise<UserTable | undefined> {
  const { rows } = await client.query<ItemRow>(`select ${COLUMNS} from user_tables.item where id = $1 for update`, [id])
  return rows[0] === undefined ? undefined : tableFromRow(rows[0])
}

/** The name of a table in the user's own schema, in lower case. @throws UserTableError */
export function readOwnName(given: string, owner: string): string {
  const named = readTableName(given, owner)
  if (named.owner === owner) return named.name
  const what = JSON.stringify(given)
  throw new UserTableError('not_owner', `${what} is not in your own schema: only its owner changes a table`)
}

function noUserTable(owner: string, name: string): UserTableError {
  return new UserTableError('table_not_found', `there is no table ${tapNameOf(owner, name)}`)
}

function tableFromRow({ row_count, created_at, changed_at, ...row }: ItemRow): UserTable {
  return { ...row, rows: Number(row_count), created: created_at, changed: changed_at }
}

/**
 * Says that queries have read tables; those of which that was said within the hour are left as they are. It waits for nobody:
 * one that is being changed is used anyway.
 */
export async function noteUse(pool: pg.Pool, ids: readonly string[]): Promise<void> {
  await pool.query(
    `update user_tables.item set used_at = clock_timestamp()
      where id in (select id from user_tables.item
                    where id = any ($1::bigint[])
                      and (used_at < clock_timestamp() - interval '1 hour' or used_at < warned_at)
                      for no key update skip locked)`,
    [ids],
  )
}

/** What a user was in when he last asked: a job of his runs when he is away. */
export async function rememberGroups(pool: pg.Pool, server: string, { user, groups }: Reader): Promise<void> {
  await pool.query(
    `insert into user_tables.reader (server, username, groups) values ($1, $2, $3)
     on conflict (server, username) do update set groups = excluded.groups where reader.groups <> excluded.groups`,
    [server, user, groups],
  )
}

/** See `rememberGroups`. */
export async function readGroups(pool: pg.Pool, server: string, user: string): Promise<readonly string[]> {
  const { rows } = await pool.query<{ groups: string[] }>(
    'select groups from user_tables.reader where server = $1 and username = $2',
    [server, user],
  )
  return rows[0]?.groups ?? []
}
