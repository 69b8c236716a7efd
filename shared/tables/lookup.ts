import type { Column, Schema, Table } from '../felis/model.ts'

/** How names of a schema are spelt in the database. */
export type NameCase = 'exact' | 'lower'

export function spell(name: string, names: NameCase): string {
  return names === 'lower' ? name.toLowerCase() : name
}

export interface Owned {
  readonly table: Table
  readonly column: Column
}

/** The columns of a schema by id. */
export function columnsById(schema: Schema): ReadonlyMap<string, Owned> {
  const found = new Map<string, Owned>()
  for (const table of schema.tables) {
    for (const column of table.columns) if (!found.has(column.id)) found.set(column.id, { table, column })
  }
  return found
}

/** The columns that the primary key names, in its order. */
export function primaryKeyIds({ primaryKey }: Table): readonly string[] {
  if (primaryKey === null) return []
  return typeof primaryKey === 'string' ? [primaryKey] : primaryKey
}
