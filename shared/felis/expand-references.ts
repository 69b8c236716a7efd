import { warnOfStaleArraysize } from './lint-schema.ts'
import { below, type Path } from './location.ts'
import type { Column, ColumnRef, Schema, Table } from './model.ts'
import { type Reading, report, spendItems } from './reading.ts'

/** The resources that could be loaded; null: this one could not, and that has been reported. */
export type LoadedResources = ReadonlyMap<string, Schema | null>

/**
 * Appends the columns that `columnRefs` takes over from resources to each table, after its own columns and in document
 * order. What was derived for the source column (arraysize, xtype) is kept, also where something is overridden.
 */
export function expandReferences(schema: Schema, resources: LoadedResources, reading: Reading): Schema {
  if (schema.tables.every(({ columnRefs }) => columnRefs.size === 0)) return schema
  const sources: Sources = { resources, byName: new Map() }
  const tables = schema.tables.map((table) =>
    table.columnRefs.size === 0
      ? table
      : { ...table, columns: [...table.columns, ...expandTable(table, sources, reading)] },
  )
  return { ...schema, tables }
}

interface Sources {
  readonly resources: LoadedResources
  /** The tables of a schema and the columns of a table by their names, as far as they were asked for. */
  readonly byName: Map<Schema | Table, ReadonlyMap<string, unknown>>
}

function namesOf<T extends Named>(
  sources: Sources,
  owner: Schema | Table,
  things: readonly T[],
): ReadonlyMap<string, T> {
  const known = sources.byName.get(owner) as ReadonlyMap<string, T> | undefined
  if (known !== undefined) return known
  const names = new Map<string, T>()
  for (const thing of things) if (!names.has(thing.name)) names.set(thing.name, thing)
  sources.byName.set(owner, names)
  return names
}

interface Named {
  readonly name: string
}

/** The ids that are made here repeat that of the table; a very long one counts for more than one thing. */
const CHARACTERS_OF_ITEM = 200

function expandTable(table: Table, sources: Sources, reading: Reading): Column[] {
  const refsLoc = below(table.origin.loc, 'columnRefs')
  return [...table.columnRefs].flatMap(([resourceName, tables]) => {
    const loc = below(refsLoc, resourceName)
    const resource = sources.resources.get(resourceName)
    if (resource === undefined) {
      const message = `Schema resource '${resourceName}' was not found in resources`
      complain(reading, loc, message, resourceName, sources.resources)
      return []
    }
    // What a broken resource would have given is unknown.
    if (resource === null) return []
    const number = numberColumns(reading.context.columnRefIndexIncrement)
    const tablesByName = namesOf(sources, resource, resource.tables)
    return [...tables].flatMap(([tableName, columns]) => {
      const tableLoc = below(loc, tableName)
      const source = tablesByName.get(tableName)
      if (source === undefined) {
        const message = `Table '${tableName}' not found in resource '${resource.name}'`
        complain(reading, tableLoc, message, tableName, tablesByName)
        return []
      }
      if (!spendItems(reading, Math.ceil((table.id.length * columns.size) / CHARACTERS_OF_ITEM), tableLoc)) return []
      const columnsByName = namesOf(sources, source, source.columns)
      return [...columns].flatMap(([localName, ref]) => {
        const columnLoc = below(tableLoc, localName)
        const name = ref?.refName ?? localName
        const column = columnsByName.get(name)
        if (column !== undefined) {
          const taken = takeOver(column, localName, ref, table, { file: reading.file, loc: columnLoc })
          if (taken.datatype !== column.datatype || taken.length !== column.length)
            warnOfStaleArraysize(column, taken, reading)
          return [number(taken, ref)]
        }
        const hint = ref?.refName == null ? ' and no ref_name provided' : ''
        const message = `Column '${name}' not found in table '${tableName}' from resource '${resourceName}'${hint}`
        complain(reading, columnLoc, message, name, columnsByName)
        return []
      })
    })
  })
}

function complain(
  reading: Reading,
  loc: Path,
  message: string,
  word: string,
  candidates: ReadonlyMap<string, unknown>,
): void {
  reading.idsUnknown = true
  const notReportedByFelis = reading.errors > 0
  const nearMiss = { word, candidates: () => candidates.keys() }
  report(reading, { loc, path: null, at: 'key', code: 'reference_not_found', message, nearMiss, notReportedByFelis })
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
