import { SaxesParser } from 'saxes'
import { FORBIDDEN } from './characters.ts'
import { explainFault, explainUnfinished, type Reading, XmlFault } from './explain-fault.ts'

/** How deep elements may be nested: far more than any document here needs, and little enough to be read quickly. */
const MAX_DEPTH = 256

/** The encodings that are read; for both, the text is UTF-8. */
const ENCODINGS = /^(?:utf-?8|us-ascii|ascii)$/i

/** A character that may stand in a name, but not first: for local names, which saxes does not check. */
const NOT_NAME_START = /^(?:[-.0-9\xb7\u203f\u2040]|[\u0300-\u036f])/

/**
 * What keeps a text from being a well-formed XML 1.0 document with well-formed namespaces (XML 1.0 §2.1, Namespaces in
 * XML §7); null: nothing. A document with a document type, or with more than 256 levels of elements, has a fault too.
 */
export function findXmlFault(text: string): { readonly offset: number; readonly message: string } | null {
  try {
    read(text)
    return null
  } catch (error) {
    if (error instanceof XmlFault) return { offset: error.offset, message: error.message }
    throw error
  }
}

function read(text: string): void {
  const forbidden = FORBIDDEN.exec(text)
  if (forbidden !== null) {
    throw new XmlFault(forbidden.index, `the character ${codeOf(forbidden[0])} is not allowed in XML`)
  }
  const reading: Reading = {
    text,
    parser: new SaxesParser({ xmlns: true, position: false, defaultXMLVersion: '1.0', forceXMLVersion: true }),
    readTo: text.startsWith('\ufeff') ? 1 : 0,
    open: [],
    element: '',
    closing: '',
    attributes: [],
    attributesReadTo: 0,
  }
  const { parser } = reading
  // Without a prototype: otherwise &constructor; would be a known entity.
  parser.ENTITIES = Object.assign(Object.create(null), { amp: '&', lt: '<', gt: '>', apos: "'", quot: '"' })
  parser.on('error', ({ message }) => {
    throw explainFault(reading, message)
  })
  listen(reading)
  parser.write(text)
  parser.on('error', () => {
    throw explainUnfinished(reading)
  })
  parser.close()
}

/** Keeps in mind what was read, so that a fault has its place. */
function listen(reading: Reading): void {
  const { text, parser } = reading
  const pass = () => {
    reading.readTo = parser.position
  }
  parser.on('comment', () => {
    // Called before the ">" is read: until then the comment is not closed.
    if (text[parser.position] === '>') pass()
  })
  parser.on('cdata', pass)
  parser.on('processinginstruction', pass)
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && !ENCODINGS.test(encoding)) {
      throw new XmlFault(text.indexOf('<'), `the encoding must be UTF-8 or US-ASCII, not "${encoding}"`)
    }
    pass()
  })
  parser.on('doctype', () => {
    throw explainFault(reading, 'inappropriately located doctype declaration.')
  })
  parser.on('opentagstart', ({ name }) => {
    reading.element = name
    reading.attributes = []
    reading.attributesReadTo = parser.position - 1
  })
  parser.on('attribute', ({ name }) => {
    const between = text.slice(reading.attributesReadTo).search(/[^ \t\r\n]/)
    const offset = reading.attributesReadTo + between
    if (name === 'xmlns:xmlns') throw new XmlFault(offset, `${name} cannot declare a namespace`)
    reading.attributes.push({ name, offset })
    reading.attributesReadTo = parser.position
  })
  parser.on('opentag', ({ name, local, attributes }) => {
    const offset = text.indexOf('<', reading.readTo)
    if (NOT_NAME_START.test(local)) throw new XmlFault(offset, `${name} is not a name with a prefix`)
    for (const attribute of reading.attributes) {
      if (!NOT_NAME_START.test(attributes[attribute.name]?.local ?? '')) continue
      throw new XmlFault(attribute.offset, `${attribute.name} is not a name with a prefix`)
    }
    if (reading.open.length === MAX_DEPTH) {
      throw new XmlFault(offset, `elements are nested more than ${MAX_DEPTH} deep`)
    }
    reading.open.push({ name, offset })
    pass()
  })
  parser.on('closetag', ({ name }) => {
    reading.closing = name
    reading.open.pop()
    pass()
  })
}

function codeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}
