import { SaxesParser } from 'saxes'
import { readPlainRow } from './plain-row.ts'
import type { TableContext } from './table-context.ts'

/** How the text that comes is taken: element by element, in large pieces, or as it is until the next tag. */
export type Mode = 'elements' | 'pieces' | 'raw'

export interface XmlListener {
  readonly mode: Mode
  /** Whether what still comes is of no interest, be it XML or not. */
  readonly isDone: boolean
  open(name: string, attributes: Readonly<Record<string, string>>): void
  text(text: string): void
  /** Text of an element whose content is not XML's: the base64 of STREAM. */
  raw(text: string): void
  close(name: string): void
  /** A whole row of TABLEDATA, in place of its elements. */
  row(cells: readonly string[]): void
}

/** How deep elements may be nested. */
const MAX_DEPTH = 100

/** The most characters of one tag, comment or text; of a cell, as many as the base64 of 16 MiB. */
const MAX_TOKEN: Readonly<Record<Mode, number>> = { elements: 1 << 20, pieces: 24 << 20, raw: 1 << 20 }

const MAX_END_TAG = 200

/** The most characters of a row that are kept until the rest of it comes. */
const MAX_PARTIAL_ROW = 64 * 1024

/** What saxes says of faults that happen, and how it is said here. */
const FAULTS: readonly (readonly [RegExp, string])[] = [
  [/doctype/i, 'document types (<!DOCTYPE …>) are not allowed'],
  [
    /^undefined entity/,
    'it has an entity that XML does not know; only &amp; &lt; &gt; &apos; &quot; and numbers are allowed',
  ],
  [/^unexpected close tag|^unmatched closing tag/, 'an element is closed that is not the one that is open'],
  [/^text data outside/, 'text stands outside the elements'],
  [/^malformed character entity/, 'it has a reference to a character that XML does not allow'],
  [/^disallowed character/, 'it has a character that XML does not allow there'],
  [/^encoding value/, 'its XML declaration has an encoding that is not a name'],
]

/**
 * Reads XML as it comes, in bounded memory: no document types, no entities but XML's own, no deep nesting, no endless tags.
 * Names come without their prefix.
 */
export class XmlFeed {
  readonly #listener: XmlListener
  readonly #context: TableContext
  readonly #parser = new SaxesParser({
    xmlns: false,
    position: false,
    defaultXMLVersion: '1.0',
    forceXMLVersion: true,
  })
  #depth = 0
  /** Characters since something was found. */
  #pending = 0
  /** Lines that the parser has not seen. */
  #rawLines = 0
  /** The beginning of an end tag behind base64, or of a row. */
  #carried = ''
  /** How many characters the parser was given. */
  #given = 0
  /** After how many of them the last row ended, or the first may begin. */
  #rowEnd = -1

  constructor(listener: XmlListener, context: TableContext) {
    this.#listener = listener
    this.#context = context
    const parser = this.#parser
    // Without a prototype: otherwise &constructor; would be a known entity.
    parser.ENTITIES = Object.assign(Object.create(null), { amp: '&', lt: '<', gt: '>', apos: "'", quot: '"' })
    parser.on('error', ({ message }) => {
      if (listener.isDone) return
      throw this.fault(FAULTS.find(([said]) => said.test(message))?.[1] ?? message.replace(/\.$/, ''))
    })
    parser.on('doctype', () => {
      if (listener.isDone) return
      throw this.fault('document types (<!DOCTYPE …>) are not allowed')
    })
    parser.on('opentag', ({ name, attributes }) => {
      this.#pending = 0
      this.#depth++
      if (this.#depth > MAX_DEPTH && !listener.isDone)
        throw this.fault(`elements are nested more than ${MAX_DEPTH} deep`)
      listener.open(localName(name), attributes)
      if (name === 'TABLEDATA') this.#rowEnd = parser.position
    })
    parser.on('closetag', ({ name }) => {
      this.#pending = 0
      this.#depth--
      if (name === 'TR') this.#rowEnd = parser.position
      listener.close(localName(name))
    })
    const text = (found: string) => {
      this.#pending = 0
      listener.text(found)
    }
    parser.on('text', text)
    parser.on('cdata', text)
    const pass = () => {
      this.#pending = 0
    }
    parser.on('comment', pass)
    parser.on('processinginstruction', pass)
  }

  /** @throws UploadError */
  push(piece: string): void {
    const text = this.#carried + piece
    this.#carried = ''
    for (let at = 0; at < text.length && !this.#listener.isDone; ) {
      const { mode } = this.#listener
      if (mode === 'pieces') at = this.#pushRows(text, at)
      else at = mode === 'raw' ? this.#pushRaw(text, at) : this.#write(text, at, text.indexOf('>', at) + 1)
    }
  }

  /** Called at the end of the document. @throws UploadError */
  end(): void {
    this.#write(this.#carried, 0, 0)
  }

  /** Takes rows that are plainly written, then hands on to the parser up to the end of the next one. */
  #pushRows(text: string, start: number): number {
    let at = start
    // Not where the parser is in the middle of a row, or of a comment.
    while (this.#rowEnd === this.#given) {
      const row = readPlainRow(text, at)
      if (row === 'other') break
      if (row === 'partial') {
        if (text.length - at > MAX_PARTIAL_ROW) break
        this.#carried = text.slice(at)
        return text.length
      }
      this.#countLines(text.slice(at, row.end))
      this.#listener.row(row.cells)
      at = row.end
    }
    const end = text.indexOf('</TR>', at)
    return this.#write(text, at, end === -1 ? 0 : end + '</TR>'.length)
  }

  /** Hands on what comes before the next tag, and then that. */
  #pushRaw(text: string, at: number): number {
    const found = text.indexOf('<', at)
    const start = found === -1 ? text.length : found
    if (start > at) {
      const raw = text.slice(at, start)
      this.#countLines(raw)
      this.#listener.raw(raw)
    }
    if (found === -1) return start
    const end = text.indexOf('>', start) + 1
    const length = (end || text.length) - start
    if (length > MAX_END_TAG || (length > 1 && text[start + 1] !== '/')) {
      throw this.fault('something other than base64 stands in a STREAM')
    }
    if (end > 0) return this.#write(text, start, end)
    this.#carried = text.slice(start)
    return text.length
  }

  #countLines(text: string): void {
    for (let line = text.indexOf('\n'); line !== -1; line = text.indexOf('\n', line + 1)) this.#rawLines++
  }

  fault(message: string): Error {
    return this.#context.fault(
      `it is not a VOTable that can be read: line ${this.#parser.line + this.#rawLines}: ${message}`,
    )
  }

  /** Gives a part of the text to the parser, up to its end where `end` is 0; @returns where that part ends */
  #write(text: string, start: number, end: number): number {
    const part = text.slice(start, end === 0 ? text.length : end)
    const most = MAX_TOKEN[this.#listener.mode]
    this.#pending += part.length
    if (this.#pending > most) throw this.fault(`a tag, a comment or a text has more than ${most} characters`)
    this.#given += part.length
    this.#parser.write(part)
    return start + part.length
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}
