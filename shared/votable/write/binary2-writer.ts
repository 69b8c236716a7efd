import { Binary2Rows } from './binary2-rows.ts'
import type { CopyInput } from './copy-input.ts'
import type { ResultWriter } from './result-writer.ts'
import { Sink } from './sink.ts'
import { openTable, type TableEnds } from './table-ends.ts'
import type { ResultHead } from './votable-head.ts'

/** Bytes that are written as one line of base64, without padding: 64 KiB of it. */
const BLOCK_BYTES = 48 * 1024

/** A VOTable with its rows as BINARY2 in base64 (VOTable 1.4 §5.4). */
export class Binary2Writer implements ResultWriter {
  readonly #ends: TableEnds
  readonly #rows: Binary2Rows
  readonly #sink = new Sink()
  readonly #parts: Uint8Array[]

  constructor(head: ResultHead, parts: Uint8Array[]) {
    this.#rows = new Binary2Rows(head.fields)
    this.#ends = openTable(head, 'BINARY2')
    this.#parts = parts
    parts.push(Buffer.from(`${this.#ends.start}<STREAM encoding="base64">\n`))
  }

  add(input: CopyInput): void {
    this.#rows.add(input, this.#sink)
    if (this.#sink.length >= BLOCK_BYTES) this.#encodeBlocks()
  }

  end(overflow: boolean): void {
    this.#close(this.#ends.end(overflow))
  }

  fail(message: string): boolean {
    this.#close(this.#ends.fail(message))
    return true
  }

  #encodeBlocks(): void {
    const { bytes, length } = this.#sink
    let start = 0
    for (; length - start >= BLOCK_BYTES; start += BLOCK_BYTES) {
      this.#parts.push(Buffer.from(`${bytes.toString('base64', start, start + BLOCK_BYTES)}\n`, 'latin1'))
    }
    this.#sink.drop(start)
  }

  #close(end: string): void {
    const { bytes, length } = this.#sink
    const rest = length === 0 ? '' : `${bytes.toString('base64', 0, length)}\n`
    this.#parts.push(Buffer.from(`${rest}</STREAM>\n${end}`))
  }
}
