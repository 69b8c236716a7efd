import type pg from 'pg'
import { INSIDE_SLOTS } from './dependents.ts'
import { SLOT_SCHEMA, type SlotName } from './slots.ts'

/**
 * What would run code of the slot's maker as soon as somebody else reads it, owns it or analyzes it: views that do
 * more than name columns, triggers, rules, policies, and everything that uses functions, types or tables from elsewhere.
 * PostgreSQL runs such code with the rights of the reader or of the owner, and a slot that is staged holds nothing of
 * the kind.
 *
 * @returns descriptions such as `trigger log on table tap_schema_staging.tables11`, sorted
 */
export async function findForeignCode(client: pg.ClientBase, schema: string): Promise<readonly string[]> {
  const found = await client.query<{ object: string }>(FIND_FOREIGN_CODE, [[schema]])
  return found.rows.map((row) => row.object)
}

/**
 * Whether reading a slot runs nothing but PostgreSQL's own code. Live and previous belong to those who may do there what
 * they like.
 */
export async function isSafeToRead(client: pg.ClientBase, slot: SlotName): Promise<boolean> {
  return slot !== 'staging' || (await findForeignCode(client, SLOT_SCHEMA.staging)).length === 0
}

/** The first oid that PostgreSQL gives to what is not its own (FirstNormalObjectId). */
const FIRST_OID = 16_384

// A view as PostgreSQL writes it out again: calls, casts and operators cannot do without other characters.
const NAMES_ONLY = String.raw`^[\w\s".,]+;?$`

const FIND_FOREIGN_CODE = `${INSIDE_SLOTS}, finding (object) as (
  select pg_describe_object(d.classid, d.objid, d.objsubid) || ' uses '
         || pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid)
    from pg_depend d
    join inside on inside.classid = d.classid and inside.objid = d.objid
   where d.refobjid >= ${FIRST_OID} and d.refclassid <> 'pg_namespace'::regclass
     and not exists (select from inside as own where own.classid = d.refclassid and own.objid = d.refobjid)
  union all
  select pg_describe_object(d.classid, d.objid, 0)
    from pg_depend d
   where d.refclassid = 'pg_namespace'::regclass and d.refobjid in (select oid from slot)
     and d.classid not in ('pg_class'::regclass, 'pg_default_acl'::regclass)
  union all
  select pg_describe_object('pg_class'::regclass, oid, 0)
    from relation
   where relkind not in ('r', 'p', 'v', 'i', 'I', 'S', 'c')
  union all
  select pg_describe_object('pg_class'::regclass, oid, 0) || ' has row level security'
    from relation
   where relrowsecurity
  union all
  select pg_describe_object('pg_class'::regclass, oid, 0) || ' does more than name columns'
    from relation
   where relkind = 'v' and pg_get_viewdef(oid) !~ '${NAMES_ONLY}'
  union all
  select pg_describe_object('pg_trigger'::regclass, oid, 0)
    from pg_trigger
   where tgrelid in (select oid from relation) and not tgisinternal
  union all
  select pg_describe_object('pg_policy'::regclass, oid, 0)
    from pg_policy
   where polrelid in (select oid from relation)
  union all
  select pg_describe_object('pg_rewrite'::regclass, r.oid, 0)
    from pg_rewrite r join relation c on c.oid = r.ev_class
   where not (c.relkind = 'v' and r.rulename = '_RETURN')
)
select distinct object collate "C" as object from finding order by object`
