import type pg from 'pg'

/** A table or view of the database, as far as queries feel it. */
export interface Relation {
  readonly schema: string
  readonly name: string
  readonly isView: boolean
  readonly columns: ReadonlyMap<string, RelationColumn>
}

export interface RelationColumn {
  /** As SQL calls it, without a length: `character varying`, `real[]`; of a domain, what it is made of. */
  readonly type: string
  readonly isEnum: boolean
  /** Of a text, in characters; null: any. */
  readonly length: number | null
  /** Whether an index begins with it. */
  readonly indexed: boolean
  /** Those of the roles in question that may not read it. */
  readonly hiddenFrom: readonly string[]
}

/** Roles that are not there. */
export async function findUnknownRoles(client: pg.ClientBase, roles: readonly string[]): Promise<readonly string[]> {
  const { rows } = await client.query<{ role: string }>(
    `select role from unnest($1::text[]) as role
      where role <> 'public' and not exists (select from pg_roles where rolname = role)`,
    [roles],
  )
  return rows.map(({ role }) => role)
}

/**
 * All tables and views of some schemas, as the catalogue has them.
 *
 * @param roles whose right to read is asked; all must be there, but for `public`
 */
export async function readRelations(
  client: pg.ClientBase,
  schemas: readonly string[],
  roles: readonly string[],
): Promise<readonly Relation[]> {
  const { rows } = await client.query<ColumnRow>(COLUMNS, [schemas, roles])
  const byTable = Map.groupBy(rows, ({ oid }) => oid)
  return [...byTable.values()].flatMap((columns) => {
    const [first] = columns
    if (first === undefined) return []
    const named = columns.flatMap(({ column, type, is_enum, length, indexed, hidden_from }) =>
      column === null ? [] : [[column, { type, isEnum: is_enum, length, indexed, hiddenFrom: hidden_from }] as const],
    )
    const { schema, name, kind } = first
    return [{ schema, name, isView: kind === 'v', columns: new Map(named) }]
  })
}

interface ColumnRow {
  readonly oid: string
  readonly schema: string
  readonly name: string
  readonly kind: string
  readonly column: string | null
  readonly type: string
  readonly is_enum: boolean
  readonly length: number | null
  readonly indexed: boolean
  readonly hidden_from: string[]
}

// has_…_privilege knows "public" as everybody. A table's right to be read is that of each of its columns.
const COLUMNS = `
select c.oid::text as oid, n.nspname::text as schema, c.relname::text as name, c.relkind::text as kind,
       a.attname::text as column,
       coalesce(format_type(coalesce(nullif(t.typbasetype, 0), a.atttypid), null), '') as type,
       coalesce(t.typtype = 'e', false) as is_enum,
       case when a.atttypid in ('varchar'::regtype, 'bpchar'::regtype) and a.atttypmod > 4 then a.atttypmod - 4 end as length,
       exists (select from pg_index i where i.indrelid = c.oid and i.indisvalid and i.indkey[0] = a.attnum) as indexed,
       array(select role from unnest($2::text[]) as role
              where not has_schema_privilege(role, n.oid, 'usage')
                 or not coalesce(has_column_privilege(role, c.oid, a.attnum, 'select'), false)) as hidden_from
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  left join pg_type t on t.oid = a.atttypid
 where n.nspname = any ($1) and c.relkind in ('r', 'p', 'v', 'm', 'f')
 order by n.nspname, c.relname, a.attnum`
