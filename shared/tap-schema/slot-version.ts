import type pg from 'pg'
import { qualified } from './ddl.ts'
import { isSafeToRead } from './foreign-code.ts'
import { type SourceRow, sourceOf } from './history.ts'
import type { ReleaseSource } from './release-source.ts'
import { SLOT_SCHEMA, type SlotName, UNVERSIONED } from './slots.ts'

/** What a slot says of itself. */
export interface SlotVersion {
  readonly version: string
  readonly loadedAt: Date | null
  readonly source: ReleaseSource | null
  readonly stagedBy: string | null
}

/** The version in a slot: null when there is no such slot, UNVERSIONED when nothing in it tells. */
export async function readSlotVersion(client: pg.ClientBase, slot: SlotName): Promise<string | null> {
  return (await readSlot(client, slot))?.version ?? null
}

/**
 * Reads `versions`, or `version` in a slot that Repertoire made. A staging slot whose views would run code of whoever
 * made it is not read.
 *
 * @returns null when the schema does not exist
 */
export async function readSlot(client: pg.ClientBase, slot: SlotName): Promise<SlotVersion | null> {
  const schema = SLOT_SCHEMA[slot]
  const found = await client.query<{ present: boolean; versions: boolean; version: boolean }>(
    `select exists (select from pg_namespace where nspname = $1) as present,
            to_regclass(format('%I.versions', $1::text)) is not null as versions,
            to_regclass(format('%I.version', $1::text)) is not null as version`,
    [schema],
  )
  const [has] = found.rows
  if (has?.present !== true) return null
  if (!(await isSafeToRead(client, slot))) return NOTHING_KNOWN
  if (has.versions) return readVersions(client, schema)
  if (has.version) return readVersion(client, schema)
  return NOTHING_KNOWN
}

const NOTHING_KNOWN: SlotVersion = { version: UNVERSIONED, loadedAt: null, source: null, stagedBy: null }

/** Ours has one row with all of it; the table of another tool may have more rows and fewer columns. */
interface VersionsRow extends SourceRow {
  readonly version: string | null
  readonly loaded_at?: Date | null
  readonly staged_by?: string | null
}

async function readVersions(client: pg.ClientBase, schema: string): Promise<SlotVersion> {
  const found = await client.query<VersionsRow>(`select * from ${qualified(schema, 'versions')}`)
  const [row] = found.rows.toSorted((a, b) => Number(b.loaded_at ?? 0) - Number(a.loaded_at ?? 0))
  if (typeof row?.version !== 'string') return NOTHING_KNOWN
  const { version, loaded_at: loadedAt = null, staged_by: stagedBy = null } = row
  return { version, loadedAt, source: sourceOf(row), stagedBy }
}

async function readVersion(client: pg.ClientBase, schema: string): Promise<SlotVersion> {
  const found = await client.query<{ version: string; loaded_at: Date }>(
    `select version, loaded_at from ${qualified(schema, 'version')} order by loaded_at desc nulls last limit 1`,
  )
  const [row] = found.rows
  return row === undefined ? NOTHING_KNOWN : { ...NOTHING_KNOWN, version: row.version, loadedAt: row.loaded_at }
}
