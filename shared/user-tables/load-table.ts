import type pg from 'pg'
import type { UploadedTable } from '../votable/uploaded-table.ts'
import { asTableOwner, checkLimits, lockOwner, noteChange, readTableUsage, type TableLimits } from './change-tables.ts'
import { appendRows, checkRoom, stageRows } from './stage-rows.ts'
import { holdOwn, readOwnName } from './user-table.ts'

export interface LoadRequest {
  readonly server: string
  readonly owner: string
  /** As `readTableName` takes it. */
  readonly name: string
  /** Is read to its end, or closed. */
  readonly rows: UploadedTable
}

/**
 * Appends rows to a table of the user's own: all of them, or none. Columns are found by their names; those that do not
 * come are NULL.
 *
 * @returns how many rows were added
 * @throws UserTableError, UploadError, QuotaError
 */
export async function loadUserTable(
  pool: pg.Pool,
  { server, owner, name, rows }: LoadRequest,
  limits: TableLimits,
): Promise<number> {
  try {
    readOwnName(name, owner)
    return await asTableOwner(pool, 'loading a table', async (client) => {
      // What is slow to arrive holds no lock.
      await stageRows(client, rows)
      await lockOwner(client, server, owner)
      const table = await holdOwn(client, server, owner, name)
      await checkRoom(client, table, limits)
      const added = await appendRows(client, table, rows)
      checkLimits(await readTableUsage(client, server, owner), limits)
      await noteChange(client, 'TABLE_UPDATED', table, { rows: table.rows + added })
      return added
    })
  } finally {
    await rows.close()
  }
}
