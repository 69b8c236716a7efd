import type pg from 'pg'
import { qualified } from './ddl.ts'
import { isSafeToRead } from './foreign-code.ts'
import { type SourceRow, sourceOf } from './history.ts'
import type { ReleaseSource } from './release-source.ts'
import { SLOT_SCHEMA, type SlotName, UNVERSIONED } from './slots.ts'

/** What a slot says of itself. */
export interface SlotVersion {
  /** The history entry of the stage that filled it; null: another tool did, or an earlier version of Almagest. */
  readonly id: number | null
  readonly version: string
  readonly loadedAt: Date | null
  readonly source: ReleaseSource | null
  readonly stagedBy: string | null
}

/**
 * Reads `versions`, or `version` in a slot that Repertoire made. A staging slot whose views would run code of the
 * login that made it is not read.
 *
 * @returns null when the schema does not exist, NOT_READ when it is not safe to read
 */
export async function readSlot(client: pg.ClientBase, slot: SlotName): Promise<SlotVersion | null> {
  const table = await findVersionTable(client, slot)
  if (table === 'no schema') return null
  return (await isSafeToRead(client, slot)) ? readFound(client, slot, table) : NOT_READ
}

/** As `readSlot`, for a slot that was found safe to read. */
export async function readSafeSlot(client: pg.ClientBase, slot: SlotName): Promise<SlotVersion | null> {
  const table = await findVersionTable(client, slot)
  return table === 'no schema' ? null : readFound(client, slot, table)
}

type VersionTable = 'versions' | 'version' | 'no table'

/** Names are looked up, and nothing is read. */
async function findVersionTable(client: pg.ClientBase, slot: SlotName): Promise<VersionTable | 'no schema'> {
  const found = await client.query<{ present: boolean; versions: boolean; version: boolean }>(
    `select exists (select from pg_namespace where nspname = $1) as present,
            to_regclass(format('%I.versions', $1::text)) is not null as versions,
            to_regclass(format('%I.version', $1::text)) is not null as version`,
    [SLOT_SCHEMA[slot]],
  )
  const [has] = found.rows
  if (has?.present !== true) return 'no schema'
  if (has.versions) return 'versions'
  return has.version ? 'version' : 'no table'
}

async function readFound(client: pg.ClientBase, slot: SlotName, table: VersionTable): Promise<SlotVersion> {
  return table === 'no table' ? NOTHING_KNOWN : readNewest(client, SLOT_SCHEMA[slot], table)
}

/**
 * As `readSlot`, for a staging slot that can change between the look whether it is safe and the reading: what the
 * reading does is undone.
 */
export async function peekSlot(client: pg.ClientBase, slot: SlotName): Promise<SlotVersion | null> {
  return peek(client, () => readSlot(client, slot))
}

/** Reads without keeping anything, above all no lock on a table that was read. */
export async function peek<T>(client: pg.ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('savepoint look')
  const found = await work()
  await client.query('rollback to savepoint look; release savepoint look')
  return found
}

/** What is known of a slot that does not say. */
const NOTHING_KNOWN: SlotVersion = { id: null, version: UNVERSIONED, loadedAt: null, source: null, stagedBy: null }

/** The same of a slot that must not be asked. */
export const NOT_READ: SlotVersion = { ...NOTHING_KNOWN }

/** Ours has one row with all of it; the table of another tool may have more rows, fewer columns and other types. */
interface VersionRow extends SourceRow {
  readonly version: unknown
  readonly loaded_at?: unknown
  readonly staged_by?: string | null
  readonly history_id?: unknown
}

async function readNewest(client: pg.ClientBase, schema: string, table: string): Promise<SlotVersion> {
  const { rows } = await client.query<VersionRow>(`select * from ${qualified(schema, table)}`)
  const [row] = rows.toSorted((a, b) => Number(asDate(b.loaded_at) ?? 0) - Number(asDate(a.loaded_at) ?? 0))
  if (typeof row?.version !== 'string') return NOTHING_KNOWN
  const { version, loaded_at, staged_by: stagedBy = null } = row
  return { id: asId(row.history_id), version, loadedAt: asDate(loaded_at), source: sourceOf(row), stagedBy }
}

/** `infinity` is not a date. */
function asDate(value: unknown): Date | null {
  return value instanceof Date ? value : null
}

/** The driver hands a bigint over as text. */
function asId(value: unknown): number | null {
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : null
}
