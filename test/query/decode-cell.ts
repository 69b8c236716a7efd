import type { Field } from '../../shared/votable/field.ts'

/** The value of a cell of binary COPY, as `pg` would give it: numbers, texts, booleans, arrays of these; long as text. */
export function decodeCell(cell: Buffer | null, { datatype, arraysize }: Field): unknown {
  if (cell === null) return null
  const isText = datatype === 'char' || datatype === 'unicodeChar'
  if (isText || arraysize === undefined || arraysize === '1') return DECODERS[datatype]?.(cell)
  return decodeArray(cell, (element) => DECODERS[datatype]?.(element))
}

const DECODERS: Readonly<Partial<Record<Field['datatype'], (cell: Buffer) => unknown>>> = {
  boolean: (cell) => cell[0] === 1,
  unsignedByte: (cell) => cell.readInt16BE(),
  short: (cell) => cell.readInt16BE(),
  int: (cell) => cell.readInt32BE(),
  long: (cell) => String(cell.readBigInt64BE()),
  float: (cell) => shortest(cell.readFloatBE()),
  double: (cell) => cell.readDoubleBE(),
  char: (cell) => cell.toString(),
  unicodeChar: (cell) => cell.toString(),
}

/** The number with the fewest digits that is this one in single precision. */
function shortest(value: number): number {
  const candidates = Array.from({ length: 9 }, (_, digits) => Number(value.toPrecision(digits + 1)))
  return candidates.find((candidate) => Math.fround(candidate) === value) ?? value
}

/** An array of one dimension: dimensions, flags, type; length and lower bound; elements with their lengths. */
function decodeArray(cell: Buffer, decode: (element: Buffer) => unknown): unknown[] {
  const dimensions = cell.readInt32BE(0)
  if (dimensions === 0) return []
  if (dimensions !== 1) throw new Error(`an array of ${dimensions} dimensions`)
  const count = cell.readInt32BE(12)
  const values: unknown[] = []
  for (let at = 20; values.length < count; ) {
    const length = cell.readInt32BE(at)
    at += 4
    values.push(length < 0 ? null : decode(cell.subarray(at, at + length)))
    if (length > 0) at += length
  }
  return values
}
