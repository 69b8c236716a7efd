import { QservAnswerError, QservSchemaError } from './errors.ts'
import { DoubleReader } from './read-double.ts'
import type { ResultColumn, ResultKind } from './result-column.ts'

/** What `scan` says where the bytes end within a row. */
export const INCOMPLETE = -1

const KINDS: readonly ResultKind[] = [
  ...([
    'boolean',
    'unsignedByte',
    'short',
    'int',
    'long',
    'float',
    'double',
    'text',
    'timestamp',
    'bytes',
    'bits',
  ] as const),
]
const [BOOLEAN, UNSIGNED_BYTE, SHORT, INT, LONG, FLOAT, DOUBLE, TEXT, TIMESTAMP, BYTES] = KINDS.map((_, code) => code)

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN = 0x5b
const CLOSE = 0x5d
const ZERO = 0x30
const MINUS = 0x2d

/** The most bytes that a cell of a number takes, with its length: from `"1",`, which is four. */
const NUMBER_BYTES = 12
/** Text up to here is copied byte by byte, which is faster. */
const SHORT_TEXT = 48
const TWO_32 = 2 ** 32

/**
 * One row of Qserv's JSON, `["1","2.5","NULL"]`, as a row of PostgreSQL's binary COPY: each cell its length and its bytes,
 * NULL the length -1. Nothing is allocated for a row.
 */
export class RowScanner {
  out: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(64 * 1024)
  /** How much of `out` is written. */
  length = 0
  #view = new DataView(this.out.buffer)
  readonly #columns: readonly ResultColumn[]
  readonly #codes: Uint8Array
  readonly #nullText: boolean
  readonly #double = new DoubleReader()

  /** @param nullText whether the text `NULL` in a column of text is NULL */
  constructor(columns: readonly ResultColumn[], nullText: boolean) {
    this.#columns = columns
    this.#codes = Uint8Array.from(columns, ({ kind }) => KINDS.indexOf(kind))
    this.#nullText = nullText
  }

  /**
   * Appends the row that begins at `start`, of bytes that end at `end`.
   *
   * @returns where it ends; INCOMPLETE: it does not end here, and nothing was appended
   * @throws QservAnswerError for what is no row, QservSchemaError for a value that its column cannot have
   */
  scan(bytes: Buffer, start: number, end: number): number {
    const codes = this.#codes
    const count = codes.length
    this.#ensure(2 + NUMBER_BYTES * count + 2 * (end - start))
    const { out } = this
    const view = this.#view
    const rowStart = this.length
    let o = rowStart
    let p = start
    if (bytes[p] !== OPEN) throw broken('a row does not begin with [')
    p++
    view.setInt16(o, count)
    o += 2
    for (let index = 0; index < count; index++) {
      if (index > 0) {
        if (bytes[p] !== COMMA) {
          p = skipSpace(bytes, p, end)
          if (p >= end) return INCOMPLETE
          if (bytes[p] !== COMMA) throw this.#shortRow(index)
        }
        p++
      }
      if (bytes[p] !== QUOTE) {
        p = skipSpace(bytes, p, end)
        // The longest that is not in quotes is null.
        if (p + 4 >= end) return INCOMPLETE
        if (isNullAt(bytes, p)) {
          view.setInt32(o, -1)
          o += 4
          p += 4
          continue
        }
        if (bytes[p] === CLOSE) throw this.#shortRow(index)
        if (bytes[p] !== QUOTE) throw broken(`column ${this.#columns[index]?.name} has a value without quotes`)
      }
      p++
      // `NULL"`, and the shortest number with what follows it.
      if (p + 5 >= end) return INCOMPLETE
      const code = codes[index] as number
      if (bytes[p] === 0x4e && bytes[p + 4] === QUOTE && bytes[p + 1] === 0x55 && isNullText(bytes, p)) {
        if (code !== TEXT || this.#nullText) {
          view.setInt32(o, -1)
          o += 4
          p += 5
          continue
        }
      }
      switch (code) {
        case DOUBLE: {
          const next = this.#double.read(bytes, p)
          if (next < 0 || next >= end) return this.#give(bytes, p, end, index)
          view.setInt32(o, 8)
          view.setFloat64(o + 4, this.#double.value)
          o += 12
          p = next + 1
          break
        }
        case FLOAT: {
          const next = this.#double.read(bytes, p)
          if (next < 0 || next >= end) return this.#give(bytes, p, end, index)
          view.setInt32(o, 4)
          view.setFloat32(o + 4, this.#double.value)
          o += 8
          p = next + 1
          break
        }
        case LONG: {
          const next = addLong(bytes, p, view, o + 4)
          if (next < 0 || next >= end) {
            const quote = this.#endOf(bytes, p, end)
            if (quote < 0) return INCOMPLETE
            this.#putWhole(bytes, p, quote, index, view, o)
            p = quote + 1
          } else p = next + 1
          view.setInt32(o, 8)
          o += 12
          break
        }
        case INT:
        case SHORT:
        case UNSIGNED_BYTE: {
          let q = p
          const isNegative = bytes[q] === MINUS
          if (isNegative) q++
          const first = q
          let value = 0
          for (let digit = (bytes[q] as number) - ZERO; digit >= 0 && digit <= 9; digit = (bytes[++q] as number) - ZERO)
            value = value * 10 + digit
          if (isNegative) value = -value
          if (bytes[q] !== QUOTE || q === first || q >= end) {
            const quote = this.#endOf(bytes, p, end)
            if (quote < 0) return INCOMPLETE
            value = this.#wholeNumber(bytes, p, quote, index)
            q = quote
          }
          p = q + 1
          if (code === INT) {
            if (value < -0x80000000 || value > 0x7fffffff) throw this.#unfit(String(value), index)
            view.setInt32(o, 4)
            view.setInt32(o + 4, value)
            o += 8
          } else {
            const least = code === SHORT ? -0x8000 : 0
            if (value < least || value > (code === SHORT ? 0x7fff : 0xff)) throw this.#unfit(String(value), index)
            view.setInt32(o, 2)
            view.setInt16(o + 4, value)
            o += 6
          }
          break
        }
        case BOOLEAN: {
          const digit = (bytes[p] as number) - ZERO
          const quote = bytes[p + 1] === QUOTE ? p + 1 : this.#endOf(bytes, p, end)
          if (quote < 0) return INCOMPLETE
          view.setInt32(o, 1)
          out[o + 4] =
            quote === p + 1 && (digit === 0 || digit === 1)
              ? digit
              : this.#truth(bytes.toString('latin1', p, quote), index)
          o += 5
          p = quote + 1
          break
        }
        default: {
          const quote = this.#endOf(bytes, p, end)
          if (quote < 0) return INCOMPLETE
          o = this.#addVariable(code, bytes, p, quote, index, o)
          p = quote + 1
        }
      }
    }
    if (bytes[p] !== CLOSE) {
      p = skipSpace(bytes, p, end)
      if (p >= end) return INCOMPLETE
      if (bytes[p] !== CLOSE) throw broken(`a row has more than ${count} values, or does not end`)
    }
    if (p >= end) return INCOMPLETE
    this.length = o
    return p + 1
  }

  #ensure(count: number): void {
    if (this.length + count <= this.out.length) return
    const out = Buffer.allocUnsafeSlow(Math.max(this.length + count, 2 * this.out.length))
    this.out.copy(out, 0, 0, this.length)
    this.out = out
    this.#view = new DataView(out.buffer)
  }

  /** Where the quote is that ends a text; -1: not here. Stops at the first one that is not escaped. */
  #endOf(bytes: Buffer, start: number, end: number): number {
    for (let p = start; p < end; p++) {
      const byte = bytes[p]
      if (byte === QUOTE) return p
      if (byte === BACKSLASH) p++
    }
    return -1
  }

  /** A number that cannot be read: its text may end with the bytes. */
  #give(bytes: Buffer, p: number, end: number, index: number): number {
    const quote = this.#endOf(bytes, p, end)
    if (quote < 0) return INCOMPLETE
    throw this.#unfit(bytes.toString('utf8', p, quote), index)
  }

  /** DECIMAL and DOUBLE print whole numbers in other ways: `12.000`, `1e15`. */
  #wholeNumber(bytes: Buffer, p: number, quote: number, index: number): number {
    const text = bytes.toString('latin1', p, quote)
    const value = this.#double.read(bytes, p) === quote ? this.#double.value : Number.NaN
    if (!Number.isSafeInteger(value)) throw this.#unfit(text, index)
    return value
  }

  #putWhole(bytes: Buffer, p: number, quote: number, index: number, view: DataView, o: number): void {
    const value = this.#wholeNumber(bytes, p, quote, index)
    view.setInt32(o + 4, Math.floor(value / TWO_32))
    view.setInt32(o + 8, value | 0)
    if (value !== Math.floor(value / TWO_32) * TWO_32 + (view.getUint32(o + 8) as number))
      throw this.#unfit(String(value), index)
  }

  #truth(text: string, index: number): number {
    if (text === '1' || text === '01') return 1
    if (text === '0' || text === '00') return 0
    throw this.#unfit(text, index)
  }

  #addVariable(code: number, bytes: Buffer, p: number, quote: number, index: number, o: number): number {
    if (code === TEXT) return this.#addText(bytes, p, quote, o)
    if (code === TIMESTAMP) return this.#addTimestamp(bytes, p, quote, o)
    const { out } = this
    const view = this.#view
    const digits = quote - p
    const start = code === BYTES ? o + 4 : o + 8
    const written = digits % 2 === 0 ? out.write(bytes.toString('latin1', p, quote), start, 'hex') : -1
    if (written !== digits / 2) throw this.#unfit(bytes.toString('utf8', p, quote), index)
    if (code === BYTES) {
      view.setInt32(o, written)
      return start + written
    }
    const { bits = null } = this.#columns[index] ?? {}
    const count = bits ?? 8 * written
    if (Math.ceil(count / 8) !== written) throw this.#unfit(bytes.toString('utf8', p, quote), index)
    // MariaDB puts the bits to the right of their bytes, PostgreSQL to the left.
    shiftLeft(out, start, written, 8 * written - count)
    view.setInt32(o, 4 + written)
    view.setInt32(o + 4, count)
    return start + written
  }

  #addText(bytes: Buffer, p: number, quote: number, o: number): number {
    const { out } = this
    const length = quote - p
    let at = o + 4
    if (length <= SHORT_TEXT) {
      let escapes = 0
      for (let q = p; q < quote; q++) {
        const byte = bytes[q] as number
        out[at++] = byte
        if (byte === BACKSLASH) escapes = 1
      }
      if (escapes === 1) at = this.#addEscaped(bytes, p, quote, o + 4)
    } else if (bytes.subarray(p, quote).includes(BACKSLASH)) at = this.#addEscaped(bytes, p, quote, o + 4)
    else at += bytes.copy(out, at, p, quote)
    this.#view.setInt32(o, at - o - 4)
    return at
  }

  #addEscaped(bytes: Buffer, p: number, quote: number, at: number): number {
    let text: unknown
    try {
      text = JSON.parse(bytes.toString('utf8', p - 1, quote + 1))
    } catch (error) {
      throw broken('a text has an escape that JSON does not have', error)
    }
    return at + this.out.write(String(text), at, 'utf8')
  }

  /** `2026-11-27 05:43:59.500000` → `2026-11-27T05:43:59.5`; MariaDB's date that is none is NULL. */
  #addTimestamp(bytes: Buffer, p: number, quote: number, o: number): number {
    const { out } = this
    const view = this.#view
    let last = quote
    if (bytes[p + 19] === 0x2e) {
      while (bytes[last - 1] === ZERO) last--
      if (bytes[last - 1] === 0x2e) last--
    }
    if (bytes.toString('latin1', p, p + 10) === '0000-00-00') {
      view.setInt32(o, -1)
      return o + 4
    }
    const length = bytes.copy(out, o + 4, p, last)
    if (length > 10 && out[o + 14] === 0x20) out[o + 14] = 0x54
    view.setInt32(o, length)
    return o + 4 + length
  }

  #shortRow(found: number): QservAnswerError {
    return broken(`a row has ${found} values where ${this.#columns.length} are expected`)
  }

  #unfit(text: string, index: number): QservSchemaError {
    const { name = '', kind = '' } = this.#columns[index] ?? {}
    const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text
    return new QservSchemaError(
      `Qserv has ${JSON.stringify(shown)} in column ${name}, which does not fit its type ${kind}.`,
    )
  }
}

/** Up to 18 digits, which is all but the last of 64 bits. @returns where the quote is; -1: it is another sort of number */
function addLong(bytes: Buffer, start: number, view: DataView, o: number): number {
  let p = start
  const isNegative = bytes[p] === MINUS
  if (isNegative) p++
  const first = p
  let high = 0
  let low = 0
  let byte = bytes[p] as number
  // All digits but the last nine, which are not known before the end: nine and nine, then moved.
  for (; p - first < 9 && byte >= ZERO && byte <= 0x39; byte = bytes[++p] as number) high = high * 10 + byte - ZERO
  const more = p
  for (; p - more < 10 && byte >= ZERO && byte <= 0x39; byte = bytes[++p] as number) low = low * 10 + byte - ZERO
  if (byte !== QUOTE || p === first) return -1
  const scale = TENS[p - more] as number
  // high·scale + low in two halves of 32 bits; high < 10^9, scale ≤ 10^10.
  const scaleHigh = Math.floor(scale / 65536)
  const scaleLow = scale % 65536
  const lower = high * scaleLow + low
  const middle = high * scaleHigh
  const sum = (middle % 65536) * 65536 + (lower % TWO_32)
  let top = Math.floor(middle / 65536) + Math.floor(lower / TWO_32) + Math.floor(sum / TWO_32)
  let bottom = sum % TWO_32
  if (isNegative) {
    if (top > 0x80000000 || (top === 0x80000000 && bottom > 0)) return -1
    bottom = bottom === 0 ? 0 : TWO_32 - bottom
    top = bottom === 0 ? TWO_32 - top : TWO_32 - 1 - top
  } else if (top >= 0x80000000) return -1
  view.setUint32(o, top)
  view.setUint32(o + 4, bottom)
  return p
}

const TENS = Float64Array.from({ length: 11 }, (_, exponent) => 10 ** exponent)

function isNullText(bytes: Buffer, p: number): boolean {
  return bytes[p + 2] === 0x4c && bytes[p + 3] === 0x4c
}

function isNullAt(bytes: Buffer, p: number): boolean {
  return bytes[p] === 0x6e && bytes[p + 1] === 0x75 && bytes[p + 2] === 0x6c && bytes[p + 3] === 0x6c
}

export function skipSpace(bytes: Buffer, start: number, end: number): number {
  let p = start
  for (; p < end; p++) {
    const byte = bytes[p]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
  }
  return p
}

function shiftLeft(bytes: Buffer, start: number, length: number, by: number): void {
  if (by === 0) return
  for (let index = start; index < start + length; index++) {
    const next = index + 1 < start + length ? (bytes[index + 1] as number) : 0
    bytes[index] = (((bytes[index] as number) << by) | (next >> (8 - by))) & 0xff
  }
}

export function broken(what: string, cause?: unknown): QservAnswerError {
  return new QservAnswerError(`Qserv's result cannot be read: ${what}`, cause)
}
