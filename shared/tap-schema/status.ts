import type pg from 'pg'
import { isSafeToRead } from './foreign-code.ts'
import { type HistoryEntry, type RowCounts, readHistory } from './history.ts'
import type { ReleaseSource } from './release-source.ts'
import { findTables, readSchemaNames } from './slot-tables.ts'
import { NOTHING_KNOWN, readSafeSlot } from './slot-version.ts'
import { SLOT_NAMES, SLOT_SCHEMA, type SlotName } from './slots.ts'
import { TAP_TABLE_NAMES } from './tables.ts'
import { readSlots } from './transaction.ts'

export interface SlotStatus {
  /** The PostgreSQL schema. */
  readonly schema: string
  readonly exists: boolean
  /** The number of the stage that filled it, which no other stage has; null: it has none. */
  readonly id: number | null
  readonly version: string | null
  /** ISO 8601, UTC. */
  readonly loadedAt: string | null
  readonly source: ReleaseSource | null
  readonly stagedBy: string | null
  /** Rows per table, self-description included; null when the slot is empty, half-made, or not safe to read. */
  readonly rows: RowCounts | null
  /** Names of the schemas that the slot describes, in their order, without `tap_schema` itself. */
  readonly schemas: readonly string[]
}

export interface ServerStatus {
  readonly slots: Readonly<Record<SlotName, SlotStatus>>
  /** Newest first. */
  readonly history: readonly HistoryEntry[]
}

/**
 * What the three slots of a TAP server's database hold, and what happened to them: one consistent picture.
 *
 * @throws BusyError, NotInitialisedError, MissingRoleError, DatabaseError
 */
export async function readStatus(
  pool: pg.Pool,
  { historyLimit = 20 }: { readonly historyLimit?: number } = {},
): Promise<ServerStatus> {
  return readSlots(pool, 'reading the status', async (client) => {
    const slots: Partial<Record<SlotName, SlotStatus>> = {}
    for (const slot of SLOT_NAMES) slots[slot] = await readSlotStatus(client, slot)
    const { live, staging, previous } = slots as Record<SlotName, SlotStatus>
    return { slots: { live, staging, previous }, history: await readHistory(client, historyLimit) }
  })
}

export async function readSlotStatus(client: pg.PoolClient, slot: SlotName): Promise<SlotStatus> {
  const schema = SLOT_SCHEMA[slot]
  const isSafe = await isSafeToRead(client, slot)
  const found = isSafe ? await readSafeSlot(client, slot) : NOTHING_KNOWN
  const isReadable = isSafe && found !== null
  return {
    schema,
    exists: found !== null,
    id: found?.id ?? null,
    version: found?.version ?? null,
    loadedAt: found?.loadedAt?.toISOString() ?? null,
    source: found?.source ?? null,
    stagedBy: found?.stagedBy ?? null,
    rows: isReadable ? await readSize(client, schema) : null,
    schemas: isReadable ? await readSchemaNames(client, schema) : [],
  }
}

async function readSize(client: pg.PoolClient, schema: string): Promise<RowCounts | null> {
  const tables = await findTables(client, schema)
  if (tables === null) return null
  const counts = TAP_TABLE_NAMES.map((table) => `(select count(*)::int from ${tables[table].from}) as ${table}`)
  const found = await client.query<RowCounts>(`select ${counts.join(', ')}`)
  return found.rows[0] ?? null
}
