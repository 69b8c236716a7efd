import { checkCharacters, checkReferences } from './characters.ts'
import { XmlCursor, XmlError } from './cursor.ts'
import { readDeclaration } from './declaration.ts'
import { checkNames, NO_PREFIXES, type Prefixes } from './namespaces.ts'

/** Where a text stops being XML, and why. */
export interface XmlFault {
  /** In UTF-16 units from the start of the text. */
  readonly offset: number
  readonly message: string
}

/**
 * What keeps a text from being a well-formed XML 1.0 document with well-formed namespaces (XML 1.0 §2.1, Namespaces in
 * XML §7); null: nothing. Document types are not processed: a document with one is refused.
 */
export function findXmlFault(text: string): XmlFault | null {
  try {
    new DocumentReader(text).read()
    return null
  } catch (error) {
    if (error instanceof XmlError) return { offset: error.offset, message: error.message }
    throw error
  }
}

interface OpenElement {
  readonly name: string
  readonly offset: number
  readonly prefixes: Prefixes
}

class DocumentReader {
  readonly #cursor: XmlCursor
  readonly #open: OpenElement[] = []
  #hasRoot = false

  constructor(text: string) {
    this.#cursor = new XmlCursor(text)
  }

  read(): void {
    const cursor = this.#cursor
    checkCharacters(cursor.text)
    readDeclaration(cursor)
    while (!cursor.atEnd) {
      if (cursor.sees('<')) this.#readMarkup()
      else this.#readText()
    }
    const unclosed = this.#open.at(-1)
    if (unclosed !== undefined) throw new XmlError(unclosed.offset, `<${unclosed.name}> is never closed`)
    if (!this.#hasRoot) throw new XmlError(cursor.at, 'the document has no element')
  }

  #readText(): void {
    const { offset, text } = this.#cursor.takeUntil('<')
    if (this.#open.length === 0) {
      const stray = text.search(/[^ \t\r\n]/)
      if (stray !== -1) throw new XmlError(offset + stray, 'text stands outside the root element')
      return
    }
    const end = text.indexOf(']]>')
    if (end !== -1) throw new XmlError(offset + end, 'text holds "]]>", which is written "]]&gt;"')
    checkReferences(text, offset)
  }

  #readMarkup(): void {
    const cursor = this.#cursor
    if (cursor.sees('<!--')) this.#readComment()
    else if (cursor.sees('<![CDATA[')) this.#readCharacterData()
    else if (cursor.sees('<?')) this.#readInstruction()
    else if (cursor.sees('<!DOCTYPE'))
      throw new XmlError(cursor.at, 'document types (<!DOCTYPE …>) are not allowed here')
    else if (cursor.sees('<!')) throw new XmlError(cursor.at, '"<!" begins neither a comment nor a CDATA section')
    else if (cursor.sees('</')) this.#readEndTag()
    else this.#readStartTag()
  }

  #readComment(): void {
    const start = this.#cursor.at
    const comment = this.#cursor.takeBetween('<!--', '-->', 'a comment')
    const dashes = comment.indexOf('--')
    if (dashes !== -1) throw new XmlError(start + 4 + dashes, 'a comment holds "--"')
    if (comment.endsWith('-')) throw new XmlError(start, 'a comment ends with "--->"')
  }

  #readCharacterData(): void {
    const { at } = this.#cursor
    if (this.#open.length === 0) throw new XmlError(at, 'a CDATA section stands outside the root element')
    this.#cursor.takeBetween('<![CDATA[', ']]>', 'a CDATA section')
  }

  #readInstruction(): void {
    const { at } = this.#cursor
    const content = this.#cursor.takeBetween('<?', '?>', 'a processing instruction')
    const target = /^[^ \t\r\n]*/.exec(content)?.[0] ?? ''
    if (/^xml$/i.test(target)) throw new XmlError(at, 'an XML declaration stands only at the very start')
    if (!XmlCursor.isName(target) || target.includes(':')) {
      throw new XmlError(at, `a processing instruction cannot be called ${JSON.stringify(target)}`)
    }
  }

  #readStartTag(): void {
    const cursor = this.#cursor
    const offset = cursor.at
    cursor.take('<')
    const name = cursor.takeName('the name of an element')
    if (this.#open.length === 0 && this.#hasRoot) throw new XmlError(offset, `<${name}> is a second root element`)
    this.#hasRoot = true
    const attributes = new Map<string, { readonly offset: number; readonly value: string }>()
    for (;;) {
      const hasSpace = cursor.skipSpace()
      if (cursor.sees('>') || cursor.sees('/>')) break
      if (cursor.atEnd) throw new XmlError(offset, `<${name}> is not complete`)
      if (!hasSpace) throw new XmlError(cursor.at, `<${name}> needs white space before its next attribute`)
      const start = cursor.at
      const attribute = cursor.takeName(`the name of an attribute of <${name}>`)
      if (attributes.has(attribute)) throw new XmlError(start, `<${name}> has the attribute ${attribute} twice`)
      attributes.set(attribute, { offset: start, value: this.#readValue(attribute) })
    }
    const outer = this.#open.at(-1)?.prefixes ?? NO_PREFIXES
    const prefixes = checkNames(name, offset, attributes, outer)
    if (cursor.sees('/>')) cursor.take('/>')
    else {
      cursor.take('>')
      this.#open.push({ name, offset, prefixes })
    }
  }

  #readValue(attribute: string): string {
    const cursor = this.#cursor
    cursor.skipSpace()
    if (!cursor.sees('=')) throw new XmlError(cursor.at, `the attribute ${attribute} has no value`)
    cursor.take('=')
    cursor.skipSpace()
    const quote = cursor.sees('"') ? '"' : "'"
    if (!cursor.sees(quote)) throw new XmlError(cursor.at, `the value of ${attribute} is not in quotes`)
    const start = cursor.at + 1
    const value = cursor.takeBetween(quote, quote, `the value of ${attribute}`)
    const less = value.indexOf('<')
    if (less !== -1) throw new XmlError(start + less, `the value of ${attribute} holds "<", which is written "&lt;"`)
    checkReferences(value, start)
    return value
  }

  #readEndTag(): void {
    const cursor = this.#cursor
    const offset = cursor.at
    cursor.take('</')
    const name = cursor.takeName('the name of an element')
    cursor.skipSpace()
    if (!cursor.sees('>')) throw new XmlError(cursor.at, `</${name}> is not complete`)
    cursor.take('>')
    const open = this.#open.pop()
    if (open === undefined) throw new XmlError(offset, `</${name}> closes an element that is not open`)
    if (open.name !== name) throw new XmlError(offset, `</${name}> stands where </${open.name}> is expected`)
  }
}
