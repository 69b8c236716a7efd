import { type Datatype, type Field, parseArraysize } from '../field.ts'
import { ResultFailure } from '../result-failure.ts'

// What PostgreSQL sends for a column (DESIGN §8.4). Numbers, because the loop over the cells switches on them.
export const BOOLEAN = 0
/** A smallint of 0 to 255. */
export const UNSIGNED_BYTE = 1
export const SHORT = 2
export const INT = 3
export const LONG = 4
export const FLOAT = 5
export const DOUBLE = 6
export const TEXT = 7
/** A bytea. */
export const BYTES = 8
/** A bit string. */
export const BITS = 9
/** An array of one of the first seven, but for bytes; a complex number is two numbers. */
export const ARRAY = 10

/** A column as the loop over the cells needs it. */
export interface ColumnPlan {
  readonly field: Field
  readonly cell: number
  /** The kind of the elements of an array. */
  readonly element: number
  /** How many elements of PostgreSQL's make one of VOTable's: two where numbers are complex. */
  readonly parts: number
  /** The number of VOTable's elements of every cell; null where it differs. */
  readonly count: number | null
  /** A number of elements that differs is a multiple of this. */
  readonly multiple: number
}

const SCALARS: Readonly<Record<Datatype, number>> = {
  boolean: BOOLEAN,
  bit: BITS,
  unsignedByte: UNSIGNED_BYTE,
  short: SHORT,
  int: INT,
  long: LONG,
  char: TEXT,
  unicodeChar: TEXT,
  float: FLOAT,
  double: DOUBLE,
  floatComplex: FLOAT,
  doubleComplex: DOUBLE,
}

/** Bytes of PostgreSQL's binary form, by the kinds BOOLEAN to DOUBLE. */
export const SENT_BYTES: readonly number[] = [1, 2, 2, 4, 8, 4, 8]

/** The integer that stands for NULL inside arrays: VOTable has flags for whole cells alone (VOTable 1.4 §4.7). */
export const NULL_ELEMENTS: Readonly<Partial<Record<Datatype, string>>> = {
  short: '-32768',
  int: '-2147483648',
  long: '-9223372036854775808',
}

export function planColumn(field: Field): ColumnPlan {
  const shape = parseArraysize(field.arraysize)
  if (shape === null) {
    throw new ResultFailure(`column ${field.name} has the arraysize ${JSON.stringify(field.arraysize)}`)
  }
  const element = SCALARS[field.datatype]
  const parts = field.datatype.endsWith('Complex') ? 2 : 1
  const isArray = parts === 2 || (field.arraysize !== undefined && field.arraysize !== '1')
  return { field, cell: isArray ? arrayOf(element) : element, element, parts, ...shape }
}

function arrayOf(element: number): number {
  if (element === UNSIGNED_BYTE) return BYTES
  return element === TEXT || element === BITS ? element : ARRAY
}

/** The bytes of a cell are not those of the column's type. */
export function wrongLength({ field }: ColumnPlan, length: number): ResultFailure {
  return new ResultFailure(
    `PostgreSQL sent ${length} bytes for column ${field.name}, which do not make ${describeType(field)}`,
  )
}

/** The cell has another number of elements than the column's arraysize. */
export function wrongCount({ field }: ColumnPlan, count: number): ResultFailure {
  return new ResultFailure(
    `column ${field.name} has a value of ${count} elements, which do not make ${describeType(field)}`,
  )
}

export function describeType({ datatype, arraysize }: Field): string {
  return arraysize === undefined ? datatype : `${datatype}[${arraysize}]`
}

export function fitsShape({ count, multiple }: ColumnPlan, found: number): boolean {
  return count === null ? found % multiple === 0 : found === count
}

/** The value of a smallint that stands for a byte without a sign. */
export function toUnsignedByte(value: number, { field }: ColumnPlan): number {
  if (value < 0 || value > 255) {
    throw new ResultFailure(`column ${field.name} has the value ${value}, which is not an unsignedByte`)
  }
  return value
}

/** The number of bits of a bit string, which PostgreSQL sends before them. */
export function countBits(column: ColumnPlan, view: DataView, position: number, length: number): number {
  const count = length < 4 ? -1 : view.getInt32(position)
  if (count < 0 || length !== 4 + Math.ceil(count / 8)) throw wrongLength(column, length)
  if (!fitsShape(column, count)) throw wrongCount(column, count)
  return count
}
