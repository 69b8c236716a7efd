import type { TableMetadata } from '../../../shared/adql/metadata.ts'
import { type ColumnRow, type TableRow, tablesFromRows } from '../../../shared/adql/tables-from-rows.ts'
import { DEPLOYED } from '../../../shared/tap-schema/options.ts'
import { prepareRows } from '../../../shared/tap-schema/prepare-rows.ts'
import { columnsOf, type TapSchemaRows, type TapTableName, tapTable } from '../../../shared/tap-schema/tables.ts'
import { readRelease } from '../release/read-release.ts'

/** The tables of some schemas of a release, as TAP_SCHEMA would describe them once it is live. */
export async function readReleaseTables(path: string, schemas: readonly string[]): Promise<TableMetadata[]> {
  const release = await readRelease('main', path)
  const { rows } = prepareRows('main', { schemas, files: release.files, options: DEPLOYED })
  return tablesFromRows(objectsOf<TableRow>(rows, 'tables'), objectsOf<ColumnRow>(rows, 'columns'))
}

/** Rows by the names of their columns. */
function objectsOf<T>(rows: TapSchemaRows, name: TapTableName): T[] {
  const names = columnsOf(tapTable(name), DEPLOYED).map((column) => column.name)
  return rows[name].map((row) => Object.fromEntries(names.map((column, index) => [column, row[index] ?? null])) as T)
}
