import { XmlError } from './cursor.ts'

/** XML 1.0 §2.2 [2]. Half of a surrogate pair is none either. */
const FORBIDDEN = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u

/** @throws XmlError for the first character that no XML document may hold */
export function checkCharacters(text: string): void {
  const found = FORBIDDEN.exec(text)
  if (found !== null) throw new XmlError(found.index, `the character ${nameOf(found[0])} is not allowed in XML`)
}

/** Without a document type, only these entities exist (XML 1.0 §4.6). */
const ENTITIES: ReadonlySet<string> = new Set(['amp', 'lt', 'gt', 'apos', 'quot'])

const REFERENCE = /&(#x[0-9a-fA-F]+|#[0-9]+|[^\s;&<#][^\s;&<]*);/y

/**
 * Checks every `&…;` of a text.
 *
 * @param offset where the text begins in the document
 * @throws XmlError
 */
export function checkReferences(text: string, offset: number): void {
  for (let at = text.indexOf('&'); at !== -1; at = text.indexOf('&', at + 1)) {
    REFERENCE.lastIndex = at
    const reference = REFERENCE.exec(text)?.[1]
    if (reference === undefined) throw new XmlError(offset + at, '"&" begins no reference; it is written "&amp;"')
    const complaint = reference.startsWith('#') ? refuseCode(reference) : refuseEntity(reference)
    if (complaint !== null) throw new XmlError(offset + at, complaint)
  }
}

function refuseCode(reference: string): string | null {
  const code = reference.startsWith('#x') ? Number.parseInt(reference.slice(2), 16) : Number(reference.slice(1))
  const exists = code <= 0x10ffff && !FORBIDDEN.test(String.fromCodePoint(code))
  return exists ? null : `&${reference}; is no character of XML`
}

function refuseEntity(name: string): string | null {
  return ENTITIES.has(name) ? null : `the entity &${name}; is not declared`
}

function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}
