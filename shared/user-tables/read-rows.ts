import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { QueryTableError } from '../query/errors.ts'
import { sqlStateOf } from '../tap-schema/slot-failures.ts'
import type { Reader } from '../uws/share-job.ts'
import { UploadError } from '../votable/upload-error.ts'
import type { UploadedTable } from '../votable/uploaded-table.ts'
import { asTableOwner } from './change-tables.ts'
import { DATA_SCHEMA, isReadable } from './ddl.ts'
import { tapNameOf } from './names.ts'
import type { UserTable } from './user-table.ts'

/**
 * The rows of a table, for a query that is answered elsewhere: a transaction is open until they are read or closed.
 *
 * @param mostRows more of them are refused
 * @throws QueryTableError where the table is gone, or may not be read any more; UploadError
 */
export async function openRows(
  pool: pg.Pool,
  { id, server, owner, name, columns }: UserTable,
  reader: Reader,
  mostRows: number,
): Promise<UploadedTable> {
  const table = tapNameOf(owner, name)
  const lost = new QueryTableError(
    `${table} cannot be read any more: it was dropped, or its share was taken back, while the query was about to start.`,
  )
  const opened = Promise.withResolvers<void>()
  const rows = new PassThrough()
  const copying = asTableOwner(pool, 'reading a table', async (client) => {
    const found = await client.query<{ row_count: string }>(
      `select row_count from user_tables.item where id = $4 and ${isReadable('read')}`,
      [server, reader.user, reader.groups, id],
    )
    const [item] = found.rows
    if (item === undefined) throw lost
    if (Number(item.row_count) > mostRows) {
      throw new UploadError(
        'upload_too_large',
        `${table} has ${item.row_count} rows: with tables that Qserv holds, one of up to ${mostRows} can be joined here. Save a part of it as a table, and join that.`,
      )
    }
    // It is there from now on.
    await client.query(`lock table ${DATA_SCHEMA}.t${id} in access share mode`).catch((error: unknown) => {
      throw sqlStateOf(error) === '42P01' ? lost : error
    })
    opened.resolve()
    const list = columns.map((_, index) => `c${index + 1}`).join(', ')
    await pipeline(client.query(copyTo(`copy ${DATA_SCHEMA}.t${id} (${list}) to stdout (format binary)`)), rows)
  })
  copying.catch((error: unknown) => {
    opened.reject(error)
    rows.destroy(error instanceof Error ? error : new Error(String(error)))
  })
  // Who reads hears of it; who does not has closed.
  rows.on('error', () => {})
  await opened.promise
  return {
    fields: columns,
    sqlTypes: columns.map(({ sqlType }) => sqlType),
    // Its end must not break off the copy, which the connection could not go on after.
    rows: { [Symbol.asyncIterator]: () => rows.iterator({ destroyOnReturn: false }) },
    async close() {
      rows.resume()
      await copying.catch(() => {})
    },
  }
}
