import type { ArrayShape, Field } from '../field.ts'
import type { Sink } from '../write/sink.ts'
import { CellFault } from './cell-fault.ts'

/** The most bytes that one cell may have. */
export const MAX_CELL_BYTES = 16 * 1024 * 1024

/** The bytes that one cell of BINARY or BINARY2 has. */
export interface WireCell {
  readonly bytes: Buffer
  readonly view: DataView
  readonly start: number
  readonly length: number
  /** The number of elements. */
  readonly count: number
}

/** Reads the cells of one column and writes them as binary COPY has them: their length, then their bytes. */
export abstract class Column {
  readonly field: Field
  readonly shape: ArrayShape
  /** PostgreSQL's type of what it writes. */
  abstract readonly sqlType: string

  constructor(field: Field, shape: ArrayShape) {
    this.field = field
    this.shape = shape
  }

  /** How many bytes so many elements have in BINARY. */
  abstract wireBytes(count: number): number
  /** A cell of TABLEDATA or CSV; an empty one is NULL. @throws CellFault */
  abstract addText(text: string, sink: Sink): void
  /** An empty text, of which CSV can tell NULL apart; only text has one. */
  addEmpty(sink: Sink): void {
    addNull(sink)
  }

  /** A cell of BINARY that no flag says to be NULL. @throws CellFault */
  abstract addWire(cell: WireCell, sink: Sink): void

  /** Whether a cell of BINARY has nothing in it. */
  isEmpty({ count }: WireCell): boolean {
    return count === 0
  }

  protected refuseCount(found: number): void {
    const { count, multiple } = this.shape
    if (count === null ? found % multiple === 0 : found === count) return
    const expected = count === null ? `a multiple of ${multiple}` : String(count)
    throw new CellFault(`found ${found} elements, expected ${expected} (arraysize "${this.field.arraysize ?? '1'}")`)
  }
}

/** NULL, as every column has it. */
export function addNull(sink: Sink): void {
  sink.ensure(4)
  sink.view.setInt32(sink.length, -1)
  sink.length += 4
}

/** A cell of so many bytes. */
export function addBytes(bytes: Uint8Array, sink: Sink): void {
  sink.ensure(4 + bytes.length)
  sink.view.setInt32(sink.length, bytes.length)
  sink.bytes.set(bytes, sink.length + 4)
  sink.length += 4 + bytes.length
}
