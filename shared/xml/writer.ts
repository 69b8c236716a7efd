import { escapeXml } from './characters.ts'

/** Attributes in the order in which they are written; those without a value are left out. */
export type Attributes = Readonly<Record<string, string | number | bigint | boolean | null | undefined>>

/**
 * Writes an XML document as text, each element on a line of its own. Whatever the values hold, the result is well-formed
 * XML 1.0 with the same values, save that characters which XML forbids become U+FFFD. Names are not checked.
 */
export class XmlWriter {
  #text: string
  readonly #open: string[] = []

  /** `start` is what stands before the first element: the declaration, unless a part of a document is written. */
  constructor(start = '<?xml version="1.0" encoding="UTF-8"?>\n') {
    this.#text = start
  }

  /** The start tag of an element with children. */
  open(name: string, attributes: Attributes = {}): this {
    this.#line(`<${name}${formatAttributes(attributes)}>`)
    this.#open.push(name)
    return this
  }

  /** The end tag of the innermost element that is open. */
  close(): this {
    const name = this.#open.pop()
    if (name === undefined) throw new Error('no element is open')
    return this.#line(`</${name}>`)
  }

  /** An element without children; with no text it is empty. */
  element(name: string, attributes: Attributes = {}, text?: string | number | bigint | boolean | null): this {
    const start = `<${name}${formatAttributes(attributes)}`
    if (text === undefined || text === null || text === '') return this.#line(`${start}/>`)
    return this.#line(`${start}>${escapeXml(String(text))}</${name}>`)
  }

  /** An element with this text; nothing at all where there is none. */
  textElement(name: string, text: string | number | bigint | boolean | null | undefined): this {
    return text === undefined || text === null ? this : this.element(name, {}, text)
  }

  /** Elements that are XML already, well-formed, without a declaration. */
  xml(elements: string): this {
    return this.#line(elements)
  }

  /** What was written since the last call: a document can be sent in parts. */
  take(): string {
    const text = this.#text
    this.#text = ''
    return text
  }

  #line(text: string): this {
    this.#text += `${'  '.repeat(this.#open.length)}${text}\n`
    return this
  }
}

function formatAttributes(attributes: Attributes): string {
  let text = ''
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) text += ` ${name}="${escapeAttribute(String(value))}"`
  }
  return text
}

/** Readers make blanks of tabs and line ends in attributes that are not written as references (XML 1.0 §3.3.3). */
function escapeAttribute(value: string): string {
  return escapeXml(value).replace(/[\t\n]/g, (character) => `&#${character.charCodeAt(0)};`)
}
