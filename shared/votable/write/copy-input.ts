import { ResultFailure } from '../result-failure.ts'

/** How a COPY in binary form begins: its signature, flags, and the length of an extension that is empty. */
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')
const HEADER_BYTES = SIGNATURE.length + 8

/** The most bytes of one row, which is held in memory as a whole. */
const MAX_ROW_BYTES = 64 * 1024 * 1024

/**
 * The rows of PostgreSQL's `copy … to stdout (format binary)`, from chunks that may be cut anywhere. `bytes` and `view`
 * show the same memory; both are others after `push`.
 */
export class CopyInput {
  bytes: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(16 * 1024)
  view = new DataView(this.bytes.buffer)
  /** Where the cells of the row begin that `nextRow` found, and where they end. */
  rowStart = 0
  rowEnd = 0
  /** Whether the end of the data was read. */
  isComplete = false
  readonly #columns: number
  #end = 0
  #hasHeader = false

  constructor(columns: number) {
    this.#columns = columns
  }

  push(chunk: Uint8Array): void {
    const kept = this.#end - this.rowEnd
    const needed = kept + chunk.length
    if (needed > this.bytes.length) {
      const bytes = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length))
      this.bytes.copy(bytes, 0, this.rowEnd, this.#end)
      this.bytes = bytes
      this.view = new DataView(bytes.buffer)
    } else if (kept > 0) this.bytes.copyWithin(0, this.rowEnd, this.#end)
    this.bytes.set(chunk, kept)
    this.rowStart = 0
    this.rowEnd = 0
    this.#end = needed
  }

  /** Moves on to the next row; false: the data ends here, or its next row is not all there yet. */
  nextRow(): boolean {
    if (!this.#hasHeader && !this.#readHeader()) return false
    const { view } = this
    const end = this.#end
    let position = this.rowEnd
    if (this.isComplete) {
      if (position < end) throw new ResultFailure('PostgreSQL sent more after the end of the rows')
      return false
    }
    if (position + 2 > end) return false
    const columns = view.getInt16(position)
    position += 2
    if (columns !== this.#columns) {
      if (columns !== -1) {
        throw new ResultFailure(`PostgreSQL sent a row of ${columns} columns where ${this.#columns} were expected`)
      }
      this.isComplete = true
      this.rowEnd = position
      return this.nextRow()
    }
    const start = position
    for (let column = 0; column < columns; column++) {
      if (position + 4 > end) return this.#checkSize(position)
      const length = view.getInt32(position)
      position += 4
      if (length > 0) position += length
      else if (length < -1) throw new ResultFailure(`PostgreSQL sent a cell of ${length} bytes`)
    }
    if (position > end) return this.#checkSize(position)
    this.rowStart = start
    this.rowEnd = position
    return true
  }

  #readHeader(): boolean {
    const { bytes, view } = this
    if (this.#end < HEADER_BYTES) return false
    if (bytes.compare(SIGNATURE, 0, SIGNATURE.length, 0, SIGNATURE.length) !== 0) {
      throw new ResultFailure('PostgreSQL sent rows that are not in the binary form of COPY')
    }
    if (view.getInt32(SIGNATURE.length) !== 0 || view.getInt32(SIGNATURE.length + 4) !== 0) {
      throw new ResultFailure('PostgreSQL sent a header of COPY with unknown flags or extensions')
    }
    this.rowEnd = HEADER_BYTES
    this.#hasHeader = true
    return true
  }

  /** A row that is not complete ends here at the earliest. */
  #checkSize(end: number): false {
    if (end - this.rowEnd > MAX_ROW_BYTES) {
      throw new ResultFailure(`a row has more than ${MAX_ROW_BYTES} bytes; select fewer columns`)
    }
    return false
  }
}
