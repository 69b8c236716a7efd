import type { Field } from '../field.ts'
import { ArrayCell } from './array-cell.ts'
import {
  ARRAY,
  BITS,
  BOOLEAN,
  BYTES,
  type ColumnPlan,
  countBits,
  DOUBLE,
  FLOAT,
  fitsShape,
  INT,
  LONG,
  NULL_ELEMENTS,
  planColumn,
  SHORT,
  TEXT,
  toUnsignedByte,
  UNSIGNED_BYTE,
  wrongCount,
  wrongLength,
} from './column-plan.ts'
import type { CopyInput } from './copy-input.ts'
import { putAscii, putDouble, putFloat, putInteger, putLong } from './number-text.ts'
import type { Sink } from './sink.ts'
import { cutText } from './text-cell.ts'

/** How a format writes rows as text. All but `escape` is ASCII. */
export interface TextDialect {
  readonly rowStart: string
  readonly rowEnd: string
  readonly cellStart: string
  readonly cellEnd: string
  /** Between two cells. */
  readonly separator: string
  readonly nullCell: string
  readonly infinity: string
  /** Bytes below 128 that a text may not hold as they are. */
  readonly special: readonly number[]
  /** A text as it is written: one that is empty, has blanks at its ends, special or non-ASCII characters. */
  escape(text: string): string
}

/** The most bytes that a number and what stands around it have. */
const CELL_BYTES = 64
/** The most bytes that an element of an array has, with the blank after it. */
const ELEMENT_BYTES = 26
const BLANK = 0x20
const ZERO = 0x30

/** Rows as text: numbers in decimal, the elements of arrays separated by blanks. */
export class TextRows {
  readonly #columns: readonly ColumnPlan[]
  readonly #dialect: TextDialect
  readonly #array = new ArrayCell()
  /** By byte: 1 where a text with it cannot be copied. */
  readonly #special = new Uint8Array(256).fill(1, 128)

  constructor(fields: readonly Field[], dialect: TextDialect) {
    this.#columns = fields.map(planColumn)
    this.#dialect = dialect
    for (const byte of dialect.special) this.#special[byte] = 1
  }

  /** Appends the row that `input` has found. */
  add(input: CopyInput, sink: Sink): void {
    const { rowStart, rowEnd, cellStart, cellEnd, separator, nullCell } = this.#dialect
    const { view } = input
    // Enough for all cells but texts that have to be escaped, and arrays: those make room themselves.
    const room = CELL_BYTES * (this.#columns.length + 1) + input.rowEnd - input.rowStart
    sink.ensure(room)
    let o = putAscii(sink.bytes, sink.length, rowStart)
    let p = input.rowStart
    for (let index = 0; index < this.#columns.length; index++) {
      const column = this.#columns[index] as ColumnPlan
      if (index > 0) o = putAscii(sink.bytes, o, separator)
      const length = view.getInt32(p)
      p += 4
      if (length < 0) {
        o = putAscii(sink.bytes, o, nullCell)
        continue
      }
      o = putAscii(sink.bytes, o, cellStart)
      o = this.#put(column, input, p, length, sink, o, room)
      o = putAscii(sink.bytes, o, cellEnd)
      p += length
    }
    sink.length = putAscii(sink.bytes, o, rowEnd)
  }

  #put(column: ColumnPlan, input: CopyInput, p: number, length: number, sink: Sink, o: number, room: number): number {
    switch (column.cell) {
      case LONG:
      case DOUBLE:
        if (length !== 8) throw wrongLength(column, length)
        return this.#putNumber(column.cell, input.view, p, sink.bytes, o)
      case INT:
      case FLOAT:
        if (length !== 4) throw wrongLength(column, length)
        return this.#putNumber(column.cell, input.view, p, sink.bytes, o)
      case SHORT:
        if (length !== 2) throw wrongLength(column, length)
        return putInteger(sink.bytes, o, input.view.getInt16(p))
      case UNSIGNED_BYTE:
        if (length !== 2) throw wrongLength(column, length)
        return putInteger(sink.bytes, o, toUnsignedByte(input.view.getInt16(p), column))
      case BOOLEAN:
        if (length !== 1) throw wrongLength(column, length)
        return this.#putNumber(BOOLEAN, input.view, p, sink.bytes, o)
      case TEXT:
        return this.#putText(column, input.bytes, p, length, sink, o, room)
      case BYTES:
        if (!fitsShape(column, length)) throw wrongCount(column, length)
        if (length === 0) return this.#putNothing(sink.bytes, o)
        sink.ensure(4 * length + room, o)
        return putBytes(input.bytes, p, length, sink.bytes, o)
      case BITS: {
        const count = countBits(column, input.view, p, length)
        if (count === 0) return this.#putNothing(sink.bytes, o)
        sink.ensure(2 * count + room, o)
        return putBits(input.bytes, p + 4, count, sink.bytes, o)
      }
      case ARRAY:
        return this.#putArray(column, input.view, p, length, sink, o, room)
      default:
        throw new Error(`there is no kind of cell ${column.cell}`)
    }
  }

  #putNumber(kind: number, view: DataView, p: number, out: Uint8Array, o: number): number {
    switch (kind) {
      case LONG:
        return putLong(out, o, view, p)
      case DOUBLE:
        return this.#putReal(view.getFloat64(p), false, out, o)
      case INT:
        return putInteger(out, o, view.getInt32(p))
      case FLOAT:
        return this.#putReal(view.getFloat32(p), true, out, o)
      case SHORT:
        return putInteger(out, o, view.getInt16(p))
      default:
        return putAscii(out, o, view.getUint8(p) === 0 ? 'false' : 'true')
    }
  }

  #putReal(value: number, isFloat: boolean, out: Uint8Array, o: number): number {
    if (value === Number.POSITIVE_INFINITY) return putAscii(out, o, this.#dialect.infinity)
    if (value === Number.NEGATIVE_INFINITY) return putAscii(out, o, `-${this.#dialect.infinity.replace('+', '')}`)
    return isFloat ? putFloat(out, o, value) : putDouble(out, o, value)
  }

  #putText(column: ColumnPlan, bytes: Buffer, p: number, length: number, sink: Sink, o: number, room: number): number {
    const isBlankAtEnd = bytes[p] === BLANK || bytes[p + length - 1] === BLANK
    if (length > 0 && !isBlankAtEnd && (column.count === null || length <= column.count)) {
      const special = this.#special
      const out = sink.bytes
      let found = 0
      for (let index = 0; index < length; index++) {
        const byte = bytes[p + index] as number
        out[o + index] = byte
        found |= special[byte] as number
      }
      if (found === 0) return o + length
    }
    const text = this.#dialect.escape(cutText(column, bytes.toString('utf8', p, p + length)))
    sink.ensure(3 * text.length + room, o)
    return o + sink.bytes.write(text, o, 'utf8')
  }

  /** An array without elements, which a format may tell from NULL. */
  #putNothing(out: Uint8Array, o: number): number {
    return putAscii(out, o, this.#dialect.escape(''))
  }

  #putArray(
    column: ColumnPlan,
    view: DataView,
    p: number,
    length: number,
    sink: Sink,
    o: number,
    room: number,
  ): number {
    const array = this.#array
    array.open(column, view, p, length)
    if (array.count === 0) return this.#putNothing(sink.bytes, o)
    sink.ensure(ELEMENT_BYTES * array.count + room, o)
    const out = sink.bytes
    let at = o
    for (let index = 0; index < array.count; index++) {
      if (index > 0) out[at++] = BLANK
      array.next()
      at =
        array.position < 0
          ? putAscii(out, at, nullElement(column))
          : this.#putNumber(column.element, view, array.position, out, at)
    }
    array.close()
    return at
  }
}

function nullElement({ element, field }: ColumnPlan): string {
  return element === BOOLEAN ? '?' : (NULL_ELEMENTS[field.datatype] ?? 'NaN')
}

function putBytes(bytes: Uint8Array, p: number, length: number, out: Uint8Array, o: number): number {
  let at = o
  for (let index = 0; index < length; index++) {
    if (index > 0) out[at++] = BLANK
    at = putInteger(out, at, bytes[p + index] as number)
  }
  return at
}

function putBits(bytes: Uint8Array, p: number, count: number, out: Uint8Array, o: number): number {
  let at = o
  for (let index = 0; index < count; index++) {
    if (index > 0) out[at++] = BLANK
    out[at++] = ZERO + (((bytes[p + (index >> 3)] as number) >> (7 - (index & 7))) & 1)
  }
  return at
}
