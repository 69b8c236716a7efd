import type { UploadError } from '../upload-error.ts'
import { Sink } from '../write/sink.ts'
import { CellFault, shown } from './cell-fault.ts'
import { addNull, type Column, type WireCell } from './column.ts'
import type { TableContext } from './table-context.ts'

/** What binary COPY begins with: its signature, no flags, no extension. */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')

/** The most bytes of one row. */
const MAX_ROW_BYTES = 64 * 1024 * 1024

/** What is handed on at a time. */
const PART_BYTES = 64 * 1024

/** Rows in PostgreSQL's binary COPY, cell by cell. Who makes a mistake in a cell is told its row and column. */
export class RowWriter {
  readonly #columns: readonly Column[]
  readonly #context: TableContext
  readonly #sink = new Sink()
  #rows = 0
  #cell = 0
  #rowStart = 0

  constructor(columns: readonly Column[], context: TableContext) {
    this.#columns = columns
    this.#context = context
    this.#sink.length = HEADER.copy(this.#sink.bytes)
  }

  /** The row that is being written, from 1. */
  get row(): number {
    return this.#rows
  }

  begin(): void {
    this.#rows++
    if (this.#rows > this.#context.limits.rows) throw this.#context.tooManyRows()
    this.#cell = 0
    const sink = this.#sink
    this.#rowStart = sink.length
    sink.ensure(2)
    sink.view.setInt16(sink.length, this.#columns.length)
    sink.length += 2
  }

  addText(text: string): void {
    const column = this.#next()
    try {
      column.addText(text, this.#sink)
    } catch (error) {
      throw this.#place(error, column)
    }
  }

  addWire(cell: WireCell): void {
    const column = this.#next()
    try {
      column.addWire(cell, this.#sink)
    } catch (error) {
      throw this.#place(error, column)
    }
  }

  addEmpty(): void {
    this.#next().addEmpty(this.#sink)
  }

  addNull(): void {
    this.#next()
    addNull(this.#sink)
  }

  /** Called after the last cell of a row. */
  finish(): void {
    if (this.#cell !== this.#columns.length) throw this.#wrongCells(this.#cell)
    if (this.#sink.length - this.#rowStart <= MAX_ROW_BYTES) return
    throw this.fault(`row ${this.#rows} has more than ${MAX_ROW_BYTES} bytes`)
  }

  /** The bytes so far, if there are enough to be worth it. */
  *takeParts(): Generator<Uint8Array> {
    if (this.#sink.length >= PART_BYTES) yield this.#sink.takeAll()
  }

  /** The last bytes. */
  end(): Uint8Array {
    const sink = this.#sink
    sink.ensure(2)
    sink.view.setInt16(sink.length, -1)
    sink.length += 2
    return sink.takeAll()
  }

  fault(message: string): UploadError {
    return this.#context.fault(message)
  }

  #next(): Column {
    const column = this.#columns[this.#cell]
    if (column === undefined) throw this.#wrongCells(undefined)
    this.#cell++
    return column
  }

  #wrongCells(found: number | undefined): UploadError {
    const count = this.#columns.length
    const cells = found === undefined ? `more than ${count} cells` : `${found} cell${found === 1 ? '' : 's'}`
    return this.fault(`row ${this.#rows} has ${cells}, the table has ${count} column${count === 1 ? '' : 's'}`)
  }

  #place(error: unknown, { field }: Column): unknown {
    if (!(error instanceof CellFault)) return error
    return this.fault(`row ${this.#rows}, column ${shown(field.name)} (${describeType(field)}): ${error.message}`)
  }
}

function describeType({ datatype, arraysize, xtype }: Column['field']): string {
  return `${datatype}${arraysize === undefined ? '' : `[${arraysize}]`}${xtype === undefined ? '' : ` ${xtype}`}`
}
