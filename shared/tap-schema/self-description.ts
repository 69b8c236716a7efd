import {
  columnsOf,
  TAP_TABLES,
  type TapColumn,
  type TapRow,
  type TapSchemaRows,
  type TapTable,
  tapTable,
  textLimit,
} from './tables.ts'

/** The name under which the table set describes itself, under any name of the slot. */
export const SELF_NAME = 'tap_schema'

const DESCRIPTION = 'A TAP-standard-mandated schema to describe tablesets in a TAP 1.1 service'
const SCHEMA_INDEX = 100000

/**
 * What curators write freely, and Felis lets hold any character: `Gómez`, `µm`. Felis describes it as `char`, which is
 * ASCII in VOTable 1.4 §6, and with which astropy 5 reads no table whose cell has more.
 */
const FREE_TEXT: ReadonlySet<string> = new Set(['description', 'unit', 'utype'])

/** Keys that the rows describe although the database does not have them. */
const LOGICAL_KEYS = [
  { name: 'k6', column: 'from_column', target: 'columns', targetColumn: 'column_name' },
  { name: 'k7', column: 'target_column', target: 'columns', targetColumn: 'column_name' },
] as const

/** The rows with which TAP_SCHEMA describes its own tables (TAP 1.1 §4), as Felis writes them but for free text. */
export function describeItself(options: { readonly extensions: boolean }): TapSchemaRows {
  const keys = TAP_TABLES.flatMap((table) =>
    [...table.foreignKeys, ...(table.name === 'key_columns' ? LOGICAL_KEYS : [])].map((key) => ({ table, ...key })),
  )
  return {
    schemas: [
      layOut('schemas', options, { schema_name: SELF_NAME, description: DESCRIPTION, schema_index: SCHEMA_INDEX }),
    ],
    tables: TAP_TABLES.map((table) =>
      layOut('tables', options, {
        schema_name: SELF_NAME,
        table_name: ownName(table.name),
        table_type: 'table',
        description: table.comment,
        table_index: table.tableIndex,
      }),
    ),
    columns: TAP_TABLES.flatMap((table) => table.columns.flatMap((column) => describeColumn(table, column, options))),
    keys: keys.map(({ name, table, target }) =>
      layOut('keys', options, { key_id: name, from_table: ownName(table.name), target_table: ownName(target) }),
    ),
    key_columns: keys.map(({ name, column, targetColumn }) =>
      layOut('key_columns', options, { key_id: name, from_column: column, target_column: targetColumn }),
    ),
  }
}

function describeColumn(table: TapTable, column: TapColumn, options: { readonly extensions: boolean }): TapRow[] {
  if (column.selfDescription === null) return []
  const { columnIndex, width, description } = column.selfDescription
  return [
    layOut('columns', options, {
      table_name: ownName(table.name),
      // A reserved word of ADQL; clients are used to finding it with its quotes.
      column_name: column.name === 'size' ? '"size"' : column.name,
      description,
      datatype: datatypeOf(column),
      arraysize: width === null ? null : `${width}*`,
      size: width,
      principal: 1,
      indexed: 0,
      std: 1,
      column_index: columnIndex,
    }),
  ]
}

function datatypeOf({ name, type }: TapColumn): string {
  if (textLimit(type) === null) return 'int'
  return FREE_TEXT.has(name) ? 'unicodeChar' : 'char'
}

function ownName(table: string): string {
  return `${SELF_NAME}.${table}`
}

function layOut(
  table: TapTable['name'],
  options: { readonly extensions: boolean },
  cells: Readonly<Record<string, string | number | null>>,
): TapRow {
  return columnsOf(tapTable(table), options).map((column) => cells[column.name] ?? null)
}
