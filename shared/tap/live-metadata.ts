import type pg from 'pg'
import type { TableMetadata } from '../adql/metadata.ts'
import { TableSet } from '../adql/table-set.ts'
import { tablesFromRows } from '../adql/tables-from-rows.ts'
import type { PhysicalNames } from '../environment/physical-names.ts'
import { Failure } from '../failure.ts'
import { QueryServiceError } from '../query/errors.ts'
import type { LiveTables, LiveTablesSource } from '../query/live-tables.ts'
import { explainRole } from '../query/postgresql/role-refused.ts'
import type { ReleaseSource } from '../tap-schema/release-source.ts'
import { findTables, type SlotTables } from '../tap-schema/slot-tables.ts'
import { peek, readSafeSlot } from '../tap-schema/slot-version.ts'
import { quote, SLOT_SCHEMA, UNVERSIONED } from '../tap-schema/slots.ts'
import { TAP_TABLE_NAMES } from '../tap-schema/tables.ts'
import { inTransaction } from '../tap-schema/transaction.ts'
import { MetadataError, NothingLiveError } from './metadata-failures.ts'
import { isOwnName, withOwnRows } from './own-tables.ts'
import { withPhysicalNames } from './physical-names.ts'
import { readSlotRows, type SlotRows } from './slot-rows.ts'

/** Everything that a service says of its tables, from the slot that was found live. */
export interface LiveMetadata extends LiveTables {
  /** Whether the slot says its version; one that another tool made may not. */
  readonly versioned: boolean
  readonly loadedAt: Date | null
  /** The release in the bucket that it came from. */
  readonly source: ReleaseSource | null
  readonly rows: SlotRows
}

export interface LiveMetadataOptions {
  /** Where TAP_SCHEMA lies. */
  readonly pool: pg.Pool
  /** Whose rights it is read with; null: those of the pool's login. */
  readonly role: string | null
  /** What the tables of data are called in their database. */
  readonly names: PhysicalNames
  /** Whether the tables of a schema are called elsewhere as TAP_SCHEMA calls them, in upper and lower case; default none. */
  readonly isExact?: (schema: string) => boolean
  /** Milliseconds that only grow; `performance.now` unless given. */
  readonly now?: () => number
}

/** A slot that Almagest did not make may be changed in its place, which no look at its identity tells. */
const FOREIGN_LIFE_MS = 60_000

/**
 * Knows the metadata that is live: read once for each slot that goes live, and shared by all who ask. The last one is
 * kept; queries under way keep the one that they began with.
 */
export function watchLiveMetadata(options: LiveMetadataOptions): LiveMetadataSource {
  const { now = () => performance.now() } = options
  let last: { readonly metadata: LiveMetadata; readonly until: number } | undefined
  let loading: { readonly identity: string; readonly metadata: Promise<LiveMetadata> } | undefined

  function keep(metadata: LiveMetadata): LiveMetadata {
    last = { metadata, until: metadata.source === null ? now() + FOREIGN_LIFE_MS : Number.POSITIVE_INFINITY }
    return metadata
  }

  function load(identity: string): Promise<LiveMetadata> {
    if (loading?.identity === identity) return loading.metadata
    const metadata = loadLive(options).then(keep)
    const mine = { identity, metadata }
    loading = mine
    const forget = () => {
      if (loading === mine) loading = undefined
    }
    metadata.then(forget, forget)
    return metadata
  }

  const known = () => (last !== undefined && now() < last.until ? last.metadata : undefined)

  async function refresh(within?: pg.ClientBase): Promise<LiveMetadata> {
    const identity = await readIdentity(within ?? options.pool)
    const metadata = known()
    if (metadata?.identity === identity) return metadata
    // Who loads for all may wait for the connection that this caller has.
    return within === undefined ? load(identity) : keep(await peek(within, () => readLive(within, options)))
  }

  return { identitySql: IDENTITY, latest: async () => known() ?? refresh(), refresh }
}

export type LiveMetadataSource = LiveTablesSource<LiveMetadata>

// The oid of the schema goes with it through every rename, and each stage makes a new one.
const IDENTITY = `select oid::text from pg_catalog.pg_namespace where nspname = '${SLOT_SCHEMA.live}'`

async function readIdentity(on: pg.Pool | pg.ClientBase): Promise<string> {
  try {
    const { rows } = await on.query<{ oid: string }>(IDENTITY)
    if (rows[0] === undefined) throw new NothingLiveError()
    return rows[0].oid
  } catch (error) {
    throw error instanceof Failure ? error : new MetadataError(error)
  }
}

/** The tables may have other names in the slot that goes live in between. */
const LOAD_ATTEMPTS = 3

async function loadLive(options: LiveMetadataOptions): Promise<LiveMetadata> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(options.pool, 'reading the live slot', (client) => readLive(client, options))
    } catch (error) {
      if (error instanceof NothingLiveError || error instanceof QueryServiceError) throw error
      if (attempt === LOAD_ATTEMPTS) throw new MetadataError(error)
    }
  }
}

/** In one transaction that holds locks on the tables, so that no swap comes in between. */
async function readLive(client: pg.ClientBase, { role, names, isExact }: LiveMetadataOptions): Promise<LiveMetadata> {
  await client
    .query(`set transaction read only${role === null ? '' : `; set local role ${quote(role)}`}`)
    .catch((error: unknown) => {
      throw explainRole(error, role) ?? error
    })
  const before = await findTables(client, SLOT_SCHEMA.live)
  if (before === null) throw new NothingLiveError()
  await client.query(lockSqlOf(before, []))
  const identity = await readIdentity(client)
  const found = await findTables(client, SLOT_SCHEMA.live)
  if (found === null) throw new NothingLiveError()
  const slot = await readSafeSlot(client, 'live')
  const rows = withOwnRows(await readSlotRows(client, found))
  const tables = tablesFromRows(rows.tables, rows.columns).map((table) =>
    isOwnName(table.schema.text)
      ? physicalInSlot(table, found)
      : withPhysicalNames(table, isExact?.(table.schema.text) === true ? { ...names, rule: 'exact' } : names),
  )
  const slotTables = tables.filter(({ schema }) => isOwnName(schema.text))
  const version = slot?.version ?? UNVERSIONED
  return {
    identity,
    version,
    versioned: version !== UNVERSIONED,
    loadedAt: slot?.loadedAt ?? null,
    source: slot?.source ?? null,
    rows,
    tables: new TableSet(tables),
    slotTables: new Set(slotTables),
    lockSql: lockSqlOf(found, await findLockable(client, slotTables)),
  }
}

/** TAP_SCHEMA's own tables under the names that they have in the slot. */
function physicalInSlot(table: TableMetadata, found: SlotTables): TableMetadata {
  const standard = TAP_TABLE_NAMES.find((name) => name === table.name.text.toLowerCase())
  const { text, delimited } = table.name
  const name = standard === undefined ? (delimited ? text : text.toLowerCase()) : found[standard].name
  return { ...table, physical: { schema: SLOT_SCHEMA.live, name } }
}

/** Own tables beside the five, such as `version`, as far as the slot has them. */
async function findLockable(client: pg.ClientBase, tables: readonly TableMetadata[]): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname::text as name
       from pg_class c
       join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relname = any ($2) and c.relkind in ('r', 'p', 'v')
      order by c.relname`,
    [SLOT_SCHEMA.live, tables.map(({ physical, name }) => physical?.name ?? name.text)],
  )
  return rows.map(({ name }) => name)
}

/** Locks are taken in the order in which a swap takes them: what tells the version, the five tables, all others. */
function lockSqlOf(found: SlotTables, others: readonly string[]): string {
  const standard = TAP_TABLE_NAMES.map((table) => found[table].name)
  const more = others.filter((name) => !standard.includes(name))
  const isVersion = (name: string) => name.startsWith('version')
  const names = [...more.filter(isVersion), ...standard, ...more.filter((name) => !isVersion(name))]
  const list = names.map((name) => `${quote(SLOT_SCHEMA.live)}.${quote(name)}`).join(', ')
  return `lock table ${list} in access share mode`
}
