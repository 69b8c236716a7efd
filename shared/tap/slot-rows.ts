import type pg from 'pg'
import type { SlotTables } from '../tap-schema/slot-tables.ts'
import type { TapTableName } from '../tap-schema/tables.ts'

/** A row of TAP_SCHEMA.schemas (TAP 1.1 §4.1). */
export interface SchemaRow {
  readonly schema_name: string
  readonly utype: string | null
  readonly description: string | null
  readonly schema_index: number | null
}

/** A row of TAP_SCHEMA.tables (TAP 1.1 §4.2). */
export interface TableRow {
  readonly schema_name: string
  readonly table_name: string
  readonly table_type: string
  readonly utype: string | null
  readonly description: string | null
  readonly table_index: number | null
}

/** A row of TAP_SCHEMA.columns (TAP 1.1 §4.3). */
export interface ColumnRow {
  readonly table_name: string
  readonly column_name: string
  readonly datatype: string
  readonly arraysize: string | null
  readonly xtype: string | null
  readonly size: number | null
  readonly description: string | null
  readonly utype: string | null
  readonly unit: string | null
  readonly ucd: string | null
  readonly indexed: number
  readonly principal: number
  readonly std: number
  readonly column_index: number | null
}

/** A row of TAP_SCHEMA.keys with those of its columns (TAP 1.1 §4.4, §4.5). */
export interface KeyRow {
  readonly key_id: string
  readonly from_table: string
  readonly target_table: string
  readonly description: string | null
  readonly utype: string | null
  readonly columns: readonly { readonly from_column: string; readonly target_column: string }[]
}

/** What the five tables of a slot say, each in the order of its index. */
export interface SlotRows {
  readonly schemas: readonly SchemaRow[]
  readonly tables: readonly TableRow[]
  readonly columns: readonly ColumnRow[]
  readonly keys: readonly KeyRow[]
}

/**
 * Reads the five tables of the live slot, of any tool: columns that another tool left out are null.
 *
 * @param found the tables as `findTables` has them
 */
export async function readSlotRows(client: pg.ClientBase, found: SlotTables): Promise<SlotRows> {
  const read = async <Row extends object>(table: TapTableName, columns: readonly string[]) => {
    const { from, value } = found[table]
    const list = columns.map((column) => `${value(column)} as "${column}"`).join(', ')
    return (await client.query<Row>(`select ${list} from ${from}`)).rows
  }
  // As they were loaded, so that what has no index keeps the order of its file.
  await client.query('set local synchronize_seqscans = off')
  const schemas = await read<SchemaRow>('schemas', SCHEMA_COLUMNS)
  const tables = await read<TableRow>('tables', TABLE_COLUMNS)
  const columns = await read<ColumnRow>('columns', COLUMN_COLUMNS)
  const keys = await read<Omit<KeyRow, 'columns'>>('keys', KEY_COLUMNS)
  const pairs = await read<KeyPair>('key_columns', PAIR_COLUMNS)
  const byKey = Map.groupBy(pairs, ({ key_id }) => key_id)
  return {
    schemas: inOrder(schemas, ({ schema_index }) => schema_index),
    tables: inOrder(tables, ({ table_index }) => table_index),
    columns: inOrder(columns, ({ column_index }) => column_index).map((row) => ({
      ...row,
      indexed: row.indexed ?? 0,
      principal: row.principal ?? 0,
      std: row.std ?? 0,
    })),
    keys: keys.map((key) => ({
      ...key,
      columns: (byKey.get(key.key_id) ?? []).map(({ from_column, target_column }) => ({ from_column, target_column })),
    })),
  }
}

/** Rows by their index, those without one behind; else as they are. */
function inOrder<Row>(rows: readonly Row[], indexOf: (row: Row) => number | null): readonly Row[] {
  const rank = (row: Row) => indexOf(row) ?? Number.POSITIVE_INFINITY
  return rows.toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)))
}

interface KeyPair {
  readonly key_id: string
  readonly from_column: string
  readonly target_column: string
}

const SCHEMA_COLUMNS = ['schema_name', 'utype', 'description', 'schema_index']
const TABLE_COLUMNS = ['schema_name', 'table_name', 'table_type', 'utype', 'description', 'table_index']
const COLUMN_COLUMNS = [
  'table_name',
  'column_name',
  'datatype',
  'arraysize',
  'xtype',
  'size',
  'description',
  'utype',
  'unit',
  'ucd',
  'indexed',
  'principal',
  'std',
  'column_index',
]
const KEY_COLUMNS = ['key_id', 'from_table', 'target_table', 'description', 'utype']
const PAIR_COLUMNS = ['key_id', 'from_column', 'target_column']
