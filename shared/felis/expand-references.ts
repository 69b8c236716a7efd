import { below, type Path } from './location.ts'
import type { Column, ColumnRef, Schema, Table } from './model.ts'
import { nearMiss } from './near-miss.ts'
import { type Reading, report } from './reading.ts'

/** The resources that could be loaded; null: this one could not, and that has been reported. */
export type LoadedResources = ReadonlyMap<string, Schema | null>

/**
 * Appends the columns that `columnRefs` takes over from resources to each table, after its own columns and in document
 * order. What was derived for the source column (arraysize, xtype) stays as it was, whatever is overridden.
 */
export function expandReferences(schema: Schema, resources: LoadedResources, reading: Reading): Schema {
  if (schema.tables.every(({ columnRefs }) => columnRefs.size === 0)) return schema
  return {
    ...schema,
    tables: schema.tables.map((table) =>
      table.columnRefs.size === 0
        ? table
        : { ...table, columns: [...table.columns, ...expandTable(table, resources, reading)] },
    ),
  }
}

function expandTable(table: Table, resources: LoadedResources, reading: Reading): Column[] {
  const refsLoc = below(table.origin.loc, 'columnRefs')
  return [...table.columnRefs].flatMap(([resourceName, tables]) => {
    const loc = below(refsLoc, resourceName)
    const resource = resources.get(resourceName)
    if (resource === undefined) {
      complain(
        reading,
        loc,
        `Schema resource '${resourceName}' was not found in resources`,
        nearMiss(resourceName, resources.keys()),
      )
      return []
    }
    // What a broken resource would have given is unknown.
    if (resource === null) return []
    const number = numberColumns(reading.context.columnRefIndexIncrement)
    return [...tables].flatMap(([tableName, columns]) => {
      const tableLoc = below(loc, tableName)
      const source = resource.tables.find(({ name }) => name === tableName)
      if (source === undefined) {
        const suggestion = nearMiss(
          tableName,
          resource.tables.map(({ name }) => name),
        )
        complain(reading, tableLoc, `Table '${tableName}' not found in resource '${resource.name}'`, suggestion)
        return []
      }
      const byName = new Map(source.columns.map((column) => [column.name, column]))
      return [...columns].flatMap(([localName, ref]) => {
        const columnLoc = below(tableLoc, localName)
        const name = ref?.refName ?? localName
        const column = byName.get(name)
        if (column !== undefined)
          return [number(takeOver(column, localName, ref, table, { file: reading.file, loc: columnLoc }), ref)]
        const hint = ref?.refName == null ? ' and no ref_name provided' : ''
        const message = `Column '${name}' not found in table '${tableName}' from resource '${resourceName}'${hint}`
        complain(reading, columnLoc, message, nearMiss(name, byName.keys()))
        return []
      })
    })
  })
}

function complain(reading: Reading, loc: Path, message: string, suggestion: string | undefined): void {
  reading.idsUnknown = true
  const draft = { loc, path: null, at: 'key', code: 'reference_not_found', message } as const
  report(reading, suggestion === undefined ? draft : { ...draft, suggestion })
}

function takeOver(source: Column, name: string, ref: ColumnRef | null, table: Table, origin: Column['origin']): Column {
  return { ...source, name, ...ref?.overrides, id: `${table.id}.${name}`, origin }
}

/**
 * Gives the referenced columns of one resource their `tap:column_index` in steps. A column with an index among its
 * overrides keeps that, and does not use up a step.
 */
function numberColumns(increment: number | null): (column: Column, ref: ColumnRef | null) => Column {
  let next = increment ?? 0
  return (column, ref) => {
    if (increment === null || (ref?.overrides?.columnIndex ?? null) !== null) return column
    const columnIndex = next
    next += increment
    return { ...column, columnIndex }
  }
}
