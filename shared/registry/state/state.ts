import type pg from 'pg'

/** What the records that are stored were made of. */
export interface RegistryState {
  /** Its hash (hash-environment.ts). */
  readonly environment: string
  /** Since when that file counts, by the database's clock. */
  readonly since: Date
  /** Identity of the live slot in each TAP server's database, null: nothing was live; and of each survey's properties. */
  readonly live: LiveIdentities
}

export type LiveIdentities = Readonly<Record<string, string | null>>

/** null: nothing has been stored yet. */
export async function readState(on: pg.Pool | pg.ClientBase): Promise<RegistryState | null> {
  const { rows } = await on.query<RegistryState>('select environment, since, live from almagest.registry_state')
  return rows[0] ?? null
}

export async function writeState(client: pg.ClientBase, environment: string, live: LiveIdentities): Promise<void> {
  await client.query(
    `insert into almagest.registry_state as stored (environment, since, live)
     values ($1, clock_timestamp(), $2)
     on conflict (singleton) do update
        set environment = excluded.environment,
            live = excluded.live,
            since = case when stored.environment = excluded.environment then stored.since else excluded.since end`,
    [environment, JSON.stringify(live)],
  )
}

export function isSameState(one: RegistryState | null, other: RegistryState | null): boolean {
  if (one === null || other === null) return one === other
  return one.environment === other.environment && isSameLive(one.live, other.live)
}

export function isSameLive(one: LiveIdentities, other: LiveIdentities): boolean {
  const servers = Object.keys(one)
  return servers.length === Object.keys(other).length && servers.every((server) => one[server] === other[server])
}
