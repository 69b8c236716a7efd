import type { Schema } from '../../felis/model.ts'

/** The columns of a release, as datalink metadata names them. */
export interface PublishedColumns {
  /** `dp2.Object` → the names of its columns. */
  readonly tables: ReadonlyMap<string, ReadonlySet<string>>
  /** `dp2_Object_objectId` → the columns that this can be, `dp2.Object.objectId`. */
  readonly flat: ReadonlyMap<string, readonly string[]>
}

export function listPublishedColumns(schemas: readonly Schema[]): PublishedColumns {
  const tables = new Map<string, Set<string>>()
  const flat = new Map<string, string[]>()
  for (const schema of schemas) {
    for (const table of schema.tables) {
      const fullName = `${schema.name}.${table.name}`
      const columns = tables.get(fullName) ?? new Set()
      tables.set(fullName, columns)
      for (const { name } of table.columns) {
        if (columns.has(name)) continue
        columns.add(name)
        const key = flatName(`${fullName}.${name}`)
        flat.set(key, [...(flat.get(key) ?? []), `${fullName}.${name}`])
      }
    }
  }
  return { tables, flat }
}

/** TAP servers compare names in which dots are underscores. */
function flatName(column: string): string {
  return column.replaceAll('.', '_')
}
