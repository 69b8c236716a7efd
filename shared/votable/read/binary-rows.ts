import { shown } from './cell-fault.ts'
import { type Column, MAX_CELL_BYTES } from './column.ts'
import type { RowWriter } from './row-writer.ts'

/** The rows of BINARY and BINARY2 (VOTable 1.4 §5.3, §5.4), from bytes that may be cut anywhere. */
export class BinaryRows {
  readonly #columns: readonly Column[]
  readonly #writer: RowWriter
  /** BINARY2 begins each row with a flag for each column: it is NULL. */
  readonly #flagBytes: number
  /** What belongs to a row that is not all there. */
  #parts: Buffer[] = []
  #held = 0
  /** So many bytes it has at least. */
  #needed = 0

  constructor(columns: readonly Column[], writer: RowWriter, serialization: 'BINARY' | 'BINARY2') {
    this.#columns = columns
    this.#writer = writer
    this.#flagBytes = serialization === 'BINARY2' ? Math.ceil(columns.length / 8) : 0
  }

  push(chunk: Buffer): void {
    this.#parts.push(chunk)
    this.#held += chunk.length
    if (this.#held === 0 || this.#held < this.#needed) return
    const bytes = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    let start = 0
    for (let end = this.#rowEnd(view, 0); end !== undefined; end = this.#rowEnd(view, start)) {
      this.#addRow(bytes, view, start)
      start = end
    }
    this.#parts = start === bytes.length ? [] : [bytes.subarray(start)]
    this.#held = bytes.length - start
  }

  /** Called after the last bytes. */
  end(): void {
    if (this.#held > 0) throw this.#writer.fault(`the data break off in row ${this.#writer.row + 1}`)
  }

  /** Where the row ends that begins here; undefined: not all of it is there. */
  #rowEnd(view: DataView, start: number): number | undefined {
    const { byteLength: end } = view
    let at = start + this.#flagBytes
    for (const column of this.#columns) {
      let { count } = column.shape
      if (count === null) {
        if (at + 4 > end) return this.#incomplete(at + 4 - start)
        count = view.getInt32(at)
        at += 4
        if (count < 0 || column.wireBytes(count) > MAX_CELL_BYTES) throw this.#wrongCount(column, count)
      }
      at += column.wireBytes(count)
    }
    return at > end ? this.#incomplete(at - start) : at
  }

  #incomplete(needed: number): undefined {
    this.#needed = needed
    return undefined
  }

  #addRow(bytes: Buffer, view: DataView, start: number): void {
    const writer = this.#writer
    writer.begin()
    let at = start + this.#flagBytes
    for (const [index, column] of this.#columns.entries()) {
      const isVariable = column.shape.count === null
      const count = column.shape.count ?? view.getInt32(at)
      if (isVariable) at += 4
      const length = column.wireBytes(count)
      const cell = { bytes, view, start: at, length, count }
      const isNull =
        this.#flagBytes === 0
          ? // BINARY has no other way to say it.
            column.isEmpty(cell)
          : (view.getUint8(start + (index >> 3)) & (0x80 >> (index & 7))) !== 0
      if (isNull) writer.addNull()
      else writer.addWire(cell)
      at += length
    }
    writer.finish()
  }

  #wrongCount({ field }: Column, count: number): Error {
    const where = `row ${this.#writer.row + 1}, column ${shown(field.name)}`
    const found = `found an array of ${count} elements, expected one of up to ${MAX_CELL_BYTES} bytes`
    return this.#writer.fault(`${where}: ${found}; the data are not what the FIELDs say, or damaged`)
  }
}
