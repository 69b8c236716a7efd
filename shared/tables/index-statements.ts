import { createHash } from 'node:crypto'
import type { GeometryStrategy } from '../adql/postgresql.ts'
import type { Index, Table } from '../felis/model.ts'
import { quote } from '../tap-schema/slots.ts'
import { spell } from './lookup.ts'
import { positionIndexes } from './position-indexes.ts'
import { columnList, NAME_BYTES } from './sql.ts'
import { columnNames, type TableContext, tableSql } from './table-context.ts'

/** The indexes that the schema names for a table. */
export function indexStatements(table: Table, context: TableContext): readonly string[] {
  return table.indexes.map((index) =>
    createIndex(spell(index.name, context.names), table, indexedParts(index, context), context),
  )
}

/** What comes behind `on TABLE`. */
export function indexedParts({ columns, expressions }: Index, context: TableContext): string {
  if (columns !== null) return columnList(columnNames(columns, context))
  return `(${(expressions ?? []).map((expression) => `(${expression})`).join(', ')})`
}

/** An index for each position of a table, as the geometry in use looks for it; one that the schema has is not made twice. */
export function positionStatements(table: Table, geometry: GeometryStrategy, context: TableContext): readonly string[] {
  return findPositionIndexes(table, geometry, context).map(({ name, using }) =>
    createIndex(name, table, `using ${using}`, context),
  )
}

/** The names of these indexes. */
export function positionIndexNames(table: Table, geometry: GeometryStrategy, context: TableContext): readonly string[] {
  return findPositionIndexes(table, geometry, context).map(({ name }) => name)
}

interface NamedIndex {
  readonly name: string
  readonly using: string
}

function findPositionIndexes(table: Table, geometry: GeometryStrategy, context: TableContext): readonly NamedIndex[] {
  const known = new Set(table.indexes.map((index) => `btree ${indexedParts(index, context)}`))
  return positionIndexes(context.schema, table, geometry, context.names)
    .filter(({ using }) => !known.has(using))
    .map(({ longitude, latitude, using }) => {
      return { name: shorten(`${spell(table.name, context.names)}_${longitude}_${latitude}_position`), using }
    })
}

function createIndex(name: string, table: Table, parts: string, context: TableContext): string {
  const create = context.ifNotExists ? 'create index if not exists' : 'create index'
  return `${create} ${quote(name)} on ${tableSql(table, context)} ${parts}`
}

/** A name that PostgreSQL does not cut, and that is another one for each name. */
function shorten(name: string): string {
  if (Buffer.byteLength(name) <= NAME_BYTES) return name
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8)
  let start = name.slice(0, NAME_BYTES - digest.length - 1)
  while (Buffer.byteLength(start) > NAME_BYTES - digest.length - 1) start = start.slice(0, -1)
  return `${start}_${digest}`
}
