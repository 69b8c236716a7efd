import { escapeXml } from '../../xml/characters.ts'
import type { CopyInput } from './copy-input.ts'
import type { ResultWriter } from './result-writer.ts'
import { PART_BYTES, Sink } from './sink.ts'
import { openTable, type TableEnds } from './table-ends.ts'
import { type TextDialect, TextRows } from './text-rows.ts'
import type { ResultHead } from './votable-head.ts'

/** Cells as XML elements (VOTable 1.4 §5.1). NULL and an empty text are the same to readers. */
const TABLEDATA: TextDialect = {
  rowStart: '<TR>',
  rowEnd: '</TR>\n',
  cellStart: '<TD>',
  cellEnd: '</TD>',
  separator: '',
  nullCell: '<TD/>',
  infinity: '+Inf',
  // Control characters, and what markup begins with.
  special: [...Array.from({ length: 0x20 }, (_, byte) => byte), 0x22, 0x26, 0x3c, 0x3e],
  escape: escapeXml,
}

/** A VOTable with its rows as TABLEDATA. */
export class TabledataWriter implements ResultWriter {
  readonly #ends: TableEnds
  readonly #rows: TextRows
  readonly #sink = new Sink()
  readonly #parts: Uint8Array[]

  constructor(head: ResultHead, parts: Uint8Array[]) {
    this.#rows = new TextRows(head.fields, TABLEDATA)
    this.#ends = openTable(head, 'TABLEDATA')
    this.#parts = parts
    parts.push(Buffer.from(this.#ends.start))
  }

  add(input: CopyInput): void {
    this.#rows.add(input, this.#sink)
    if (this.#sink.length >= PART_BYTES) this.#parts.push(this.#sink.takeAll())
  }

  end(overflow: boolean): void {
    this.#parts.push(this.#sink.takeAll(), Buffer.from(this.#ends.end(overflow)))
  }

  fail(message: string): boolean {
    this.#parts.push(this.#sink.takeAll(), Buffer.from(this.#ends.fail(message)))
    return true
  }
}
