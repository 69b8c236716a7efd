import type { ResolvedColumn, ResolvedExpression } from '../resolved.ts'
import type { Datatype, ValueType } from '../value-type.ts'

/** PostgreSQL's types of single values; a complex number is two. */
const SQL_TYPES: Readonly<Record<Datatype, string>> = {
  boolean: 'boolean',
  bit: 'bit varying',
  unsignedByte: 'smallint',
  short: 'smallint',
  int: 'integer',
  long: 'bigint',
  float: 'real',
  double: 'float8',
  char: 'text',
  unicodeChar: 'text',
  floatComplex: 'real[]',
  doubleComplex: 'float8[]',
}

/** Shapes that are published as text: regions, and others in TAP_SCHEMAs that declare them so. */
export function isShapeText({ kind, datatype }: ValueType): boolean {
  const isText = datatype === 'char' || datatype === 'unicodeChar'
  return isText && (kind === 'point' || kind === 'circle' || kind === 'polygon' || kind === 'region')
}

/** The type in which a value is worked with. */
export function sqlType(type: ValueType): string {
  if (isShapeText(type)) return 'text'
  const { kind, datatype } = type
  switch (kind) {
    case 'timestamp':
      return 'timestamp'
    case 'point':
    case 'circle':
    case 'polygon':
      return datatype === 'float' ? 'real[]' : 'float8[]'
    case 'array':
      return ARRAY_TYPES[datatype] ?? `${SQL_TYPES[datatype]}[]`
    default:
      return SQL_TYPES[datatype]
  }
}

/** Arrays that are no arrays in PostgreSQL, or arrays of numbers still. */
const ARRAY_TYPES: Readonly<Partial<Record<Datatype, string>>> = {
  bit: 'bit varying',
  unsignedByte: 'bytea',
  char: 'text',
  unicodeChar: 'text',
  floatComplex: 'real[]',
  doubleComplex: 'float8[]',
}

/** Whether a value comes from a column as tables of a catalogue have it; uploads and subqueries have those of results. */
export function isStored(expression: ResolvedExpression): expression is ResolvedColumn {
  if (expression.kind !== 'column') return false
  const { of } = expression.source
  return of.kind === 'table' && of.table.upload !== true
}

/** CHAR(n): PostgreSQL pads it with blanks, which belong to no value. */
export function isPadded({ kind, arraysize }: ValueType): boolean {
  return kind === 'text' && arraysize !== undefined && /^\d+$/.test(arraysize)
}
