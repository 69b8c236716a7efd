import type pg from 'pg'
import { qualified } from './ddl.ts'
import { type RowCounts, readStagedRows } from './history.ts'
import { EmptySlotError, StagingChangedError, sqlStateOf } from './slot-failures.ts'
import type { SlotVersion } from './slot-version.ts'
import { SLOT_SCHEMA } from './slots.ts'
import { TAP_TABLE_NAMES } from './tables.ts'

/**
 * Compares the staging slot with the history before it goes live: as many rows in each table as were staged and verified.
 * A slot that the history does not know is taken as it is.
 *
 * @throws StagingChangedError, EmptySlotError
 */
export async function checkStaged(client: pg.ClientBase, { version, source }: SlotVersion): Promise<void> {
  const expected = source === null ? null : await readStagedRows(client, version, source)
  if (expected === null) return
  const found = await countRows(client)
  const changed = TAP_TABLE_NAMES.filter((table) => found[table] !== expected[table])
  if (changed.length === 0) return
  const findings = changed.map((table) => `${table} has ${found[table]} rows instead of ${expected[table]}`)
  throw new StagingChangedError(version, findings)
}

async function countRows(client: pg.ClientBase): Promise<RowCounts> {
  const counts = TAP_TABLE_NAMES.map(
    (table) => `(select count(*)::int from ${qualified(SLOT_SCHEMA.staging, table)}) as ${table}`,
  )
  try {
    const found = await client.query<RowCounts>(`select ${counts.join(', ')}`)
    const [row] = found.rows
    if (row !== undefined) return row
  } catch (error) {
    if (sqlStateOf(error) !== '42P01') throw error
  }
  throw new EmptySlotError('staging', 'one of its tables is gone, stage the release again')
}
