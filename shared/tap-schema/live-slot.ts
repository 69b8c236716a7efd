import type pg from 'pg'
import { type SourceRow, sourceOf } from './history.ts'
import type { ReleaseSource } from './release-source.ts'
import { sqlStateOf } from './slot-failures.ts'
import { readSchemaNames } from './slot-tables.ts'
import { readSlot } from './slot-version.ts'
import { SLOT_SCHEMA, UNVERSIONED } from './slots.ts'
import { inTransaction } from './transaction.ts'

/** What users see of a TAP server's metadata. */
export interface LiveSlot {
  /** UNVERSIONED for a slot that another tool made without a version table. */
  readonly version: string
  readonly versioned: boolean
  /** ISO 8601, UTC. */
  readonly loadedAt: string | null
  readonly source: ReleaseSource | null
  /** Names of the schemas, in their order, without `tap_schema` itself. */
  readonly schemas: readonly string[]
}

/**
 * Reads the live slot: one statement for a slot of ours, which is one consistent picture, and a transaction for anything
 * else. Meant to be asked often; `timeoutMs` ends a query whose connection has died.
 *
 * @returns null when nothing is live
 * @throws DatabaseError, MissingRoleError, ConnectionError
 */
export async function readLiveSlot(
  pool: pg.Pool,
  { timeoutMs }: { readonly timeoutMs: number },
): Promise<LiveSlot | null> {
  const query: pg.QueryConfig & { readonly query_timeout: number } = { text: LIVE, query_timeout: timeoutMs }
  if (foreign.has(pool)) return readForeignSlot(pool)
  try {
    const found = await pool.query<LiveRow>(query)
    const [row] = found.rows
    if (row !== undefined) return describeRow(row)
  } catch (error) {
    if (!ABSENT.includes(sqlStateOf(error) ?? '')) throw error
  }
  return readForeignSlot(pool)
}

/** Where the one statement would fail: asked every few seconds, it would fill the log of the database with errors. */
const foreign = new WeakSet<pg.Pool>()

// Not in a transaction, where settings would be made: names as text, so that no operator of somebody else's in the search
// path fits better, and the time in a form that the database's DateStyle and time zone do not change.
const LIVE = `
select v.version, pg_catalog.to_char(v.loaded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as loaded_at, v.bucket, v.object, v.generation, v.sha256, v.bytes,
       array(select s.schema_name::text
               from tap_schema.schemas s
              where s.schema_name::text <> 'tap_schema'
              order by s.schema_index, s.schema_name) as schemas
  from tap_schema.versions v`

/** undefined_table, undefined_column, invalid_schema_name: not a slot of ours. */
const ABSENT: readonly string[] = ['42P01', '42703', '3F000']

interface LiveRow extends SourceRow {
  readonly version: string
  /** ISO 8601, UTC. */
  readonly loaded_at: string
  readonly schemas: string[]
}

function describeRow(row: LiveRow): LiveSlot {
  const { version, loaded_at, schemas } = row
  return { version, versioned: true, loadedAt: loaded_at, source: sourceOf(row), schemas }
}

/** A slot that Repertoire or another tool made, or none. */
async function readForeignSlot(pool: pg.Pool): Promise<LiveSlot | null> {
  return inTransaction(pool, 'reading the live slot', async (client) => {
    const slot = await readSlot(client, 'live')
    if (slot === null || slot.source === null) foreign.add(pool)
    else foreign.delete(pool)
    if (slot === null) return null
    const { version, loadedAt, source } = slot
    const known = { version, versioned: version !== UNVERSIONED, loadedAt: loadedAt?.toISOString() ?? null, source }
    return { ...known, schemas: await readSchemaNames(client, SLOT_SCHEMA.live) }
  })
}
