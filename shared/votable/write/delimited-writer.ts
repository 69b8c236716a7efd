import type { CopyInput } from './copy-input.ts'
import type { ResultWriter } from './result-writer.ts'
import { PART_BYTES, Sink } from './sink.ts'
import { type TextDialect, TextRows } from './text-rows.ts'
import type { ResultHead } from './votable-head.ts'

const TAB = 0x09
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c

const DELIMITED = {
  rowStart: '',
  cellStart: '',
  cellEnd: '',
  nullCell: '',
  // Java, Python and PostgreSQL all read this; "+Inf" is VOTable's alone.
  infinity: 'Infinity',
}

/** RFC 4180: NULL is nothing at all, an empty text or array is "". */
export const CSV: TextDialect = {
  ...DELIMITED,
  rowEnd: '\r\n',
  separator: ',',
  special: [LINE_FEED, CARRIAGE_RETURN, QUOTE, COMMA],
  escape: (text) => (/^$|^ | $|[\n\r",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text),
}

const TSV_ESCAPES: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\\': '\\\\' }

/**
 * IANA's text/tab-separated-values has no place for tabs and line ends in values: they are written as \t, \n and \r, and
 * a backslash as two. NULL and an empty text are the same.
 */
export const TSV: TextDialect = {
  ...DELIMITED,
  rowEnd: '\n',
  separator: '\t',
  special: [TAB, LINE_FEED, CARRIAGE_RETURN, BACKSLASH],
  escape: (text) => text.replace(/[\t\n\r\\]/g, (character) => TSV_ESCAPES[character] ?? character),
}

/** A line with the names of the columns, then one a row. Such a document cannot say that it is not complete. */
export class DelimitedWriter implements ResultWriter {
  readonly #rows: TextRows
  readonly #sink = new Sink()
  readonly #parts: Uint8Array[]

  constructor({ fields }: ResultHead, dialect: TextDialect, parts: Uint8Array[]) {
    this.#rows = new TextRows(fields, dialect)
    this.#parts = parts
    const names = fields.map(({ name }) => dialect.escape(name))
    parts.push(Buffer.from(`${names.join(dialect.separator)}${dialect.rowEnd}`))
  }

  add(input: CopyInput): void {
    this.#rows.add(input, this.#sink)
    if (this.#sink.length >= PART_BYTES) this.#parts.push(this.#sink.takeAll())
  }

  end(): void {
    this.#parts.push(this.#sink.takeAll())
  }

  fail(): boolean {
    return false
  }
}
