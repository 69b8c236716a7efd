import type pg from 'pg'
import type { GeometryStrategy } from '../adql/postgresql.ts'
import { ObscoreNotReadyError } from './failures.ts'

/** What the database knows of its ObsCore table. */
export interface ObscoreState {
  /** Identity of the mapping by which the rows were made; null: they have not been made yet. */
  readonly builtIdentity: string | null
  /** Identity of the mapping by which the trigger works. */
  readonly identity: string
  readonly geometry: GeometryStrategy
  readonly installedAt: Date
  readonly builtAt: Date | null
}

export const STATE_DDL = `
create schema if not exists almagest;
create table if not exists almagest.obscore_state (
  only_row boolean primary key default true check (only_row),
  identity text not null,
  geometry text not null,
  installed_at timestamptz not null default clock_timestamp(),
  built_identity text,
  built_at timestamptz
)`

/** null: `init` was never run here. */
export async function readState(client: pg.ClientBase | pg.Pool): Promise<ObscoreState | null> {
  const there = await client.query<{ there: boolean }>(
    "select pg_catalog.to_regclass('almagest.obscore_state') is not null as there",
  )
  if (there.rows[0]?.there !== true) return null
  const { rows } = await client.query<ObscoreState>(
    `select built_identity as "builtIdentity", identity, geometry, installed_at as "installedAt", built_at as "builtAt"
       from almagest.obscore_state`,
  )
  return rows[0] ?? null
}

/** @throws ObscoreNotReadyError where somebody has dropped one of the tables */
export async function requireTables(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(
    `select name from unnest(array['ivoa.obscore', 'ivoa.obscore_reject']) as name where pg_catalog.to_regclass(name) is null`,
  )
  if (rows.length === 0) return
  const names = rows.map(({ name }) => name).join(' and ')
  throw new ObscoreNotReadyError(
    `${names} ${rows.length === 1 ? 'was' : 'were'} dropped: run \`almagest obscore init\` again, and then \`rebuild\``,
  )
}
