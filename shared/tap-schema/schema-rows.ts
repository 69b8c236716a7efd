import { DATATYPES } from '../felis/datatypes.ts'
import type { Column, FelisObject, ForeignKeyConstraint, Schema, Table } from '../felis/model.ts'
import { abridge } from '../yaml/values.ts'
import type { LoaderOptions } from './options.ts'
import type { TapTableName } from './tables.ts'

export type Cell = string | number | null

/** One row on its way, with what it was made from. */
export interface RowSource {
  readonly table: TapTableName
  readonly cells: Readonly<Record<string, Cell>>
  readonly from: FelisObject | Column
  /** What the file says and the table cannot, with any content of the cells. */
  readonly problem?: RowProblem
}

interface RowProblem {
  readonly code: string
  readonly message: string
}

/** The key under which a file has what fills a column of TAP_SCHEMA; a column that is not here comes from the name. */
const FIELDS: Readonly<Record<string, string>> = {
  utype: 'votable:utype',
  description: 'description',
  ucd: 'ivoa:ucd',
  arraysize: 'votable:arraysize',
  size: 'votable:arraysize',
  xtype: 'votable:xtype',
  principal: 'tap:principal',
  std: 'tap:std',
  column_index: 'tap:column_index',
  table_index: 'tap:table_index',
}

export function fieldOf(column: string, { from }: RowSource): string {
  if (column === 'unit') return 'ivoaUnit' in from && from.ivoaUnit ? 'ivoa:unit' : 'fits:tunit'
  return FIELDS[column] ?? 'name'
}

export function schemaRow(schema: Schema, index: number | null): RowSource {
  const cells = { schema_name: schema.name, utype: schema.utype, description: schema.description, schema_index: index }
  return { table: 'schemas', cells, from: schema }
}

export function tableRow(schema: Schema, table: Table): RowSource {
  const cells = {
    schema_name: schema.name,
    table_name: qualify(schema, table),
    table_type: 'table',
    utype: table.utype,
    description: table.description,
    table_index: table.tableIndex ?? 0,
  }
  return { table: 'tables', cells, from: table }
}

/** The rows of a table's columns, in their order. */
export function columnRows(schema: Schema, table: Table): RowSource[] {
  const tableName = qualify(schema, table)
  const indexed = indexedIds(table)
  return table.columns.map((column) => ({
    table: 'columns',
    cells: {
      table_name: tableName,
      column_name: column.name,
      utype: column.utype,
      ucd: column.ucd,
      unit: column.ivoaUnit || column.fitsUnit,
      description: column.description,
      datatype: DATATYPES[column.datatype].votable,
      arraysize: column.arraysize || null,
      xtype: column.xtype,
      size: sizeOf(column.arraysize),
      principal: column.principal,
      indexed: indexed.has(column.id) ? 1 : 0,
      std: column.std,
      column_index: column.columnIndex,
    },
    from: column,
  }))
}

/** The rows of a schema's foreign keys: of each the key itself, then its pairs of columns. */
export function keyRows(schema: Schema, options: LoaderOptions): (readonly [key: RowSource, ...pairs: RowSource[]])[] {
  const owners = new Map<string, { readonly table: Table; readonly column: Column }>()
  for (const table of schema.tables) {
    for (const column of table.columns) if (!owners.has(column.id)) owners.set(column.id, { table, column })
  }
  return schema.tables.flatMap((table) =>
    table.constraints
      .filter((constraint) => constraint.kind === 'ForeignKey')
      .map((constraint) => rowsOfKey(schema, table, constraint, owners, options)),
  )
}

function rowsOfKey(
  schema: Schema,
  table: Table,
  key: ForeignKeyConstraint,
  owners: ReadonlyMap<string, { readonly table: Table; readonly column: Column }>,
  options: LoaderOptions,
): [key: RowSource, ...pairs: RowSource[]] {
  const id = options.uniqueKeys ? `${schema.name}_${key.name}` : key.name
  const targets = new Set(key.referencedColumns.map((column) => owners.get(column)?.table))
  const [target] = targets
  const cells = {
    key_id: id,
    from_table: qualify(schema, table),
    target_table: target === undefined ? null : qualify(schema, target),
    utype: key.utype,
    description: key.description,
  }
  const pairs = key.columns.map((column, index) => ({
    table: 'key_columns' as const,
    cells: {
      key_id: id,
      from_column: owners.get(column)?.column.name ?? null,
      target_column: owners.get(key.referencedColumns[index] ?? '')?.column.name ?? null,
    },
    from: key,
  }))
  const row: RowSource = { table: 'keys', cells, from: key }
  return [targets.size > 1 ? { ...row, problem: severalTargets(key, targets) } : row, ...pairs]
}

/** Felis does not look whether the columns that a key refers to are of one table. */
function severalTargets(key: ForeignKeyConstraint, targets: Iterable<Table | undefined>): RowProblem {
  const names = [...targets].map((table) => `'${abridge(table?.name ?? '')}'`)
  const more = names.length > MOST_NAMES ? ', …' : ''
  const message = `the columns that '${abridge(key.name)}' refers to belong to the tables ${names.slice(0, MOST_NAMES).join(', ')}${more}; in TAP_SCHEMA a key has one target table: write a key for each of them, or leave it out`
  return { code: 'key_to_several_tables', message }
}

const MOST_NAMES = 5

function qualify(schema: Schema, table: Table): string {
  return `${schema.name}.${table.name}`
}

/** Ids of single columns that a primary key (written as one id, not as a list) or an index is made of. */
function indexedIds(table: Table): ReadonlySet<string> {
  const ids = new Set<string>()
  if (typeof table.primaryKey === 'string') ids.add(table.primaryKey)
  for (const { columns } of table.indexes) {
    if (columns?.length === 1 && columns[0] !== undefined) ids.add(columns[0])
  }
  return ids
}

/** The deprecated `size` (TAP 1.1 §4): what a one-dimensional arraysize says in digits. */
function sizeOf(arraysize: string | null): number | null {
  const digits = arraysize === null ? null : /^(\d+)\*?$/.exec(arraysize)
  return digits === null ? null : Number(digits[1])
}
