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
  planColumn,
  SHORT,
  TEXT,
  toUnsignedByte,
  UNSIGNED_BYTE,
  wrongCount,
  wrongLength,
} from './column-plan.ts'
import type { CopyInput } from './copy-input.ts'
import type { Sink } from './sink.ts'
import { cutText, cutUtf8, repairUtf8, SHORT_TEXT } from './text-cell.ts'

const FALSE = 0x46
const TRUE = 0x54
const UNKNOWN = 0x3f

/** Bytes of an element, by the kinds BOOLEAN to DOUBLE. */
const WRITTEN_BYTES: readonly number[] = [1, 1, 2, 4, 8, 4, 8]

/** A column, and what is written for NULL. */
interface Binary2Column extends ColumnPlan {
  readonly isUnicode: boolean
  readonly nullCell: Uint8Array
}

/** Rows as BINARY2 has them (VOTable 1.4 §5.4): flags for NULL, then the cells, big-endian. */
export class Binary2Rows {
  readonly #columns: readonly Binary2Column[]
  readonly #cells: Uint8Array
  readonly #flagBytes: number
  /** The most that a row has besides the bytes that PostgreSQL sent. */
  readonly #extraBytes: number
  readonly #array = new ArrayCell()

  constructor(fields: readonly Field[]) {
    this.#columns = fields.map(planBinary2Column)
    this.#cells = Uint8Array.from(this.#columns, ({ cell }) => cell)
    this.#flagBytes = Math.ceil(fields.length / 8)
    this.#extraBytes = this.#columns.reduce(
      (sum, { nullCell, multiple }) => sum + nullCell.length + 2 * multiple + 8,
      this.#flagBytes,
    )
  }

  /** Appends the row that `input` has found. */
  add(input: CopyInput, sink: Sink): void {
    // Three times as many: what is not UTF-8 is replaced byte by byte. UTF-16 has twice as many at most.
    sink.ensure(this.#extraBytes + 3 * (input.rowEnd - input.rowStart))
    const { bytes, view } = input
    const { bytes: out, view: outView } = sink
    const flags = sink.length
    let o = flags
    for (const end = flags + this.#flagBytes; o < end; o++) out[o] = 0
    let p = input.rowStart
    const cells = this.#cells
    const columns = this.#columns
    for (let index = 0; index < cells.length; index++) {
      const length = view.getInt32(p)
      p += 4
      const column = columns[index] as Binary2Column
      if (length < 0) {
        const flag = flags + (index >> 3)
        out[flag] = (out[flag] as number) | (0x80 >> (index & 7))
        o = putBytes(column.nullCell, out, o)
        continue
      }
      switch (cells[index]) {
        case LONG:
        case DOUBLE:
          if (length !== 8) throw wrongLength(column, length)
          outView.setInt32(o, view.getInt32(p))
          outView.setInt32(o + 4, view.getInt32(p + 4))
          o += 8
          break
        case INT:
        case FLOAT:
          if (length !== 4) throw wrongLength(column, length)
          outView.setInt32(o, view.getInt32(p))
          o += 4
          break
        case SHORT:
          if (length !== 2) throw wrongLength(column, length)
          outView.setInt16(o, view.getInt16(p))
          o += 2
          break
        case UNSIGNED_BYTE:
          if (length !== 2) throw wrongLength(column, length)
          out[o++] = toUnsignedByte(view.getInt16(p), column)
          break
        case BOOLEAN:
          if (length !== 1) throw wrongLength(column, length)
          out[o++] = bytes[p] === 0 ? FALSE : TRUE
          break
        default:
          o = this.#addVariable(column, input, p, length, sink, o)
      }
      p += length
    }
    sink.length = o
  }

  #addVariable(column: Binary2Column, input: CopyInput, p: number, length: number, sink: Sink, o: number): number {
    switch (column.cell) {
      case TEXT:
        return column.isUnicode
          ? addUnicode(column, input, p, length, sink, o)
          : addText(column, input, p, length, sink, o)
      case BYTES:
        if (!fitsShape(column, length)) throw wrongCount(column, length)
        return addBytes(column, length, input, p, length, sink, o)
      case BITS: {
        const count = countBits(column, input.view, p, length)
        return addBytes(column, count, input, p + 4, length - 4, sink, o)
      }
      case ARRAY:
        return this.#addArray(column, input, p, length, sink, o)
      default:
        throw new Error(`there is no kind of cell ${column.cell}`)
    }
  }

  #addArray(column: Binary2Column, input: CopyInput, p: number, length: number, sink: Sink, o: number): number {
    const array = this.#array
    array.open(column, input.view, p, length)
    const { view } = sink
    let at = o
    if (column.count === null) {
      view.setInt32(at, array.count / column.parts)
      at += 4
    }
    for (let index = 0; index < array.count; index++) {
      array.next()
      at = addElement(column.element, input.view, array.position, view, at)
    }
    array.close()
    return at
  }
}

/** An element of an array; NULL is "?", NaN, or the smallest integer (see `NULL_ELEMENTS`). */
function addElement(kind: number, from: DataView, p: number, to: DataView, o: number): number {
  switch (kind) {
    case BOOLEAN:
      to.setUint8(o, p < 0 ? UNKNOWN : from.getUint8(p) === 0 ? FALSE : TRUE)
      return o + 1
    case SHORT:
      to.setInt16(o, p < 0 ? -0x8000 : from.getInt16(p))
      return o + 2
    case INT:
      to.setInt32(o, p < 0 ? -0x80000000 : from.getInt32(p))
      return o + 4
    case LONG:
      to.setInt32(o, p < 0 ? -0x80000000 : from.getInt32(p))
      to.setInt32(o + 4, p < 0 ? 0 : from.getInt32(p + 4))
      return o + 8
    case FLOAT:
      to.setFloat32(o, p < 0 ? Number.NaN : from.getFloat32(p))
      return o + 4
    default:
      to.setFloat64(o, p < 0 ? Number.NaN : from.getFloat64(p))
      return o + 8
  }
}

function putBytes(bytes: Uint8Array, out: Uint8Array, o: number): number {
  if (bytes.length > SHORT_TEXT) out.set(bytes, o)
  else for (let index = 0; index < bytes.length; index++) out[o + index] = bytes[index] as number
  return o + bytes.length
}

function addBytes(
  { count: fixed }: ColumnPlan,
  count: number,
  { bytes }: CopyInput,
  p: number,
  length: number,
  sink: Sink,
  o: number,
): number {
  let at = o
  if (fixed === null) {
    sink.view.setInt32(at, count)
    at += 4
  }
  bytes.copy(sink.bytes, at, p, p + length)
  return at + length
}

/** char: bytes of UTF-8. A fixed number of them is filled up with NUL, or cut. */
function addText(column: Binary2Column, input: CopyInput, p: number, length: number, sink: Sink, o: number): number {
  const { bytes } = input
  const out = sink.bytes
  const isVariable = column.count === null
  if (isVariable && column.multiple === 1) {
    const at = o + 4
    let union = 0x80
    if (length <= SHORT_TEXT) {
      union = 0
      for (let index = 0; index < length; index++) {
        const byte = bytes[p + index] as number
        out[at + index] = byte
        union |= byte
      }
    } else bytes.copy(out, at, p, p + length)
    if (union < 0x80 || repairUtf8(bytes, p, p + length) === null) {
      sink.view.setInt32(o, length)
      return at + length
    }
  }
  const repaired = repairUtf8(bytes, p, p + length)
  const text = repaired ?? bytes
  const start = repaired === null ? p : 0
  const end = start + (repaired?.length ?? length)
  const count = column.count ?? roundUp(end - start, column.multiple)
  const copied = cutUtf8(text, start, end, count)
  let at = o
  if (isVariable) {
    sink.view.setInt32(at, count)
    at += 4
  }
  text.copy(sink.bytes, at, start, start + copied)
  sink.bytes.fill(0, at + copied, at + count)
  return at + count
}

/** unicodeChar: units of UTF-16, big-endian. A fixed number of them is filled up with NUL, or cut. */
function addUnicode(column: Binary2Column, input: CopyInput, p: number, length: number, sink: Sink, o: number): number {
  const text = cutText(column, input.bytes.toString('utf8', p, p + length))
  const count = column.count ?? roundUp(text.length, column.multiple)
  let at = o
  if (column.count === null) {
    sink.view.setInt32(at, count)
    at += 4
  }
  for (let index = 0; index < text.length; index++) sink.view.setUint16(at + 2 * index, text.charCodeAt(index))
  sink.bytes.fill(0, at + 2 * text.length, at + 2 * count)
  return at + 2 * count
}

function roundUp(count: number, multiple: number): number {
  return Math.ceil(count / multiple) * multiple
}

function planBinary2Column(field: Field): Binary2Column {
  const plan = planColumn(field)
  return { ...plan, isUnicode: field.datatype === 'unicodeChar', nullCell: nullCellOf(plan) }
}

/** NULL: NaN for numbers with a fraction, otherwise zeros; no elements where their number differs. */
function nullCellOf({ field, element, count, parts }: ColumnPlan): Uint8Array {
  if (count === null) return new Uint8Array(4)
  if (element === BITS) return new Uint8Array(Math.ceil(count / 8))
  if (element === TEXT) return new Uint8Array(field.datatype === 'unicodeChar' ? 2 * count : count)
  const size = WRITTEN_BYTES[element] ?? 0
  const cell = new Uint8Array(count * parts * size)
  if (element !== FLOAT && element !== DOUBLE) return cell
  const view = new DataView(cell.buffer)
  for (let at = 0; at < cell.length; at += size) {
    if (element === FLOAT) view.setFloat32(at, Number.NaN)
    else view.setFloat64(at, Number.NaN)
  }
  return cell
}
