import { type Field, parseArraysize } from '../field.ts'
import { Sink } from '../write/sink.ts'
import { BitsColumn, BytesColumn } from './byte-columns.ts'
import { CellFault } from './cell-fault.ts'
import { addNull, Column, type WireCell } from './column.ts'
import { ELEMENTS } from './elements.ts'
import { ArrayColumn, ScalarColumn } from './number-columns.ts'
import { TextColumn, TimestampColumn } from './text-columns.ts'

/**
 * What reads the cells of a field that was checked. Its own field says what the values become: a single bit is a boolean.
 *
 * @param nullText the value that stands for NULL, VALUES null="…"
 */
export function makeColumn(field: Field, nullText?: string): Column {
  const column = columnOf(field, nullText)
  return nullText === undefined || column instanceof ArrayColumn ? column : new NullableColumn(column, nullText)
}

function columnOf(field: Field, nullText: string | undefined): Column {
  const { datatype, arraysize, xtype } = field
  const shape = parseArraysize(arraysize)
  if (shape === null) throw new RangeError(`the arraysize of ${field.name} has not been checked`)
  if (datatype === 'char' || datatype === 'unicodeChar') {
    return xtype === 'timestamp' ? new TimestampColumn(field, shape) : new TextColumn(field, shape)
  }
  const isScalar = arraysize === undefined || arraysize === '1'
  const element = ELEMENTS[datatype]
  if (datatype === 'bit') {
    return isScalar ? new ScalarColumn({ ...field, datatype: 'boolean' }, shape, element) : new BitsColumn(field, shape)
  }
  if (datatype === 'unsignedByte' && !isScalar) return new BytesColumn(field, shape)
  const isComplex = datatype === 'floatComplex' || datatype === 'doubleComplex'
  return isScalar && !isComplex
    ? new ScalarColumn(field, shape, element)
    : new ArrayColumn(field, shape, element, nullText)
}

/** A column one of whose values stands for NULL. */
class NullableColumn extends Column {
  readonly #column: Column
  readonly #text: string
  /** The cell that stands for NULL; undefined: it is no value of the column, and only found as text. */
  readonly #cell: Buffer | undefined

  constructor(column: Column, nullText: string) {
    super(column.field, column.shape)
    this.#column = column
    this.#text = nullText.trim()
    this.#cell = cellOf(column, nullText)
  }

  get sqlType(): string {
    return this.#column.sqlType
  }

  wireBytes(count: number): number {
    return this.#column.wireBytes(count)
  }

  addText(text: string, sink: Sink): void {
    if (text.trim() === this.#text) return void addNull(sink)
    const start = sink.length
    this.#column.addText(text, sink)
    this.#replace(start, sink)
  }

  addWire(cell: WireCell, sink: Sink): void {
    const start = sink.length
    this.#column.addWire(cell, sink)
    this.#replace(start, sink)
  }

  #replace(start: number, sink: Sink): void {
    if (this.#cell?.compare(sink.bytes, start, sink.length) !== 0) return
    sink.length = start
    addNull(sink)
  }
}

function cellOf(column: Column, text: string): Buffer | undefined {
  const sink = new Sink()
  try {
    column.addText(text, sink)
    return Buffer.from(sink.takeAll())
  } catch (error) {
    if (error instanceof CellFault) return undefined
    throw error
  }
}
