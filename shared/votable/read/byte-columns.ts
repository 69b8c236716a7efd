import type { Sink } from '../write/sink.ts'
import { CellFault, shown } from './cell-fault.ts'
import { addBytes, addNull, Column, type WireCell } from './column.ts'
import { ELEMENTS, VALUE } from './elements.ts'

/** An array of unsignedByte. */
export class BytesColumn extends Column {
  get sqlType(): string {
    return 'bytea'
  }

  wireBytes(count: number): number {
    return count
  }

  addText(text: string, sink: Sink): void {
    const words = text.trim() === '' ? [] : text.trim().split(/\s+/)
    if (words.length === 0) return void addNull(sink)
    this.refuseCount(words.length)
    const value = new DataView(new ArrayBuffer(2))
    const bytes = words.map((word, index) => {
      if (ELEMENTS.unsignedByte.parse(word, value, 0) === VALUE) return value.getInt16(0)
      throw new CellFault(`element ${index + 1}: found ${shown(word)}, expected ${ELEMENTS.unsignedByte.expected}`)
    })
    addBytes(Uint8Array.from(bytes), sink)
  }

  addWire({ bytes, start, count }: WireCell, sink: Sink): void {
    this.refuseCount(count)
    addBytes(bytes.subarray(start, start + count), sink)
  }
}

/** Bits, of which the first is the highest of its byte in BINARY and in PostgreSQL. */
export class BitsColumn extends Column {
  get sqlType(): string {
    return 'varbit'
  }

  wireBytes(count: number): number {
    return Math.ceil(count / 8)
  }

  addText(text: string, sink: Sink): void {
    const digits = text.replace(/\s+/g, '')
    if (digits === '') return void addNull(sink)
    if (!/^[01]+$/.test(digits)) throw new CellFault(`found ${shown(text)}, expected the digits 0 and 1`)
    const bytes = new Uint8Array(Math.ceil(digits.length / 8))
    for (let index = 0; index < digits.length; index++) {
      if (digits[index] === '1') bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (0x80 >> (index & 7))
    }
    this.#add(bytes, digits.length, sink)
  }

  addWire({ bytes, start, length, count }: WireCell, sink: Sink): void {
    this.#add(bytes.subarray(start, start + length), count, sink)
  }

  #add(bytes: Uint8Array, count: number, sink: Sink): void {
    this.refuseCount(count)
    sink.ensure(8 + bytes.length)
    sink.view.setInt32(sink.length, 4 + bytes.length)
    sink.view.setInt32(sink.length + 4, count)
    sink.bytes.set(bytes, sink.length + 8)
    sink.length += 8 + bytes.length
  }
}
