import type pg from 'pg'

/**
 * Objects outside the given schemas that depend on something inside: views, foreign keys, functions, publications. They
 * would be dropped with the slot, or go on reading the wrong one after a swap, because PostgreSQL ties them to tables
 * and not to names.
 *
 * @returns descriptions such as `view site.catalogue`, sorted
 */
export async function findDependents(client: pg.ClientBase, schemas: readonly string[]): Promise<readonly string[]> {
  const found = await client.query<{ object: string }>(FIND_DEPENDENTS, [schemas])
  return found.rows.map((row) => row.object)
}

/**
 * The relations of the schemas `any ($1)`, and everything that belongs to them or lies beside them, as `pg_depend` names
 * it.
 */
export const INSIDE_SLOTS = `
with slot as (
  select oid from pg_namespace where nspname = any ($1)
), relation as (
  select oid, relkind, relrowsecurity from pg_class where relnamespace = any (array(select oid from slot))
), inside (classid, objid) as (
  select 'pg_class'::regclass::oid, oid from relation
  union all select 'pg_rewrite'::regclass, oid from pg_rewrite where ev_class in (select oid from relation)
  union all select 'pg_trigger'::regclass, oid from pg_trigger where tgrelid in (select oid from relation)
  union all select 'pg_policy'::regclass, oid from pg_policy where polrelid in (select oid from relation)
  union all select 'pg_attrdef'::regclass, oid from pg_attrdef where adrelid in (select oid from relation)
  union all select 'pg_constraint'::regclass, oid from pg_constraint where connamespace = any (array(select oid from slot))
  union all select 'pg_type'::regclass, oid from pg_type where typnamespace = any (array(select oid from slot))
  union all select classid, objid from pg_depend
             where refclassid = 'pg_namespace'::regclass and refobjid in (select oid from slot)
               and classid in ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_statistic_ext'::regclass)
)`

// A view depends on its tables through its rule; TOAST tables lie in a schema of their own and belong to their table.
const FIND_DEPENDENTS = `${INSIDE_SLOTS}
select distinct
       case when r.oid is null then pg_describe_object(d.classid, d.objid, 0)
            else pg_describe_object('pg_class'::regclass, r.ev_class, 0) end collate "C" as object
  from pg_depend d
  join inside on inside.classid = d.refclassid and inside.objid = d.refobjid
  left join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
  left join pg_class toast on d.classid = 'pg_class'::regclass and toast.oid = d.objid and toast.relkind = 't'
 where toast.oid is null
   and not exists (select from inside as own where own.classid = d.classid and own.objid = d.objid)
 order by object`
