import type { LoadedSchema } from '../../shared/felis/load.ts'
import { buildRows } from '../../shared/tap-schema/build-rows.ts'
import type { Cell, Contents, ItemKind } from '../../shared/tap-schema/contents.ts'
import type { LoaderOptions } from '../../shared/tap-schema/options.ts'
import { keyRows } from '../../shared/tap-schema/schema-rows.ts'
import { columnsOf, type TapSchemaRows, type TapTableName, tapTable } from '../../shared/tap-schema/tables.ts'

type Fields = Record<string, Cell>

/** Files that are never served together may hold schemas of one name; these are told apart by their files. */
export function namesInSeveralFiles(schemas: readonly LoadedSchema[]): readonly string[] {
  const names = schemas.flatMap(({ schema }) => (schema === null ? [] : [schema.name]))
  return names.filter((name, index) => names.indexOf(name) !== index)
}

/** Without unique keys, schemas that are never served together may have keys of one `key_id`. */
export function keysInSeveralFiles(schemas: readonly LoadedSchema[], options: LoaderOptions): readonly string[] {
  const keys = schemas.flatMap(({ schema }) => (schema === null ? [] : keyRows(schema, options)))
  const ids = keys.map(([key]) => String(key.cells.key_id))
  return ids.filter((id, index) => ids.indexOf(id) !== index)
}

/** Names that say too little by themselves; the file is put in front of them. */
export interface Ambiguous {
  readonly schemas: ReadonlySet<string>
  readonly keys: ReadonlySet<string>
}

/**
 * What a slot that holds these schemas would describe, apart from TAP_SCHEMA itself. The names of all that is in an
 * ambiguous schema, and of ambiguous keys, begin with the file.
 */
export function contentsOf(schemas: readonly LoadedSchema[], ambiguous: Ambiguous, options: LoaderOptions): Contents {
  const contents: Record<ItemKind, Map<string, Fields>> = {
    schema: new Map(),
    table: new Map(),
    column: new Map(),
    key: new Map(),
  }
  const own = buildRows([], options).rows
  for (const loaded of schemas) {
    const isAmbiguous = ambiguous.schemas.has(loaded.schema?.name ?? '')
    const prefix = isAmbiguous ? `${loaded.file}: ` : ''
    const { rows } = buildRows([loaded], options)
    const records = (table: TapTableName): Fields[] => recordsOf(table, rows, own, options)
    const pairs = Map.groupBy(records('key_columns'), ({ key_id }) => key_id)
    for (const { schema_name, ...fields } of records('schemas')) contents.schema.set(`${prefix}${schema_name}`, fields)
    for (const { table_name, ...fields } of records('tables')) contents.table.set(`${prefix}${table_name}`, fields)
    for (const { table_name, column_name, size: _, ...fields } of records('columns')) {
      contents.column.set(`${prefix}${table_name}.${column_name}`, fields)
    }
    for (const { key_id, ...fields } of records('keys')) {
      const name = ambiguous.keys.has(String(key_id)) ? `${loaded.file}: ${key_id}` : `${prefix}${key_id}`
      contents.key.set(name, { ...fields, columns: describePairs(pairs.get(key_id ?? null) ?? []) })
    }
  }
  return contents
}

/** The rows of one table with the names of their columns, without those that describe TAP_SCHEMA. */
function recordsOf(table: TapTableName, rows: TapSchemaRows, own: TapSchemaRows, options: LoaderOptions): Fields[] {
  const columns = columnsOf(tapTable(table), options).flatMap(({ name, extension }, index) =>
    extension ? [] : [{ name, index }],
  )
  return rows[table]
    .slice(own[table].length)
    .map((row) => Object.fromEntries(columns.map(({ name, index }) => [name, row[index] ?? null])))
}

function describePairs(pairs: readonly Fields[]): string {
  return pairs
    .map(({ from_column, target_column }) => `${from_column} -> ${target_column}`)
    .sort()
    .join(', ')
}
