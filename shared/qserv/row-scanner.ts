import { brokenResult, type QservAnswerError, QservSchemaError } from './errors.ts'
import { CLOSE, COMMA, findQuote, isNullAt, isNullText, MINUS, OPEN, QUOTE, skipSpace, ZERO } from './json-bytes.ts'
import { DoubleReader } from './read-double.ts'
import { readLong } from './read-long.ts'
import type { ResultColumn, ResultKind } from './result-column.ts'
import { writeBits, writeHex, writeText, writeTimestamp } from './variable-cells.ts'

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

/** The most bytes that a cell of a number takes, with its length: from `"1",`, which is four. */
const NUMBER_BYTES = 12
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
    if (bytes[p] !== OPEN) throw brokenResult('a row does not begin with [')
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
        if (bytes[p] !== QUOTE) throw brokenResult(`column ${this.#columns[index]?.name} has a value without quotes`)
      }
      p++
      // `NULL"`, and the shortest number with what follows it.
      if (p + 5 >= end) return INCOMPLETE
      const code = codes[index] as number
      if (bytes[p] === 0x4e && bytes[p + 4] === QUOTE && isNullText(bytes, p)) {
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
          const next = readLong(bytes, p, view, o + 4)
          if (next < 0 || next >= end) {
            const quote = findQuote(bytes, p, end)
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
            const quote = findQuote(bytes, p, end)
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
          const quote = bytes[p + 1] === QUOTE ? p + 1 : findQuote(bytes, p, end)
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
          const quote = findQuote(bytes, p, end)
          if (quote < 0) return INCOMPLETE
          o = this.#addVariable(code, bytes, p, quote, index, o)
          p = quote + 1
        }
      }
    }
    if (bytes[p] !== CLOSE) {
      p = skipSpace(bytes, p, end)
      if (p >= end) return INCOMPLETE
      if (bytes[p] !== CLOSE) throw brokenResult(`a row has more than ${count} values, or does not end`)
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

  /** A number that cannot be read: its text may end with the bytes. */
  #give(bytes: Buffer, p: number, end: number, index: number): number {
    const quote = findQuote(bytes, p, end)
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
    const { out } = this
    if (code === TEXT) return writeText(out, o, bytes, p, quote)
    if (code === TIMESTAMP) return writeTimestamp(out, o, bytes, p, quote)
    const next =
      code === BYTES
        ? writeHex(out, o, bytes, p, quote)
        : writeBits(out, o, bytes, p, quote, this.#columns[index]?.bits ?? null)
    if (next < 0) throw this.#unfit(bytes.toString('utf8', p, quote), index)
    return next
  }

  #shortRow(found: number): QservAnswerError {
    return brokenResult(`a row has ${found} values where ${this.#columns.length} are expected`)
  }

  #unfit(text: string, index: number): QservSchemaError {
    const { name = '', kind = '' } = this.#columns[index] ?? {}
    const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text
    return new QservSchemaError(
      `Qserv has ${JSON.stringify(shown)} in column ${name}, which does not fit its type ${kind}.`,
    )
  }
}
