import type { Column, ColumnGroup, Constraint, FelisObject, Index, Schema, Table } from '../model.ts'
import { ownColumns } from './own-columns.ts'

/**
 * Takes the `@id`s off a schema (they become empty) and lets everything refer to the ids that will be made from the
 * names instead. Where two things would get one id, both keep theirs; if that does not help, all do.
 */
export function stripIds(schema: Schema): Schema {
  const ids = proposeIds(schema)
  const made = new Set(ids.values())
  if (made.size < ids.size) return schema
  // The first of several things with one id is the one that is meant by it; a valid schema has no such things.
  const renamed = new Map<string, string>()
  for (const [thing, id] of ids) if (!renamed.has(thing.id)) renamed.set(thing.id, id)
  // What refers to nothing must not begin to refer to something.
  if (referredIds(schema).some((id) => !renamed.has(id) && made.has(id))) return schema
  const isMade = (thing: FelisObject, id: string): boolean => ids.get(thing) === id
  const refer = (id: string): string => renamed.get(id) ?? id
  const tables = schema.tables.map((table): Table => {
    const own = new Set(ownColumns(table))
    return {
      ...table,
      id: isMade(table, madeId(table)) ? '' : table.id,
      primaryKey:
        typeof table.primaryKey === 'string' ? refer(table.primaryKey) : (table.primaryKey?.map(refer) ?? null),
      columns: table.columns.map((column) =>
        own.has(column) && !isMade(column, madeId(column, table)) ? column : { ...column, id: '' },
      ),
      columnGroups: table.columnGroups.map((group) => stripGroup(group, refer)),
      constraints: table.constraints.map((constraint) => ({
        ...stripConstraint(constraint, refer),
        id: isMade(constraint, madeId(constraint)) ? '' : constraint.id,
      })),
      indexes: table.indexes.map((index) => stripIndex(index, refer)),
    }
  })
  return { ...schema, id: isMade(schema, madeId(schema)) ? '' : schema.id, tables }
}

/** What may name a column that is not there: Felis lets it through. */
function referredIds({ tables }: Schema): readonly string[] {
  return tables.flatMap(({ primaryKey, indexes }) => [
    ...(typeof primaryKey === 'string' ? [primaryKey] : (primaryKey ?? [])),
    ...indexes.flatMap(({ columns }) => columns ?? []),
  ])
}

/** As `generateIds` makes them. */
function madeId({ name }: FelisObject, table?: Table): string {
  return table === undefined ? `#${name}` : `#${table.name}.${name}`
}

/** The id that everything which can be referred to will have. */
function proposeIds(schema: Schema): ReadonlyMap<FelisObject, string> {
  const made = new Map<FelisObject, string>([[schema, madeId(schema)]])
  for (const table of schema.tables) {
    made.set(table, madeId(table))
    for (const column of table.columns) made.set(column, madeId(column, table))
    for (const constraint of table.constraints) made.set(constraint, madeId(constraint))
  }
  const takers = Map.groupBy(made.keys(), (thing) => made.get(thing))
  const ids = new Map([...made].map(([thing, id]) => [thing, takers.get(id)?.length === 1 ? id : thing.id]))
  // The id of a referenced column is made from that of its table, even if that is removed.
  for (const table of schema.tables) {
    const references = table.columns.slice(ownColumns(table).length)
    for (const column of references) ids.set(column, `${ids.get(table) ?? table.id}.${column.name}`)
  }
  return ids
}

function stripGroup(group: ColumnGroup, refer: (id: string) => string): ColumnGroup {
  const columns = group.columns.map((member): string | Column => (typeof member === 'string' ? refer(member) : member))
  return { ...group, id: '', columns }
}

function stripConstraint(constraint: Constraint, refer: (id: string) => string): Constraint {
  if (constraint.kind === 'Check') return constraint
  const columns = constraint.columns.map(refer)
  if (constraint.kind === 'Unique') return { ...constraint, columns }
  return { ...constraint, columns, referencedColumns: constraint.referencedColumns.map(refer) }
}

function stripIndex(index: Index, refer: (id: string) => string): Index {
  return { ...index, id: '', columns: index.columns?.map(refer) ?? null }
}
