import type pg from 'pg'
import { type Grantee, listShares, type Share } from '../uws/share-job.ts'
import { asTableOwner } from './change-tables.ts'
import { holdOwn } from './user-table.ts'

export interface TableOfOwner {
  readonly server: string
  readonly owner: string
  /** As `readTableName` takes it. */
  readonly name: string
}

/**
 * Lets others read a table, who see it at once, or also load rows into it. Once more with the same grantee sets what he may,
 * and the time.
 *
 * @param until null: as long as the table is there
 * @throws UserTableError
 */
export async function shareTable(
  pool: pg.Pool,
  { server, owner, name }: TableOfOwner,
  grantees: readonly Grantee[],
  { mode, until }: Pick<Share, 'mode' | 'until'>,
): Promise<void> {
  await asTableOwner(pool, 'sharing a table', async (client) => {
    const { id } = await holdOwn(client, server, owner, name)
    await client.query(
      `insert into uws.share (server, item_type, item, owner, grantee_type, grantee, expires_at, mode)
       select $1, 'table', $2, $3, type, grantee, $6, $7 from unnest($4::text[], $5::text[]) as wanted(type, grantee)
       on conflict (server, item_type, item, grantee_type, grantee) do update
         set expires_at = excluded.expires_at, mode = excluded.mode`,
      [server, id, owner, grantees.map(({ type }) => type), grantees.map((grantee) => grantee.name), until, mode],
    )
  })
}

/** Takes that back. @throws UserTableError */
export async function unshareTable(
  pool: pg.Pool,
  { server, owner, name }: TableOfOwner,
  grantees: readonly Grantee[],
): Promise<void> {
  await asTableOwner(pool, 'sharing a table', async (client) => {
    const { id } = await holdOwn(client, server, owner, name)
    await client.query(
      `delete from uws.share
        using unnest($3::text[], $4::text[]) as wanted(type, grantee)
        where server = $1 and item_type = 'table' and item = $2
          and grantee_type = wanted.type and share.grantee = wanted.grantee`,
      [server, id, grantees.map(({ type }) => type), grantees.map((grantee) => grantee.name)],
    )
  })
}

/** With whom a table is shared now. @throws UserTableError */
export async function listTableShares(pool: pg.Pool, { server, owner, name }: TableOfOwner): Promise<readonly Share[]> {
  const { id } = await asTableOwner(pool, 'reading shares', (client) => holdOwn(client, server, owner, name))
  return listShares(pool, { server, type: 'table', id })
}
