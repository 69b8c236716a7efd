import type pg from 'pg'
import type { GeometryStrategy } from '../adql/postgresql.ts'

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
