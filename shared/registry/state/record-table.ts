import pg from 'pg'
import { createGroupRoles } from '../../group-roles.ts'

/** May read and refresh the records, and change nothing about their tables: the function `registry`, and who refreshes by hand. */
export const REGISTRY_ROLE = 'almagest_registry'

/**
 * What harvesters are shown, and when it changed. A record that is gone is kept as deleted for ever: harvesters learn of
 * it from its date. `ivoid` is in lower case, as identifiers compare (IVOA Identifiers 2.0 §2.1); `spelling` is ours.
 *
 * `document` is the `ri:Resource` without its attribute `updated`, `dublin_core` the `oai_dc:dc` without its date.
 *
 * `registry_state` has one row: what the records were made of.
 */
const DDL = `
create schema if not exists almagest;
create table if not exists almagest.registry_record (
  ivoid text collate "C" primary key,
  spelling text not null,
  kind text not null,
  fingerprint text not null,
  created timestamptz not null,
  updated timestamptz not null,
  deleted boolean not null default false,
  document text,
  dublin_core text,
  check (deleted = (document is null) and deleted = (dublin_core is null))
);
create index if not exists registry_record_order on almagest.registry_record (updated, ivoid);
create table if not exists almagest.registry_state (
  singleton boolean primary key default true check (singleton),
  environment text not null,
  since timestamptz not null,
  live jsonb not null
)`

const GRANTS = `
grant usage on schema almagest to ${REGISTRY_ROLE};
grant select, insert, update on almagest.registry_record, almagest.registry_state to ${REGISTRY_ROLE};
grant delete on almagest.registry_record to ${REGISTRY_ROLE}`

/**
 * Makes the tables of the registry, or adds what an earlier version did not have, and lets `users` work with them. They
 * belong to who makes them. In one transaction of the caller's; it can be done again.
 */
export async function initialiseRegistry(client: pg.ClientBase, users: readonly string[]): Promise<void> {
  await client.query(DDL)
  await client.query(createGroupRoles(REGISTRY_ROLE))
  await client.query(GRANTS)
  for (const user of users) await client.query(`grant ${REGISTRY_ROLE} to ${pg.escapeIdentifier(user)}`)
}
