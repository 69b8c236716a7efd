import type pg from 'pg'

/**
 * Everything that PostgreSQL knows of the tables of a schema, one line a thing, in a fixed order. Indexes for positions
 * are left out on wish: Felis makes none.
 */
export async function readCatalogue(
  client: Pick<pg.Pool, 'query'>,
  schema: string,
  { positions = true }: { readonly positions?: boolean } = {},
): Promise<readonly string[]> {
  const { rows } = await client.query<{ line: string }>(CATALOGUE, [schema, positions])
  return rows.map(({ line }) => line).sort()
}

const CATALOGUE = `
with relations as (
  select c.oid, c.relname, c.relkind
    from pg_class c
   where c.relnamespace = (select oid from pg_namespace where nspname = $1)
     and ($2 or c.relname !~ '_position$')
)
select format('%s %s: %s', case relkind when 'r' then 'table' else relkind::text end, relname, coalesce(obj_description(oid, 'pg_class'), '-')) as line
  from relations where relkind not in ('i')
union all
select format('column %s %s %s: %s%s%s -- %s', relname, lpad(attnum::text, 4, '0'), attname, format_type(atttypid, atttypmod),
              case when attnotnull then ' not null' else '' end,
              coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), ''), coalesce(col_description(r.oid, attnum), '-'))
  from relations r
  join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
 where relkind = 'r'
union all
select format('constraint %s %s: %s -- %s', relname, conname, pg_get_constraintdef(c.oid), coalesce(obj_description(c.oid, 'pg_constraint'), '-'))
  from relations r join pg_constraint c on c.conrelid = r.oid
 where contype <> 'n'
union all
select format('index %s: %s -- %s', relname, pg_get_indexdef(oid), coalesce(obj_description(oid, 'pg_class'), '-'))
  from relations where relkind = 'i'`
