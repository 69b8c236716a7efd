import type { Column } from '../felis/model.ts'

const sized = (type: string, length: number | null) => (length === null ? type : `${type}(${length})`)

/** Felis's datatypes in PostgreSQL, as Felis's own `create` makes them; its float has 64 bits there. */
const TYPES: Readonly<Record<Column['datatype'], (column: Column) => string>> = {
  boolean: () => 'boolean',
  byte: () => 'smallint',
  short: () => 'smallint',
  int: () => 'integer',
  long: () => 'bigint',
  float: () => 'double precision',
  double: () => 'double precision',
  char: ({ length }) => sized('char', length),
  string: ({ length }) => sized('varchar', length),
  unicode: ({ length }) => sized('varchar', length),
  text: () => 'text',
  binary: () => 'bytea',
  timestamp: ({ precision }) => sized('timestamp', precision),
}

/** Words, a dotted name, arguments in parentheses, brackets of arrays: a type, and nothing that could end a statement. */
const TYPE = /^[a-z_]\w*(?:[ .][a-z_]\w*)*(?: ?\( ?-?\w+(?: ?, ?-?\w+)* ?\))?(?: [a-z_]\w*)*(?: ?\[\d*\])*$/i

/**
 * The type of a column; `postgresql:datatype` comes first, as it is written: also types of extensions (`spoint`) and
 * arrays (`real[]`).
 *
 * @returns null when `postgresql:datatype` is not a type
 */
export function columnType(column: Column): string | null {
  const override = column.postgresqlDatatype?.replace(/\s+/g, ' ').trim() ?? ''
  if (override === '') return TYPES[column.datatype](column)
  if (!TYPE.test(override)) return null
  // SQLAlchemy's name of it.
  return override.replace(/^double_precision\b/i, 'double precision')
}

const SERIALS: Readonly<Partial<Record<string, string>>> = {
  smallint: 'smallserial',
  integer: 'serial',
  bigint: 'bigserial',
}

/** Numbers by themselves: the same type with a sequence; null for a type that has none. */
export function serialType(type: string): string | null {
  return SERIALS[type.toLowerCase()] ?? null
}
