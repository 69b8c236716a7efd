import type pg from 'pg'
import { asTableOwner, lockOwner, noteChange } from './change-tables.ts'
import { DATA_SCHEMA } from './ddl.ts'
import { holdOwn, type UserTable } from './user-table.ts'

/**
 * Drops a table of the user's own, with its rows and shares.
 *
 * @param name as `readTableName` takes it
 * @throws UserTableError
 */
export async function dropUserTable(pool: pg.Pool, server: string, owner: string, name: string): Promise<void> {
  await asTableOwner(pool, 'dropping a table', async (client) => {
    await lockOwner(client, server, owner)
    const table = await holdOwn(client, server, owner, name)
    await dropHeld(client, table)
  })
}

/** The same of a table that the transaction holds. */
export async function dropHeld(
  client: pg.ClientBase,
  table: UserTable,
  data: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const { server, id } = table
  await client.query(`delete from uws.share where server = $1 and item_type = 'table' and item = $2`, [server, id])
  await client.query('delete from user_tables.item where id = $1', [id])
  await client.query(`drop table ${DATA_SCHEMA}.t${id}`)
  await noteChange(client, 'TABLE_REMOVED', table, data)
}
