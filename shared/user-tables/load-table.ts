import type pg from 'pg'
import type { Reader } from '../uws/share-job.ts'
import type { UploadedTable } from '../votable/uploaded-table.ts'
import { asTableOwner, checkLimits, lockOwner, noteChange, readTableUsage, type TableLimits } from './change-tables.ts'
import { readTableName } from './names.ts'
import { appendRows, checkRoom, stageRows } from './stage-rows.ts'
import { checkWritable, holdWritable } from './user-table.ts'

export interface LoadRequest {
  readonly server: string
  /** Who loads: the owner, or one with whom the table is shared for writing. */
  readonly writer: Reader
  /** As `readTableName` takes it. */
  readonly name: string
  /** Is read to its end, or closed. */
  readonly rows: UploadedTable
}

/**
 * Appends rows to a table: all of them, or none. Columns are found by their names; those that do not
 * come are NULL.
 *
 * @param limitsOf what the owner may have: the table is his, whoever loads it
 * @returns how many rows were added
 * @throws UserTableError, UploadError, QuotaError
 */
export async function loadUserTable(
  pool: pg.Pool,
  { server, writer, name: given, rows }: LoadRequest,
  limitsOf: (owner: string) => Promise<TableLimits>,
): Promise<number> {
  try {
    const named = readTableName(given, writer.user)
    const owner = named.owner ?? writer.user
    const limits = await limitsOf(owner)
    return await asTableOwner(pool, 'loading a table', async (client) => {
      const wanted = { server, writer, given, ...named }
      await checkWritable(client, wanted)
      // What is slow to arrive holds no lock.
      await stageRows(client, rows, limits)
      await lockOwner(client, server, owner)
      const table = await holdWritable(client, wanted)
      await checkRoom(client, table, limits)
      const added = await appendRows(client, table, rows)
      checkLimits(await readTableUsage(client, server, owner), limits)
      await noteChange(client, 'TABLE_UPDATED', table, {
        rows: table.rows + added,
        ...(owner === writer.user ? {} : { by: writer.user }),
      })
      return added
    })
  } finally {
    await rows.close()
  }
}
