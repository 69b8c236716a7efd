import type { ArrayShape, Field } from '../field.ts'
import type { Sink } from '../write/sink.ts'
import { CellFault, shown } from './cell-fault.ts'
import { addNull, Column, type WireCell } from './column.ts'
import { type Element, NULL, VALUE, WRONG } from './elements.ts'

/** One number or boolean a cell. */
export class ScalarColumn extends Column {
  readonly sqlType: string
  readonly #element: Element

  constructor(field: Field, shape: ArrayShape, element: Element) {
    super(field, shape)
    this.sqlType = element.sqlType
    this.#element = element
  }

  wireBytes(): number {
    return this.#element.wireBytes
  }

  addText(text: string, sink: Sink): void {
    const word = text.trim()
    if (word === '') return void addNull(sink)
    sink.ensure(4 + this.#element.bytes)
    const outcome = this.#element.parse(word, sink.view, sink.length + 4)
    if (outcome === WRONG) throw new CellFault(`found ${shown(word)}, expected ${this.#element.expected}`)
    this.#finish(outcome, sink)
  }

  addWire({ view, bytes, start }: WireCell, sink: Sink): void {
    sink.ensure(4 + this.#element.bytes)
    const outcome = this.#element.copy(view, start, sink.view, sink.length + 4)
    if (outcome === WRONG) {
      throw new CellFault(`found the byte ${bytes[start]}, expected ${this.#element.expected}`)
    }
    this.#finish(outcome, sink)
  }

  #finish(outcome: typeof VALUE | typeof NULL, sink: Sink): void {
    if (outcome === NULL) return void addNull(sink)
    sink.view.setInt32(sink.length, this.#element.bytes)
    sink.length += 4 + this.#element.bytes
  }
}

/** Dimensions, whether there are NULLs, type of the elements; then size and lower bound of the one dimension. */
const ARRAY_HEADER_BYTES = 20

/** An array of numbers or booleans, as an array of one dimension: the first dimension of VOTable's varies fastest. */
export class ArrayColumn extends Column {
  readonly sqlType: string
  readonly #element: Element
  /** How many of PostgreSQL's elements one of VOTable's has: two where they are complex. */
  readonly #parts: number
  /** What stands for NULL inside an array, as COPY has it. */
  readonly #nullElement: Uint8Array | undefined

  constructor(field: Field, shape: ArrayShape, element: Element, nullText: string | undefined) {
    super(field, shape)
    this.sqlType = `${element.sqlType}[]`
    this.#element = element
    this.#parts = field.datatype.endsWith('Complex') ? 2 : 1
    const bytes = Buffer.alloc(element.bytes)
    const isNull =
      nullText !== undefined &&
      element.parse(nullText.trim(), new DataView(bytes.buffer, bytes.byteOffset), 0) === VALUE
    if (isNull) this.#nullElement = bytes
  }

  wireBytes(count: number): number {
    return count * this.#parts * this.#element.wireBytes
  }

  addText(text: string, sink: Sink): void {
    const words = text.trim() === '' ? [] : this.#split(text.trim())
    if (words.length === 0) return void addNull(sink)
    if (words.length % this.#parts !== 0) {
      throw new CellFault(`found ${words.length} numbers, expected two for each complex number`)
    }
    this.refuseCount(words.length / this.#parts)
    this.#add(words.length, sink, (index, to, at) => {
      const word = words[index] ?? ''
      const outcome = this.#element.parse(word, to, at)
      if (outcome !== WRONG) return outcome
      throw new CellFault(`element ${index + 1}: found ${shown(word)}, expected ${this.#element.expected}`)
    })
  }

  /** Booleans may stand without blanks between them: `TTF?`. */
  #split(text: string): string[] {
    if (this.field.datatype === 'boolean' && /^[TFtf01?]+$/.test(text)) return [...text]
    return text.split(/\s+/)
  }

  addWire({ view, start, count }: WireCell, sink: Sink): void {
    this.refuseCount(count)
    const { wireBytes } = this.#element
    this.#add(count * this.#parts, sink, (index, to, at) => {
      const outcome = this.#element.copy(view, start + index * wireBytes, to, at)
      if (outcome !== WRONG) return outcome
      throw new CellFault(
        `element ${index + 1}: found ${view.getUint8(start + index)}, expected ${this.#element.expected}`,
      )
    })
  }

  #add(count: number, sink: Sink, put: (index: number, to: DataView, at: number) => typeof VALUE | typeof NULL): void {
    const { bytes, typeId } = this.#element
    sink.ensure(4 + ARRAY_HEADER_BYTES + count * (4 + bytes))
    const { view, length: start } = sink
    let at = start + 4 + (count === 0 ? ARRAY_HEADER_BYTES - 8 : ARRAY_HEADER_BYTES)
    let hasNulls = 0
    for (let index = 0; index < count; index++) {
      if (put(index, view, at + 4) === NULL || this.#isNull(sink.bytes, at + 4)) {
        view.setInt32(at, -1)
        hasNulls = 1
        at += 4
      } else {
        view.setInt32(at, bytes)
        at += 4 + bytes
      }
    }
    view.setInt32(start, at - start - 4)
    view.setInt32(start + 4, count === 0 ? 0 : 1)
    view.setInt32(start + 8, hasNulls)
    view.setInt32(start + 12, typeId)
    if (count > 0) {
      view.setInt32(start + 16, count)
      view.setInt32(start + 20, 1)
    }
    sink.length = at
  }

  #isNull(bytes: Buffer, at: number): boolean {
    const nothing = this.#nullElement
    return nothing !== undefined && bytes.compare(nothing, 0, nothing.length, at, at + nothing.length) === 0
  }
}
