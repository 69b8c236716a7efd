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
  SENT_BYTES,
  SHORT,
  TEXT,
  toUnsignedByte,
  UNSIGNED_BYTE,
  wrongCount,
  wrongLength,
} from './column-plan.ts'
import { isList } from './parquet-schema.ts'
import { cutText } from './text-cell.ts'

export type ParquetValue = number | bigint | boolean | string | null | readonly ParquetValue[]

const array = new ArrayCell()

/** The value of a cell that is not NULL. */
export function readValue(
  column: ColumnPlan,
  bytes: Buffer,
  view: DataView,
  position: number,
  length: number,
): ParquetValue {
  switch (column.cell) {
    case TEXT:
      return cutText(column, bytes.toString('utf8', position, position + length))
    case BYTES:
      if (!fitsShape(column, length)) throw wrongCount(column, length)
      return Array.from(bytes.subarray(position, position + length))
    case BITS:
      return readBits(column, bytes, view, position, length)
    case ARRAY:
      return readArray(column, view, position, length)
    default:
      if (length !== SENT_BYTES[column.cell]) throw wrongLength(column, length)
      return readElement(column, column.cell, view, position)
  }
}

function readElement(column: ColumnPlan, kind: number, view: DataView, position: number): ParquetValue {
  switch (kind) {
    case DOUBLE:
      return view.getFloat64(position)
    case FLOAT:
      return view.getFloat32(position)
    case LONG:
      return view.getBigInt64(position)
    case INT:
      return view.getInt32(position)
    case SHORT:
      return view.getInt16(position)
    case UNSIGNED_BYTE:
      return toUnsignedByte(view.getInt16(position), column)
    case BOOLEAN:
      return view.getUint8(position) !== 0
    default:
      throw new Error(`there is no kind of cell ${kind}`)
  }
}

function readArray(column: ColumnPlan, view: DataView, position: number, length: number): ParquetValue {
  array.open(column, view, position, length)
  const values: ParquetValue[] = []
  for (let index = 0; index < array.count; index++) {
    array.next()
    values.push(array.position < 0 ? null : readElement(column, column.element, view, array.position))
  }
  array.close()
  return values
}

function readBits(column: ColumnPlan, bytes: Buffer, view: DataView, position: number, length: number): ParquetValue {
  const count = countBits(column, view, position, length)
  const bit = (index: number) => ((bytes[position + 4 + (index >> 3)] ?? 0) & (0x80 >> (index & 7))) !== 0
  return isList(column) ? Array.from({ length: count }, (_, index) => bit(index)) : bit(0)
}
