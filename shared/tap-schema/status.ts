import type pg from 'pg'
import { type HistoryEntry, type RowCounts, readHistory } from './history.ts'
import type { ReleaseSource } from './release-source.ts'
import { SELF_NAME } from './self-description.ts'
import { findTables, readSchemaNames, type SlotTables } from './slot-tables.ts'
import { NOT_READ, readSafeSlot, readSlot } from './slot-version.ts'
import { SLOT_NAMES, SLOT_SCHEMA, type SlotName } from './slots.ts'
import { TAP_TABLE_NAMES, type TapTableName } from './tables.ts'
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
  /** The same without the description of TAP_SCHEMA itself: what the release brought. */
  readonly described: RowCounts | null
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

/** @param isSafe whether the slot was found safe to read in this transaction, and can no longer be changed by its maker */
export async function readSlotStatus(client: pg.PoolClient, slot: SlotName, isSafe = false): Promise<SlotStatus> {
  const schema = SLOT_SCHEMA[slot]
  const found = isSafe ? await readSafeSlot(client, slot) : await readSlot(client, slot)
  const isReadable = found !== null && found !== NOT_READ
  return {
    schema,
    exists: found !== null,
    id: found?.id ?? null,
    version: found?.version ?? null,
    loadedAt: found?.loadedAt?.toISOString() ?? null,
    source: found?.source ?? null,
    stagedBy: found?.stagedBy ?? null,
    ...(isReadable ? await readSizes(client, schema) : { rows: null, described: null }),
    schemas: isReadable ? await readSchemaNames(client, schema) : [],
  }
}

async function readSizes(client: pg.PoolClient, schema: string): Promise<Pick<SlotStatus, 'rows' | 'described'>> {
  const tables = await findTables(client, schema)
  if (tables === null) return { rows: null, described: null }
  const counts = TAP_TABLE_NAMES.flatMap((table) => {
    const { from } = tables[table]
    return [
      `(select count(*)::int from ${from}) as ${table}`,
      `(select count(*)::int from ${from} where not (${OWN[table](tables)})) as described_${table}`,
    ]
  })
  const { rows } = await client.query<Record<string, number>>(`select ${counts.join(', ')}`)
  const [found = {}] = rows
  const countsOf = (prefix: string) =>
    Object.fromEntries(TAP_TABLE_NAMES.map((table) => [table, found[`${prefix}${table}`] ?? 0])) as RowCounts
  return { rows: countsOf(''), described: countsOf('described_') }
}

/** By which rows TAP_SCHEMA describes itself. */
const OWN: Readonly<Record<TapTableName, (tables: SlotTables) => string>> = {
  schemas: () => `coalesce(lower(schema_name) = '${SELF_NAME}', false)`,
  tables: () => `coalesce(lower(schema_name) = '${SELF_NAME}', false)`,
  columns: () => `coalesce(starts_with(lower(table_name), '${SELF_NAME}.'), false)`,
  keys: () => `coalesce(starts_with(lower(from_table), '${SELF_NAME}.'), false)`,
  key_columns: ({ keys }) =>
    `key_id in (select key_id from ${keys.from} where starts_with(lower(from_table), '${SELF_NAME}.'))`,
}
