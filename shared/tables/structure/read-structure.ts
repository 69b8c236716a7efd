import type pg from 'pg'
import type { ColumnStructure, ConstraintStructure, Deferral, PrimaryKey, TableStructure } from './structure.ts'

/**
 * The tables of some schemas as PostgreSQL's catalogue has them; views and foreign tables are not among them.
 *
 * @param names the schemas, and what each is to be called in the answer
 */
export async function readStructures(
  client: Pick<pg.ClientBase, 'query'>,
  names: ReadonlyMap<string, string>,
): Promise<readonly TableStructure[]> {
  const { rows } = await client.query<TableRow>(TABLES, [[...names.keys()]])
  const nameOf = (schema: string) => names.get(schema) ?? schema
  return rows.map(({ schema, name, columns, constraints, indexes }) => ({
    schema: nameOf(schema),
    name,
    columns: new Map(columns.map(({ name: column, ...rest }) => [column, describeColumn(rest)])),
    primaryKey: primaryKeyOf(constraints),
    constraints: new Map(
      constraints.flatMap((row) => {
        const constraint = describeConstraint(row, nameOf)
        return constraint === null ? [] : [[row.name, constraint] as const]
      }),
    ),
    indexes: new Map(indexes.map((index) => [index.name, index.parts])),
  }))
}

interface TableRow {
  readonly schema: string
  readonly name: string
  readonly columns: readonly (ColumnRow & { readonly name: string })[]
  readonly constraints: readonly ConstraintRow[]
  readonly indexes: readonly { readonly name: string; readonly parts: string }[]
}

interface ColumnRow {
  readonly type: string
  readonly nullable: boolean
  readonly default: string | null
  readonly identity: boolean
  readonly numbered: boolean
}

interface ConstraintRow {
  readonly name: string
  /** pg_constraint.contype. */
  readonly kind: 'p' | 'u' | 'c' | 'f'
  readonly columns: readonly string[]
  readonly target_schema: string | null
  readonly target: string | null
  readonly target_columns: readonly string[]
  readonly on_delete: string
  readonly on_update: string
  readonly deferrable: boolean
  readonly deferred: boolean
  readonly expression: string | null
}

function describeColumn({ type, nullable, default: value, identity, numbered }: ColumnRow): ColumnStructure {
  const autoincrement = identity ? 'identity' : numbered ? 'serial' : null
  return { type, nullable, default: autoincrement === null ? value : null, autoincrement }
}

function primaryKeyOf(constraints: readonly ConstraintRow[]): PrimaryKey | null {
  const key = constraints.find(({ kind }) => kind === 'p')
  return key === undefined ? null : { name: key.name, columns: key.columns }
}

/** Letters of pg_constraint for what is done with rows that refer to another. */
const ACTIONS: Readonly<Record<string, string>> = {
  a: 'no action',
  r: 'restrict',
  c: 'cascade',
  n: 'set null',
  d: 'set default',
}

function describeConstraint(row: ConstraintRow, nameOf: (schema: string) => string): ConstraintStructure | null {
  const { kind, columns } = row
  switch (kind) {
    case 'p':
      return null
    case 'u':
      return { kind: 'unique', columns, deferral: deferralOf(row) }
    case 'c':
      return { kind: 'check', expression: row.expression ?? '' }
    case 'f':
      return {
        kind: 'foreign key',
        columns,
        target: { schema: nameOf(row.target_schema ?? ''), name: row.target ?? '' },
        targetColumns: row.target_columns,
        onDelete: ACTIONS[row.on_delete] ?? row.on_delete,
        onUpdate: ACTIONS[row.on_update] ?? row.on_update,
        deferral: deferralOf(row),
      }
  }
}

/** `deferrable` alone is `initially immediate`. */
function deferralOf({ deferrable, deferred }: ConstraintRow): Deferral {
  if (!deferrable) return ''
  return deferred ? 'deferrable initially deferred' : 'deferrable'
}

/** An index without its table's name, which is another one in the copy that it is compared with. */
const TABLES = `
select n.nspname::text as schema, c.relname::text as name,
       array(select json_build_object(
                      'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'nullable', not a.attnotnull,
                      'default', pg_get_expr(d.adbin, d.adrelid), 'identity', a.attidentity <> '',
                      'numbered', exists (select from pg_depend p
                                           where p.classid = 'pg_class'::regclass and p.deptype = 'a'
                                             and p.refobjid = c.oid and p.refobjsubid = a.attnum
                                             and (select relkind from pg_class where oid = p.objid) = 'S'))
               from pg_attribute a
               left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
              order by a.attnum) as columns,
       array(select json_build_object(
                      'name', o.conname, 'kind', o.contype, 'on_delete', o.confdeltype, 'on_update', o.confupdtype,
                      'deferrable', o.condeferrable, 'deferred', o.condeferred,
                      'columns', array(select attname from unnest(o.conkey) with ordinality as k(attnum, place)
                                         join pg_attribute a using (attnum)
                                        where a.attrelid = o.conrelid order by place),
                      'target_schema', t.relnamespace::regnamespace::text, 'target', t.relname,
                      'target_columns', array(select attname from unnest(o.confkey) with ordinality as k(attnum, place)
                                                join pg_attribute a using (attnum)
                                               where a.attrelid = o.confrelid order by place),
                      'expression', pg_get_expr(o.conbin, o.conrelid))
               from pg_constraint o
               left join pg_class t on t.oid = o.confrelid
              where o.conrelid = c.oid and o.contype in ('p', 'u', 'c', 'f')
              order by o.conname) as constraints,
       array(select json_build_object('name', x.relname, 'parts', regexp_replace(pg_get_indexdef(i.indexrelid), '^.*? (USING .*)$', '\\1'))
               from pg_index i
               join pg_class x on x.oid = i.indexrelid
              where i.indrelid = c.oid
                and not exists (select from pg_constraint o where o.conindid = i.indexrelid and o.contype in ('p', 'u', 'x'))
              order by x.relname) as indexes
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = any ($1) and c.relkind in ('r', 'p')
 order by n.nspname, c.relname`
