import { readSchema } from '../fields/schema.ts'
import { readIndex } from '../fields/table-index.ts'
import type { Schema, Table } from '../model.ts'
import { type ObjectShape, type Shape, shapeOf } from '../shape.ts'
import { ownColumns } from './own-columns.ts'
import { stripIds } from './strip-ids.ts'
import type { SchemaMap, SchemaScalar, SchemaValue } from './write-scalar.ts'

export interface DumpOptions {
  /** Referenced columns become columns of their own, and there are no resources any more. */
  readonly dereference: boolean
  /** No `@id`s but those that names cannot give; what refers to them follows. */
  readonly stripIds: boolean
  /** Columns in the order of their `tap:column_index`, those without one at the end. */
  readonly sortColumns: boolean
}

/**
 * A schema as one would write it: everything that is not the default of its field, with what was worked out (ids,
 * arraysize, xtype) written down. Loading it gives the same schema.
 *
 * The one exception are dereferenced columns whose overrides made of them what Felis would not take in a file: another
 * sized datatype without a length, a principal beyond 1, a new datatype with the arraysize of none.
 */
export function dumpSchema(schema: Schema, options: DumpOptions): SchemaMap {
  const written = options.stripIds ? stripIds(schema) : schema
  const tables = written.tables.map((table) => arrangeTable(table, options))
  const resources = options.dereference ? new Map() : written.resources
  return writeObject(SCHEMA, { ...written, resources, tables }, options)
}

const SCHEMA = objectShape(shapeOf(readSchema))
const INDEX = objectShape(shapeOf(readIndex))

function objectShape(shape: Shape): ObjectShape {
  if (shape.kind !== 'object') throw new TypeError('a schema is an object')
  return shape
}

function arrangeTable(table: Table, { dereference, sortColumns }: DumpOptions): Table {
  const columns = dereference ? [...table.columns] : [...ownColumns(table)]
  const last = Number.POSITIVE_INFINITY
  if (sortColumns) columns.sort((a, b) => (a.columnIndex ?? last) - (b.columnIndex ?? last) || 0)
  return { ...table, columns, columnRefs: dereference ? new Map() : table.columnRefs }
}

function writeObject(shape: ObjectShape, object: object, options: DumpOptions): SchemaMap {
  const values = object as Readonly<Record<string, unknown>>
  const written = new Map<string, SchemaValue>()
  for (const [property, { name, alias, initial, read }] of Object.entries(shape.fields)) {
    const value = property === 'type' ? values.kind : values[property]
    const isStripped = property === 'id' && value === '' && options.stripIds
    if (isInitial(value, initial) || isStripped) continue
    written.set(alias ?? name, writeValue(shapeOf(read), value, options))
  }
  // An index must have one of the two keys, even with nothing under it.
  if (shape === INDEX && !written.has('columns') && !written.has('expressions')) written.set('columns', null)
  return written
}

function isInitial(value: unknown, initial: unknown): boolean {
  return value === initial || (isEmpty(value) && isEmpty(initial))
}

function isEmpty(value: unknown): boolean {
  return (Array.isArray(value) && value.length === 0) || (value instanceof Map && value.size === 0)
}

/** The model has what the shape says, because the reader of the shape made it. */
function writeValue(shape: Shape, value: unknown, options: DumpOptions): SchemaValue {
  if (value === null) return null
  switch (shape.kind) {
    case 'nullable':
      return writeValue(shape.of, value, options)
    case 'either':
      return writeValue(choose(shape.of, value), value, options)
    case 'list':
      return (value as readonly unknown[]).map((item) => writeValue(shape.of, item, options))
    case 'mapping':
      return new Map(
        [...(value as ReadonlyMap<string, unknown>)].map(([key, item]) => [key, writeValue(shape.of, item, options)]),
      )
    case 'object':
      return writeObject(shape, value as object, options)
    case 'tagged':
      return writeObject(kindOf(shape.kinds, value as { readonly kind: string }), value as object, options)
    default:
      return value as SchemaScalar
  }
}

function choose(shapes: readonly Shape[], value: unknown): Shape {
  const wanted = typeof value === 'string' ? 'text' : Array.isArray(value) ? 'list' : 'object'
  return shapes.find(({ kind }) => kind === wanted) ?? { kind: 'scalar' }
}

function kindOf(kinds: Readonly<Record<string, Shape>>, { kind }: { readonly kind: string }): ObjectShape {
  return objectShape(kinds[kind] ?? { kind: 'scalar' })
}
