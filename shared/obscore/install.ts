import type pg from 'pg'
import type { GeometryStrategy } from '../adql/postgresql.ts'
import { createGroupRoles } from '../group-roles.ts'
import { useGeometry } from '../tables/use-geometry.ts'
import { quote } from '../tap-schema/slots.ts'
import { buildFunctions, buildSchemaOf, LIVE_TABLES, type TablePair } from './build-functions.ts'
import { ForeignTableError } from './failures.ts'
import { identityOf, type ObscoreMapping, type ObscoreSource } from './mapping.ts'
import { sourceSql } from './source.ts'
import { readState, STATE_DDL } from './state.ts'
import { indexStatements, OBSCORE_ROLE, tableStatements } from './table-statements.ts'
import { touchFunctions } from './touched.ts'
import { withTableLocks } from './with-table-locks.ts'

export interface InstallOptions {
  /** Roles that may read the table: that of the TAP service. */
  readonly readers?: readonly string[]
  /** `auto`: what the database has. */
  readonly geometry?: GeometryStrategy | 'auto'
  readonly deadlineMs?: number
}

export interface Installed {
  readonly identity: string
  /** Whether the rows are those of another mapping, or were never made: `rebuild` makes them. */
  readonly rebuildIsDue: boolean
  /** Whether a trigger keeps the table in step; a view has none. */
  readonly hasTrigger: boolean
  readonly geometry: GeometryStrategy
}

/**
 * Prepares a database: role, schema, tables, functions and trigger. It can be run again. A mapping that is another one than
 * before leaves the trigger as it is until `rebuild` has made the rows anew.
 *
 * @throws ObscoreSourceError, ForeignTableError, ObscoreBusyError, MissingRoleError, DatabaseError
 */
export async function installObscore(
  pool: pg.Pool,
  mapping: ObscoreMapping,
  { readers = [], geometry: wish = 'auto', deadlineMs = 30_000 }: InstallOptions = {},
): Promise<Installed> {
  return withTableLocks(pool, 'installing ObsCore', mapping.source, { deadlineMs }, async (client, source) => {
    await client.query(createGroupRoles(OBSCORE_ROLE))
    await client.query(`grant ${OBSCORE_ROLE} to current_user`)
    await client.query(STATE_DDL)
    await client.query(`create schema if not exists ivoa; grant usage, create on schema ivoa to ${OBSCORE_ROLE}`)
    await refuseForeignTables(client)
    const geometry = await useGeometry(client, wish)
    const wasMissing = await createMissingTables(client, LIVE_TABLES, geometry)
    const identity = identityOf(mapping)
    await createBuild(client, mapping, identity)
    for (const reader of readers) await grantReader(client, reader)
    const before = await readState(client)
    const isEmpty = (await client.query(`select from ${sourceSql(mapping.source)} limit 1`)).rowCount === 0
    const isSame = before === null || before.identity === identity
    if (isSame && source.isTable) await createTriggers(client, mapping.source, identity)
    const known = wasMissing ? undefined : before?.builtIdentity
    const built = known ?? (isEmpty && isSame && source.isTable ? identity : null)
    await client.query(
      `insert into almagest.obscore_state (identity, geometry, built_identity, built_at)
       values ($1, $2, $3, case when $3::text is not null then clock_timestamp() end)
       on conflict (only_row) do update
         set geometry = excluded.geometry, built_identity = excluded.built_identity,
             built_at = case when excluded.built_identity is not null then coalesce(obscore_state.built_at, excluded.built_at) end`,
      [identity, geometry, built],
    )
    return { identity, rebuildIsDue: built !== identity, hasTrigger: source.isTable, geometry }
  })
}

async function refuseForeignTables(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string; owner: string }>(
    `select 'ivoa.' || c.relname as name, pg_catalog.pg_get_userbyid(c.relowner)::text as owner
       from pg_catalog.pg_class c
      where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = 'ivoa')
        and c.relname = any ($1) and pg_catalog.pg_get_userbyid(c.relowner) <> $2`,
    [Object.values(LIVE_TABLES), OBSCORE_ROLE],
  )
  const [foreign] = rows
  if (foreign !== undefined) throw new ForeignTableError(foreign.name, foreign.owner)
}

/** @returns whether one was missing: what the tables hold is not what the source comes to */
async function createMissingTables(
  client: pg.ClientBase,
  tables: TablePair,
  geometry: GeometryStrategy,
): Promise<boolean> {
  const { rows } = await client.query<{ name: string }>(
    `select name from unnest($1::text[]) as name where pg_catalog.to_regclass('ivoa.' || name) is null`,
    [Object.values(tables)],
  )
  if (rows.length === 0) return false
  await asOwner(client, tableStatements(tables).join(';\n'))
  // By the login: the owner may not look into the schema of an extension.
  if (rows.some(({ name }) => name === tables.records)) {
    await client.query(indexStatements(tables.records, geometry).join(';\n'))
  }
  return true
}

/** Runs statements as the role that is to own what they create. */
export async function asOwner(client: pg.ClientBase, statements: string): Promise<void> {
  await client.query(`set local role ${OBSCORE_ROLE}`)
  await client.query(statements)
  await client.query('set local role none')
}

/** The functions of a mapping, unless they are there. */
export async function createBuild(client: pg.ClientBase, mapping: ObscoreMapping, identity: string): Promise<void> {
  const schema = buildSchemaOf(identity)
  const { rows } = await client.query<{ there: boolean }>(
    'select pg_catalog.to_regnamespace($1) is not null as there',
    [schema],
  )
  if (rows[0]?.there === true) return
  await client.query(`create schema ${quote(schema)} authorization ${OBSCORE_ROLE}`)
  await asOwner(client, buildFunctions(mapping, schema) + touchFunctions(mapping.source, quote(schema)))
}

export async function grantReader(client: pg.ClientBase, reader: string): Promise<void> {
  const role = reader === 'public' ? 'public' : quote(reader)
  await client.query(`grant usage on schema ivoa to ${role}; grant select on ivoa.obscore to ${role}`)
}

/** Names of the triggers on the source; `always`: also for changes that replication brings. */
export const TRIGGER = 'almagest_obscore'
export const CLEAR_TRIGGER = 'almagest_obscore_truncate'

/** Makes the triggers call the functions of a mapping. The source must be locked. */
export async function createTriggers(client: pg.ClientBase, source: ObscoreSource, identity: string): Promise<void> {
  const s = quote(buildSchemaOf(identity))
  const table = sourceSql(source)
  await client.query(`
create or replace trigger ${TRIGGER} after insert or update or delete on ${table}
  for each row execute function ${s}.sync();
create or replace trigger ${CLEAR_TRIGGER} after truncate on ${table}
  for each statement execute function ${s}.clear();
alter table ${table} enable always trigger ${TRIGGER}, enable always trigger ${CLEAR_TRIGGER}`)
}
