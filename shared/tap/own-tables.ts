import { describeItself, SELF_NAME } from '../tap-schema/self-description.ts'
import { columnsOf, type TapRow, type TapTableName, tapTable } from '../tap-schema/tables.ts'
import type { ColumnRow, KeyRow, SchemaRow, SlotRows, TableRow } from './slot-rows.ts'

/** `tap_schema`, in any case: what a schema or table is called that TAP_SCHEMA has of its own. */
export function isOwnName(name: string): boolean {
  const lower = name.toLowerCase()
  return lower === SELF_NAME || lower.startsWith(`${SELF_NAME}.`)
}

/**
 * The rows with those that describe TAP_SCHEMA itself (TAP 1.1 §4), where the slot has none: another tool may have left
 * them out, and queries may read its tables all the same.
 */
export function withOwnRows(rows: SlotRows): SlotRows {
  if (rows.tables.some(({ table_name }) => isOwnName(table_name))) return rows
  const own = describeItself({ extensions: false })
  const read = <Row>(table: TapTableName) => own[table].map((row) => named<Row>(table, row))
  const pairs = read<{ key_id: string; from_column: string; target_column: string }>('key_columns')
  const keys = read<Omit<KeyRow, 'columns'>>('keys').map((key): KeyRow => {
    return { ...key, columns: pairs.filter(({ key_id }) => key_id === key.key_id) }
  })
  const hasSchema = rows.schemas.some(({ schema_name }) => isOwnName(schema_name))
  return {
    schemas: hasSchema ? rows.schemas : [...rows.schemas, ...read<SchemaRow>('schemas')],
    tables: [...rows.tables, ...read<TableRow>('tables')],
    columns: [...rows.columns, ...read<ColumnRow>('columns')],
    keys: [...rows.keys, ...keys],
  }
}

function named<Row>(table: TapTableName, row: TapRow): Row {
  const columns = columnsOf(tapTable(table), { extensions: false })
  return Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null])) as Row
}
