/** Types of CAST by other names. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  BOOLEAN: ['SMALLINT'],
  BOOL: ['SMALLINT'],
  BYTE: ['SMALLINT'],
  CHARACTER: ['CHAR'],
  CLOB: ['VARCHAR'],
  DATE: ['TIMESTAMP'],
  DATETIME: ['TIMESTAMP'],
  DECIMAL: ['DOUBLE PRECISION'],
  FLOAT: ['REAL', 'DOUBLE PRECISION'],
  FLOAT4: ['REAL'],
  FLOAT8: ['DOUBLE PRECISION'],
  INT: ['INTEGER'],
  INT2: ['SMALLINT'],
  INT4: ['INTEGER'],
  INT8: ['BIGINT'],
  LONG: ['BIGINT'],
  NCHAR: ['CHAR'],
  NUMERIC: ['DOUBLE PRECISION'],
  NVARCHAR: ['VARCHAR'],
  SHORT: ['SMALLINT'],
  SIGNED: ['INTEGER'],
  STRING: ['VARCHAR'],
  TEXT: ['VARCHAR'],
  TIME: ['TIMESTAMP'],
  TINYINT: ['SMALLINT'],
  UNSIGNED: ['BIGINT'],
}

/** What ADQL calls a type of another language; several where it depends on what is wanted. */
export function castTypesFor(name: string): readonly string[] | undefined {
  const upper = name.toUpperCase()
  return Object.hasOwn(TYPES, upper) ? TYPES[upper] : undefined
}

/** The one that holds all values of the others. */
export function castTypeFor(name: string): string | undefined {
  return castTypesFor(name)?.at(-1)
}
