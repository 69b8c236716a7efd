import type { Datatype } from '../field.ts'

/** How a text or bytes of VOTable became a value. */
export const VALUE = 0
export const NULL = 1
export const WRONG = 2
export type Outcome = typeof VALUE | typeof NULL | typeof WRONG

/** Numbers and booleans: how they are read, and what PostgreSQL's binary COPY has in their place. */
export interface Element {
  readonly sqlType: string
  /** PostgreSQL's object identifier of the type. */
  readonly typeId: number
  /** Bytes of a value in COPY. */
  readonly bytes: number
  /** Bytes of a value in BINARY and BINARY2 (VOTable 1.4 §2.1). */
  readonly wireBytes: number
  /** What is expected, in words, with an example. */
  readonly expected: string
  /** Reads a text without blanks around it, which is not empty, and puts its value at an offset. */
  parse(text: string, to: DataView, at: number): Outcome
  /** Puts a value there that begins at an offset of BINARY. */
  copy(from: DataView, start: number, to: DataView, at: number): Outcome
}

const INTEGER = /^[+-]?(?:[0-9]+|0[xX][0-9a-fA-F]+)$/

function integer(sqlType: string, typeId: number, wireBytes: 1 | 2 | 4): Element {
  const bytes = wireBytes === 4 ? 4 : 2
  const [min, max] = wireBytes === 1 ? [0, 255] : [-(2 ** (8 * wireBytes - 1)), 2 ** (8 * wireBytes - 1) - 1]
  const put = bytes === 4 ? 'setInt32' : 'setInt16'
  const get = wireBytes === 4 ? 'getInt32' : wireBytes === 2 ? 'getInt16' : 'getUint8'
  return {
    ...{ sqlType, typeId, bytes, wireBytes, expected: `an integer from ${min} to ${max}` },
    parse(text, to, at) {
      const value = INTEGER.test(text) ? toInteger(text) : Number.NaN
      if (!(value >= min && value <= max)) return WRONG
      to[put](at, value)
      return VALUE
    },
    copy(from, start, to, at) {
      to[put](at, from[get](start))
      return VALUE
    },
  }
}

/** Hexadecimal digits are allowed (VOTable 1.4 §5.1). */
function toInteger(text: string): number {
  const [, sign = '', digits = ''] = /^([+-]?)(.*)$/.exec(text) ?? []
  return sign === '-' ? -Number(digits) : Number(digits)
}

const LONG_RANGE = [-(2n ** 63n), 2n ** 63n - 1n] as const

const LONG: Element = {
  sqlType: 'bigint',
  typeId: 20,
  bytes: 8,
  wireBytes: 8,
  expected: `an integer from ${LONG_RANGE[0]} to ${LONG_RANGE[1]}`,
  parse(text, to, at) {
    if (!INTEGER.test(text)) return WRONG
    if (text.length <= 15) {
      // Exact as a number, and quicker.
      const value = toInteger(text)
      to.setInt32(at, Math.floor(value / 2 ** 32))
      to.setUint32(at + 4, value >>> 0)
      return VALUE
    }
    // More digits than a hundred are no integer of 64 bits, and take long.
    if (text.length > 100) return WRONG
    const unsigned = BigInt(text.replace(/^[+-]/, ''))
    const value = text.startsWith('-') ? -unsigned : unsigned
    if (value < LONG_RANGE[0] || value > LONG_RANGE[1]) return WRONG
    to.setBigInt64(at, value)
    return VALUE
  },
  copy(from, start, to, at) {
    to.setBigInt64(at, from.getBigInt64(start))
    return VALUE
  },
}

const DECIMAL = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/

/** The number that a text is, with VOTable's words for those that are not finite; undefined: it is none. */
export function parseReal(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text)
  return REAL_WORDS.get(text.toLowerCase())
}

const REAL_WORDS: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['+inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
  ['+infinity', Number.POSITIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
])

const FLOAT: Element = {
  sqlType: 'real',
  typeId: 700,
  bytes: 4,
  wireBytes: 4,
  expected: 'a number within ±3.4e38, NaN, +Inf or -Inf',
  parse(text, to, at) {
    const value = parseReal(text)
    if (value === undefined || (!Number.isFinite(Math.fround(value)) && DECIMAL.test(text))) return WRONG
    to.setFloat32(at, value)
    return VALUE
  },
  copy(from, start, to, at) {
    to.setInt32(at, from.getInt32(start))
    return VALUE
  },
}

const DOUBLE: Element = {
  sqlType: 'float8',
  typeId: 701,
  bytes: 8,
  wireBytes: 8,
  expected: 'a number within ±1.8e308, NaN, +Inf or -Inf',
  parse(text, to, at) {
    const value = parseReal(text)
    if (value === undefined || (!Number.isFinite(value) && DECIMAL.test(text))) return WRONG
    to.setFloat64(at, value)
    return VALUE
  },
  copy(from, start, to, at) {
    to.setBigInt64(at, from.getBigInt64(start))
    return VALUE
  },
}

const NULL_BOOLEANS = ['?', '\0', ' ']

/** By the texts of VOTable 1.4 §5.1, in lower case. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['t', true],
  ['true', true],
  ['1', true],
  ['f', false],
  ['false', false],
  ['0', false],
])

const BOOLEAN: Element = {
  sqlType: 'boolean',
  typeId: 16,
  bytes: 1,
  wireBytes: 1,
  expected: 'true, false, T, F, 1, 0 or ?',
  parse(text, to, at) {
    if (NULL_BOOLEANS.includes(text)) return NULL
    const value = BOOLEANS.get(text.toLowerCase())
    if (value === undefined) return WRONG
    to.setUint8(at, value ? 1 : 0)
    return VALUE
  },
  copy(from, start, to, at) {
    return BOOLEAN.parse(String.fromCharCode(from.getUint8(start)), to, at)
  },
}

/** A single bit, which is worked with as a boolean: astropy writes booleans so, as any of the bits of a byte. */
const BIT: Element = {
  ...BOOLEAN,
  expected: '0 or 1',
  parse: (text, to, at) => (text === '0' || text === '1' ? BOOLEAN.parse(text, to, at) : WRONG),
  copy(from, start, to, at) {
    to.setUint8(at, from.getUint8(start) === 0 ? 0 : 1)
    return VALUE
  },
}

/** The elements of complex numbers are their two parts. */
export const ELEMENTS: Readonly<Record<Exclude<Datatype, 'char' | 'unicodeChar'>, Element>> = {
  bit: BIT,
  boolean: BOOLEAN,
  unsignedByte: integer('smallint', 21, 1),
  short: integer('smallint', 21, 2),
  int: integer('integer', 23, 4),
  long: LONG,
  float: FLOAT,
  double: DOUBLE,
  floatComplex: FLOAT,
  doubleComplex: DOUBLE,
}
