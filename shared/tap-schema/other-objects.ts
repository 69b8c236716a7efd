import type pg from 'pg'
import { findTables } from './slot-tables.ts'
import { SLOT_SCHEMA, type SlotName } from './slots.ts'
import { TAP_TABLE_NAMES } from './tables.ts'

/**
 * What lies in a slot's schema and is not part of a TAP_SCHEMA: tables of the TAP service's own, such as CADC's servers
 * keep them, functions, types. It is moved with the schema when the slots change places.
 *
 * @returns descriptions such as `table tap_schema.settings`, sorted
 */
export async function findOtherObjects(client: pg.ClientBase, slot: SlotName): Promise<readonly string[]> {
  const schema = SLOT_SCHEMA[slot]
  const tables = await findTables(client, schema)
  const names = tables === null ? [] : Object.values(tables).map(({ name }) => name)
  const own = [...TAP_TABLE_NAMES, ...names, 'versions', 'version']
  // The postfix of tables that are not complete is not known.
  const unfinished = tables === null ? TAP_TABLE_NAMES : []
  const found = await client.query<{ object: string }>(FIND_OTHERS, [schema, own, unfinished])
  return found.rows.map(({ object }) => object)
}

export function warnOfMoved(objects: readonly string[], schema: string): readonly string[] {
  if (objects.length === 0) return []
  return [`moved to ${schema} with the slot that was live: ${objects.join(', ')}`]
}

// Sequences, row types and array types of a table follow it.
const FIND_OTHERS = `
with slot as (
  select oid from pg_namespace where nspname = $1
), other (classid, objid) as (
  select 'pg_class'::regclass, oid from pg_class c
   where relnamespace in (select oid from slot) and relkind in ('r', 'p', 'v', 'm', 'f', 'S') and relname <> all ($2)
     and not exists (select from unnest($3::text[]) as beginning where starts_with(relname, beginning))
     and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
                        and d.deptype in ('a', 'i') and d.refclassid = 'pg_class'::regclass)
  union all
  select 'pg_proc'::regclass, oid from pg_proc where pronamespace in (select oid from slot)
  union all
  select 'pg_type'::regclass, oid from pg_type t
   where typnamespace in (select oid from slot) and typelem = 0 and typtype <> 'm'
     and (typrelid = 0 or exists (select from pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
)
select pg_describe_object(classid, objid, 0) collate "C" as object from other order by object`
