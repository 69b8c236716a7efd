import type pg from 'pg'
import { qualified } from './ddl.ts'
import { DEPLOYED } from './options.ts'
import { quote } from './slots.ts'
import { TAP_TABLE_NAMES, type TapTableName, tapTable } from './tables.ts'

/** One of the five tables of a slot, of any tool. */
export interface SlotTable {
  /** For a `from` clause. */
  readonly from: string
  readonly name: string
  /** An expression for a standard column: text or an integer as TAP 1.1 has it, null where the table lacks it. */
  value(column: string): string
}

export type SlotTables = Readonly<Record<TapTableName, SlotTable>>

/**
 * Finds the five tables of a schema under names that end alike: as CADC's servers read them (`schemas11`), plain, or with
 * another postfix. Which columns they have beside their keys depends on who made them.
 *
 * @returns null when they are not all there
 */
export async function findTables(client: pg.ClientBase, schema: string): Promise<SlotTables | null> {
  const relations = await readRelations(client, schema)
  for (const postfix of postfixesOf(relations, 'key_columns')) {
    const found = TAP_TABLE_NAMES.map((table) => [table, slotTable(relations, schema, table, postfix)] as const)
    if (found.every(([, table]) => table !== null)) return Object.fromEntries(found) as SlotTables
  }
  return null
}

/** The names of the schemas that a slot describes, in their order, without `tap_schema` itself. */
export async function readSchemaNames(client: pg.ClientBase, schema: string): Promise<readonly string[]> {
  const table = (await findTables(client, schema))?.schemas ?? (await findSchemasOnly(client, schema))
  if (table === null) return []
  const found = await client.query<{ name: string }>(
    `select ${table.value('schema_name')} as name
       from ${table.from}
      where lower(${table.value('schema_name')}) <> 'tap_schema'
      order by ${table.value('schema_index')} nulls last, 1`,
  )
  return found.rows.map(({ name }) => name)
}

/** In a slot that another tool has not finished. */
async function findSchemasOnly(client: pg.ClientBase, schema: string): Promise<SlotTable | null> {
  const relations = await readRelations(client, schema)
  const [postfix] = postfixesOf(relations, 'schemas')
  return postfix === undefined ? null : slotTable(relations, schema, 'schemas', postfix)
}

/** By the name of a relation, the types of its columns: pg_type's `typcategory`. */
type Relations = ReadonlyMap<string, ReadonlyMap<string, string>>

async function readRelations(client: pg.ClientBase, schema: string): Promise<Relations> {
  const { rows } = await client.query<{ relation: string; column: string; category: string }>(
    `select c.relname::text as relation, a.attname::text as column, t.typcategory::text as category
       from pg_class c
       join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       join pg_type t on t.oid = a.atttypid
      where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f')`,
    [schema],
  )
  const relations = new Map<string, Map<string, string>>()
  for (const { relation, column, category } of rows) {
    const columns = relations.get(relation) ?? new Map()
    relations.set(relation, columns.set(column, category))
  }
  return relations
}

/** A server that finds its own postfix reads no other names; the plain ones may be left from TAP 1.0 then. */
function postfixesOf(relations: Relations, table: TapTableName): readonly string[] {
  const names = [...relations.keys()].filter((name) => name.startsWith(table))
  const postfixes = names.map((name) => name.slice(table.length)).sort()
  return postfixes.toSorted((a, b) => Number(b === DEPLOYED.postfix) - Number(a === DEPLOYED.postfix))
}

function slotTable(relations: Relations, schema: string, table: TapTableName, postfix: string): SlotTable | null {
  const { columns: standard, primaryKey } = tapTable(table)
  const keys = primaryKey.length > 0 ? primaryKey : standard.map(({ name }) => name)
  const name = `${table}${postfix}`
  const columns = relations.get(name)
  if (columns === undefined || !keys.every((key) => columns.has(key))) return null
  const value = (column: string): string => {
    const category = columns.get(column)
    if (category === undefined) return 'null::text'
    const isInteger = standard.find((candidate) => candidate.name === column)?.type === 'integer'
    return `${quote(column)}::${isInteger && 'NB'.includes(category) ? 'int' : 'text'}`
  }
  return { from: qualified(schema, name), name, value }
}
