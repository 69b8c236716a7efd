import { SaxesParser } from 'saxes'
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
}

/** How deep elements may be nested. */
const MAX_DEPTH = 100

/** The most characters of one tag, comment or text; of a cell, as many as the base64 of 16 MiB. */
const MAX_TOKEN: Readonly<Record<Mode, number>> = { elements: 1 << 20, pieces: 24 << 20, raw: 1 << 20 }

const MAX_END_TAG = 200

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
  /** The beginning of an end tag behind base64. */
  #carried = ''

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
    })
    parser.on('closetag', ({ name }) => {
      this.#pending = 0
      this.#depth--
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
      const start = this.#listener.mode === 'raw' ? this.#takeRaw(text, at) : at
      const end = this.#listener.mode === 'pieces' ? text.length : text.indexOf('>', start) + 1
      if (end === 0 && this.#listener.mode === 'raw') {
        this.#carry(text.slice(start))
        return
      }
      at = end === 0 ? text.length : end
      this.#write(text.slice(start, at))
    }
  }

  fault(message: string): Error {
    return this.#context.fault(
      `it is not a VOTable that can be read: line ${this.#parser.line + this.#rawLines}: ${message}`,
    )
  }

  /** Hands on what comes before the next tag, and says where that begins. */
  #takeRaw(text: string, at: number): number {
    const found = text.indexOf('<', at)
    const end = found === -1 ? text.length : found
    if (end > at) {
      const raw = text.slice(at, end)
      for (let line = raw.indexOf('\n'); line !== -1; line = raw.indexOf('\n', line + 1)) this.#rawLines++
      this.#listener.raw(raw)
    }
    return end
  }

  /** What is not yet all of a tag behind base64. */
  #carry(text: string): void {
    if (text.length > 1 && (text[1] !== '/' || text.length > MAX_END_TAG)) {
      throw this.fault('something other than base64 stands in a STREAM')
    }
    this.#carried = text
  }

  #write(text: string): void {
    const { mode } = this.#listener
    if (mode === 'raw' && text[1] !== '/') throw this.fault('something other than base64 stands in a STREAM')
    this.#pending += text.length
    if (this.#pending > MAX_TOKEN[mode]) {
      throw this.fault(`a tag, a comment or a text has more than ${MAX_TOKEN[mode]} characters`)
    }
    this.#parser.write(text)
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}
