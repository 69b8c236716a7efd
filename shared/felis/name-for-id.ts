import type { Table } from './model.ts'

/**
 * The id of the one column that is written by its name, or by the names of table and column, where an id belongs.
 * undefined: there is no such column, or several.
 */
export function idOfNamedColumn(written: string, tables: Iterable<Table>): string | undefined {
  let found: string | undefined
  for (const table of tables) {
    for (const { name, id } of table.columns) {
      if (id === found || (written !== name && written !== `${table.name}.${name}`)) continue
      if (found !== undefined) return undefined
      found = id
    }
  }
  return found
}
