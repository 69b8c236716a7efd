import type { ColumnRow, TableRow } from '../../../shared/adql/tables-from-rows.ts'

export interface Rows {
  readonly tables: readonly TableRow[]
  readonly columns: readonly ColumnRow[]
}
