import type pg from 'pg'
import { quote } from '../tap-schema/slots.ts'
import { buildSchemaOf, keySql, NEXT_TABLES } from './build-functions.ts'
import { fillNext } from './fill.ts'
import type { ObscoreMapping, ObscoreSource } from './mapping.ts'
import { sourceSql } from './source.ts'
import { OBSCORE_ROLE } from './table-statements.ts'

/**
 * Keys of records that were changed while a rebuild is under way; without a scope: the whole source was emptied. A crash
 * ends the rebuild too, so it need not outlive one.
 */
export const TOUCHED_DDL = `
create unlogged table if not exists almagest.obscore_touched (
  id bigint generated always as identity primary key,
  scope text,
  name text
);
alter table almagest.obscore_touched owner to ${OBSCORE_ROLE};
grant usage on schema almagest to ${OBSCORE_ROLE};
truncate almagest.obscore_touched`

/** The second half of the key of the lock under which a rebuild runs. */
export const REBUILD_LOCK = 2

/** The triggers that a rebuild sets beside those that keep the live table in step. */
export const REBUILD_TRIGGER = 'almagest_obscore_rebuild'
export const REBUILD_CLEAR_TRIGGER = 'almagest_obscore_rebuild_truncate'

/** Functions of triggers that note what is changed. */
export function touchFunctions(source: ObscoreSource, s: string): string {
  const [oldScope, oldName] = keySql('old', source)
  const [newScope, newName] = keySql('new', source)
  const settings = 'language plpgsql security definer set search_path = pg_catalog, pg_temp'
  return `
create function ${s}.touch() returns trigger ${settings} as $f$
begin
  if tg_op <> 'INSERT' then
    insert into almagest.obscore_touched (scope, name) values (${oldScope}, ${oldName});
  end if;
  if tg_op <> 'DELETE' then
    insert into almagest.obscore_touched (scope, name) values (${newScope}, ${newName});
  end if;
  return null;
end $f$;

create function ${s}.touch_all() returns trigger ${settings} as $f$
begin
  insert into almagest.obscore_touched default values;
  return null;
end $f$;
`
}

/** Makes the triggers of a rebuild note changes (`touch`), or write to the new tables (`sync_next`). The source is locked. */
export async function setRebuildTriggers(
  client: pg.ClientBase,
  source: ObscoreSource,
  identity: string,
  what: 'note' | 'write',
): Promise<void> {
  const s = quote(buildSchemaOf(identity))
  const table = sourceSql(source)
  const [each, all] = what === 'note' ? ['touch', 'touch_all'] : ['sync_next', 'clear_next']
  await client.query(`
create or replace trigger ${REBUILD_TRIGGER} after insert or update or delete on ${table}
  for each row execute function ${s}.${each}();
create or replace trigger ${REBUILD_CLEAR_TRIGGER} after truncate on ${table}
  for each statement execute function ${s}.${all}();
alter table ${table} enable always trigger ${REBUILD_TRIGGER}, enable always trigger ${REBUILD_CLEAR_TRIGGER}`)
}

/** Dropping a trigger would wait for everybody who has read the source; a disabled one does nothing. The source is locked. */
export async function disableRebuildTriggers(client: pg.ClientBase, source: ObscoreSource): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select tgname::text as name from pg_catalog.pg_trigger
      where tgrelid = $1::regclass and tgname = any ($2) and tgenabled <> 'D'`,
    [sourceSql(source), [REBUILD_TRIGGER, REBUILD_CLEAR_TRIGGER]],
  )
  for (const { name } of rows) await client.query(`alter table ${sourceSql(source)} disable trigger ${quote(name)}`)
}

const BATCH = 5_000

/**
 * Brings the new tables up to date with the oldest changes that were noted; nobody else writes to them. What is changed
 * meanwhile is noted again, because a note is committed with the change.
 *
 * @returns how many notes there were
 */
export async function drainTouched(client: pg.ClientBase, mapping: ObscoreMapping, identity: string): Promise<number> {
  const { rows } = await client.query<{ scope: string | null; name: string | null }>(
    `delete from almagest.obscore_touched
      where id in (select id from almagest.obscore_touched order by id limit ${BATCH})
     returning scope, name`,
  )
  if (rows.length === 0) return 0
  if (rows.some(({ scope }) => scope === null)) await removeOrphans(client, mapping.source)
  const keys = new Map(
    rows.flatMap((row) => (row.scope === null ? [] : [[JSON.stringify([row.scope, row.name]), row]])),
  )
  const scopes = [...keys.values()].map(({ scope }) => scope ?? '')
  const names = [...keys.values()].map(({ name }) => name ?? '')
  for (const [table, scope, name] of TABLES) {
    await client.query(
      `delete from ivoa.${table} t using unnest($1::text[], $2::text[]) as k(scope, name)
        where t.${scope} = k.scope and t.${name} = k.name`,
      [scopes, names],
    )
  }
  const [scope, name] = keySql('d', mapping.source)
  const join = `join unnest($1::text[], $2::text[]) as touched(scope, name) on ${scope} = touched.scope and ${name} = touched.name`
  await fillNext(client, mapping, identity, { join, sql: 'true', values: [scopes, names] })
  return rows.length
}

const TABLES = [
  [NEXT_TABLES.records, 'rucio_did_scope', 'rucio_did_name'],
  [NEXT_TABLES.rejects, 'scope', 'name'],
] as const

async function removeOrphans(client: pg.ClientBase, source: ObscoreSource): Promise<void> {
  const [ofScope, ofName] = keySql('d', source)
  for (const [table, scope, name] of TABLES) {
    await client.query(
      `delete from ivoa.${table} t
        where not exists (select from ${sourceSql(source)} d where ${ofScope} = t.${scope} and ${ofName} = t.${name})`,
    )
  }
}
