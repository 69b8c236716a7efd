import { compareCodePoints } from '../../shared/code-points.ts'
import type { LoaderOptions } from '../../shared/tap-schema/options.ts'
import {
  columnsOf,
  TAP_TABLES,
  type TapRow,
  type TapSchemaRows,
  type TapTable,
  type TapTableName,
} from '../../shared/tap-schema/tables.ts'

export interface TableRows {
  readonly columns: readonly string[]
  readonly rows: readonly TapRow[]
}

export type SortedRows = Readonly<Record<TapTableName, TableRows>>

/** The rows under the names of their columns, each table by its primary key (key_columns, which has none, by all). */
export function sortRows(rows: TapSchemaRows, options: LoaderOptions): SortedRows {
  const tables = TAP_TABLES.map((table) => {
    const columns = columnsOf(table, options).map((column) => column.name)
    return [table.name, { columns, rows: sortTable(table, columns, rows[table.name]) }]
  })
  return Object.fromEntries(tables)
}

function sortTable(table: TapTable, columns: readonly string[], rows: readonly TapRow[]): readonly TapRow[] {
  const key = table.primaryKey.length > 0 ? table.primaryKey : columns
  const positions = key.map((name) => columns.indexOf(name))
  return rows.toSorted((a, b) => {
    for (const position of positions) {
      const order = compareCodePoints(String(a[position] ?? ''), String(b[position] ?? ''))
      if (order !== 0) return order
    }
    return 0
  })
}
