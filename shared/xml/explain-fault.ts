import type { SaxesParser } from 'saxes'

/** A text that is not XML, from this offset on (in UTF-16 units). */
export class XmlFault extends Error {
  readonly offset: number

  constructor(offset: number, message: string) {
    super(message)
    this.offset = offset
  }
}

interface Named {
  readonly name: string
  readonly offset: number
}

/** How far a text was read. */
export interface Reading {
  readonly text: string
  readonly parser: SaxesParser<{ xmlns: true }>
  /** After the last whole tag, comment, instruction or CDATA section. */
  readTo: number
  /** The elements that are not closed yet, the innermost last. */
  readonly open: Named[]
  /** The start tag that was read last, its attributes so far, and where they end. */
  element: string
  attributes: Named[]
  attributesReadTo: number
  /** The element that was closed last. */
  closing: string
}

interface Rule {
  /** What saxes says. */
  readonly said: RegExp
  readonly at: (reading: Reading, found: string) => number
  readonly message: string | ((reading: Reading, found: string) => string)
}

/** "&" that begins no reference: the only entities are those of XML itself (XML 1.0 §4.6). */
const STRAY_AMPERSAND = /&(?!(?:amp|lt|gt|apos|quot|#x[0-9a-fA-F]+|#[0-9]+);)/
const STRAY_MESSAGE = '"&" begins no reference; it is written "&amp;"'
const DOCTYPE_MESSAGE = 'document types (<!DOCTYPE …>) are not allowed here'
const BANG_MESSAGE = '"<!" begins neither a comment nor a CDATA section'

/** The character that saxes stopped at, and what begins before it. */
const here = ({ parser }: Reading) => parser.position - 1
const markup = ({ text, readTo }: Reading) => text.indexOf('<', readTo)
const lastOf = (start: string) => (reading: Reading) => reading.text.lastIndexOf(start, here(reading))
const lastAttribute = ({ attributes }: Reading) => attributes.at(-1)?.offset ?? 0

/** Every complaint of saxes; `found` is what its first group matched. */
const RULES: readonly Rule[] = [
  { said: /^text data outside/, at: strayText, message: 'text stands outside the root element' },
  {
    said: /^documents may contain only one root/,
    at: markup,
    message: (r) => `<${r.element}> is a second root element`,
  },
  {
    said: /^unmatched closing tag: (.*)\.$/,
    at: lastOf('<'),
    message: (_, tag) => `</${tag}> closes an element that is not open`,
  },
  {
    said: /^unexpected close tag/,
    at: lastOf('<'),
    message: (r) => `${r.text.slice(lastOf('<')(r), r.parser.position)} stands where </${r.closing}> is expected`,
  },
  { said: /^weird empty close tag/, at: here, message: 'expected the name of an element' },
  { said: /in closing tag/, at: here, message: 'the closing tag is not complete' },
  { said: /in tag name|^forward-slash/, at: here, message: 'expected the name of an element, white space or ">"' },
  { said: /in attribute name/, at: here, message: (r) => `expected the name of an attribute of <${r.element}>` },
  {
    said: /^attribute without value/,
    at: here,
    message: (r) => `the attribute ${pendingAttribute(r).name} has no value`,
  },
  {
    said: /^unquoted attribute value/,
    at: here,
    message: (r) => `the value of ${pendingAttribute(r).name} is not in quotes`,
  },
  { said: /^no whitespace/, at: here, message: (r) => `<${r.element}> needs white space before its next attribute` },
  {
    said: /^disallowed character\.$/,
    at: here,
    message: (r) => `the value of ${pendingAttribute(r).name} holds "<", which is written "&lt;"`,
  },
  { said: /^duplicate attribute: (.*)\.$/, at: duplicate, message: twice },
  { said: /^malformed name: (.*)\.$/, at: malformedName, message: (_, name) => `${name} is not a name with a prefix` },
  {
    said: /^unbound namespace prefix: "(.*)"\.$/,
    at: (r, prefix) => unbound(r, prefix).offset,
    message: (r, prefix) => `the prefix ${prefix}: of ${unbound(r, prefix).name} is not declared`,
  },
  { said: /"xmlns" as prefix/, at: markup, message: (r) => `the prefix of <${r.element}> is not allowed` },
  {
    said: /^invalid attempt to undefine|prefix must be bound|^may not assign|namespace may not be set/,
    at: lastAttribute,
    message: (r) => `${r.attributes.at(-1)?.name} cannot declare a namespace with this value`,
  },
  { said: /^(?:empty entity|disallowed character in entity)/, at: strayAmpersand, message: STRAY_MESSAGE },
  {
    said: /^undefined entity/,
    at: lastOf('&'),
    message: (r) => `the entity ${r.text.slice(lastOf('&')(r), r.parser.position)} is not declared`,
  },
  { said: /^malformed character entity/, at: lastOf('&'), message: characterReference },
  { said: /"\]\]>"/, at: (r) => r.parser.position - 3, message: 'text holds "]]>", which is written "]]&gt;"' },
  {
    said: /^malformed comment/,
    at: (r) => (endsWithDashes(r) ? lastOf('<!--')(r) : r.parser.position - 3),
    message: (r) => (endsWithDashes(r) ? 'a comment ends with "--->"' : 'a comment holds "--"'),
  },
  { said: /doctype/, at: markup, message: DOCTYPE_MESSAGE },
  { said: /^incorrect syntax/, at: markup, message: BANG_MESSAGE },
  { said: /^processing instruction without|in processing instruction name/, at: markup, message: instructionName },
  {
    said: /XML declaration must (?:be|appear) at/i,
    at: markup,
    message: 'an XML declaration stands only at the very start',
  },
  { said: /^version number/, at: markup, message: 'the XML version must be "1.0"' },
  { said: /^encoding value/, at: markup, message: 'the encoding must be UTF-8 or US-ASCII' },
  { said: /^standalone value/, at: markup, message: 'standalone must be "yes" or "no"' },
  { said: /must contain a version|^expected .* version/, at: markup, message: 'the XML declaration has no version' },
  {
    said: /^expected|^did not expect|^whitespace required/,
    at: markup,
    message: 'the XML declaration has a part that does not belong there',
  },
  {
    said: /^value (?:required|must be quoted)|in XML declarations|declaration is incomplete/,
    at: markup,
    message: 'the XML declaration is not complete',
  },
]

/** The fault behind a complaint of saxes, with the place where it begins. */
export function explainFault(reading: Reading, said: string): XmlFault {
  for (const { said: pattern, at, message } of RULES) {
    const match = pattern.exec(said)
    if (match === null) continue
    const found = match[1] ?? ''
    return new XmlFault(at(reading, found), typeof message === 'string' ? message : message(reading, found))
  }
  return new XmlFault(here(reading), said)
}

/** How markup that is no tag begins, the longest first, and what it is without its end. */
const UNFINISHED: readonly (readonly [start: string, message: string])[] = [
  ['<!--', 'a comment is never closed with -->'],
  ['<![CDATA[', 'a CDATA section is never closed with ]]>'],
  ['<!DOCTYPE', DOCTYPE_MESSAGE],
  ['<!', BANG_MESSAGE],
  ['<?', 'an instruction or declaration is never closed with ?>'],
]

/** The fault of a text that was read to its end without being complete. */
export function explainUnfinished(reading: Reading): XmlFault {
  const { text, readTo, open } = reading
  const start = markup(reading)
  const known = start === -1 ? undefined : UNFINISHED.find(([begin]) => text.startsWith(begin, start))
  const stray = text.slice(readTo, known === undefined ? text.length : start).search(STRAY_AMPERSAND)
  if (stray !== -1) return new XmlFault(readTo + stray, STRAY_MESSAGE)
  if (known !== undefined) return new XmlFault(start, known[1])
  if (start !== -1 && text[start + 1] === '/') return new XmlFault(text.length, `${text.slice(start)}> is not complete`)
  if (start !== -1) {
    const { name, quote } = pendingAttribute(reading)
    if (quote !== -1) return new XmlFault(quote, `the value of ${name} is never closed`)
    return new XmlFault(start, `${/^<[^\s/>]*/.exec(text.slice(start))?.[0]}> is not complete`)
  }
  const innermost = open.at(-1)
  if (innermost === undefined) return new XmlFault(text.length, 'the document has no element')
  return new XmlFault(innermost.offset, `<${innermost.name}> is never closed`)
}

function strayText({ text, readTo }: Reading): number {
  return readTo + text.slice(readTo).search(/[^ \t\r\n]/)
}

function strayAmpersand({ text, readTo }: Reading): number {
  return readTo + text.slice(readTo).search(STRAY_AMPERSAND)
}

/** The attribute that is not read to its end; `quote` is where its value begins, -1 before that. */
function pendingAttribute({ text, attributesReadTo }: Reading): Named & { readonly quote: number } {
  const match = /^[ \t\r\n]*([^ \t\r\n=>]*)[ \t\r\n]*(?:=[ \t\r\n]*(["']))?/.exec(text.slice(attributesReadTo))
  const [whole = '', name = '', quote] = match ?? []
  const offset = attributesReadTo + whole.indexOf(name)
  return { name, offset, quote: quote === undefined ? -1 : attributesReadTo + whole.length - 1 }
}

function endsWithDashes({ text, parser }: Reading): boolean {
  return text.startsWith('->', parser.position - 1)
}

/** The second attribute with this name, which saxes writes `{namespace}local` where there is a prefix. */
function duplicate({ parser, attributes }: Reading, expanded: string): number {
  const same = attributes.filter(({ name }) => {
    const [first = '', local] = name.split(':')
    return expanded === (local === undefined ? name : `{${parser.resolve(first)}}${local}`)
  })
  return same[1]?.offset ?? 0
}

function twice(reading: Reading, expanded: string): string {
  const offset = duplicate(reading, expanded)
  const { name = expanded } = reading.attributes.find((attribute) => attribute.offset === offset) ?? {}
  const isSpelled = reading.attributes.filter((attribute) => attribute.name === name).length > 1
  return `<${reading.element}> has the attribute ${name} twice${isSpelled ? '' : ', by its namespace'}`
}

function malformedName(reading: Reading, name: string): number {
  return name === reading.element ? markup(reading) : pendingAttribute(reading).offset
}

function unbound(reading: Reading, prefix: string): Named {
  const element = { name: reading.element, offset: markup(reading) }
  return [element, ...reading.attributes].find(({ name }) => name.startsWith(`${prefix}:`)) ?? element
}

function characterReference(reading: Reading): string {
  const reference = reading.text.slice(lastOf('&')(reading), reading.parser.position)
  return STRAY_AMPERSAND.test(reference) ? STRAY_MESSAGE : `${reference} is no character of XML`
}

function instructionName(reading: Reading): string {
  const name = /^[^ \t\r\n?]*/.exec(reading.text.slice(markup(reading) + 2))?.[0] ?? ''
  return `a processing instruction cannot be called ${JSON.stringify(name)}`
}
