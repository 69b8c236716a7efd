import { isUtf8 } from 'node:buffer'
import type { Sink } from '../write/sink.ts'
import { CellFault, shown } from './cell-fault.ts'
import { addNull, Column, type WireCell } from './column.ts'
import { parseTimestamp } from './timestamp.ts'

/** Text: char is UTF-8, unicodeChar UTF-16. In BINARY it ends at the first NUL. */
export class TextColumn extends Column {
  get sqlType(): string {
    return 'text'
  }

  wireBytes(count: number): number {
    return this.field.datatype === 'unicodeChar' ? 2 * count : count
  }

  addText(text: string, sink: Sink): void {
    if (text === '') return void addNull(sink)
    this.#refuseLong(text)
    this.put(text, sink)
  }

  override addEmpty(sink: Sink): void {
    this.put('', sink)
  }

  addWire(cell: WireCell, sink: Sink): void {
    this.put(this.decode(cell), sink)
  }

  override isEmpty({ view, start, length }: WireCell): boolean {
    if (length === 0) return true
    return view.getUint8(start) === 0 && (this.field.datatype === 'char' || view.getUint8(start + 1) === 0)
  }

  protected put(text: string, sink: Sink): void {
    if (text.includes('\0')) throw new CellFault('found a NUL in the text, which PostgreSQL cannot hold')
    sink.ensure(4 + 3 * text.length)
    const length = sink.bytes.write(text, sink.length + 4, 'utf8')
    sink.view.setInt32(sink.length, length)
    sink.length += 4 + length
  }

  protected decode({ bytes, start, length }: WireCell): string {
    return this.field.datatype === 'unicodeChar'
      ? decodeUtf16(bytes.subarray(start, start + length))
      : decodeUtf8(bytes.subarray(start, start + length))
  }

  #refuseLong(text: string): void {
    const { count } = this.shape
    if (count === null) return
    const isUnicode = this.field.datatype === 'unicodeChar'
    const length = isUnicode ? text.length : Buffer.byteLength(text)
    if (length <= count) return
    const unit = isUnicode ? 'character' : 'byte'
    throw new CellFault(
      `found ${shown(text)} of ${length} ${unit}s, expected ${count} at most; arraysize="*" takes texts of any length`,
    )
  }
}

function decodeUtf8(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  const text = end === -1 ? bytes : bytes.subarray(0, end)
  if (isUtf8(text)) return text.toString('utf8')
  throw new CellFault(`found text that is not UTF-8: ${shown(text.toString('latin1'))}`)
}

function decodeUtf16(bytes: Buffer): string {
  // A copy, for it is turned round.
  const text = Buffer.from(bytes).swap16().toString('utf16le')
  const end = text.indexOf('\0')
  const part = end === -1 ? text : text.slice(0, end)
  if (part.isWellFormed()) return part
  throw new CellFault('found half a surrogate pair, expected text in UTF-16')
}

/** Text with an xtype of times, which is a timestamp in PostgreSQL. */
export class TimestampColumn extends TextColumn {
  override get sqlType(): string {
    return 'timestamp'
  }

  override addText(text: string, sink: Sink): void {
    this.put(text, sink)
  }

  protected override put(text: string, sink: Sink): void {
    const word = text.trim()
    if (word === '') return void addNull(sink)
    const value = parseTimestamp(word)
    if (value === undefined) {
      throw new CellFault(`found ${shown(word)}, expected a time of UTC such as 2026-01-31T12:00:00.5`)
    }
    sink.ensure(12)
    sink.view.setInt32(sink.length, 8)
    sink.view.setBigInt64(sink.length + 4, value)
    sink.length += 12
  }
}
