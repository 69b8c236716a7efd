import { formatInstant } from '../write-record.ts'
import type { Prefix } from './selection.ts'

const PREFIXES: readonly string[] = ['ivo_vor', 'oai_dc'] satisfies readonly Prefix[]

export function isPrefix(text: string): text is Prefix {
  return PREFIXES.includes(text)
}

const DATE = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}Z)?$/

/** A day or a second that exists (OAI-PMH 2.0 §3.3). PostgreSQL has no year 0. */
export function isDate(text: string): boolean {
  if (!DATE.test(text) || text.startsWith('0000')) return false
  const date = new Date(text)
  return !Number.isNaN(date.getTime()) && formatInstant(date).startsWith(text)
}

interface Syntax {
  readonly fits: (value: string) => boolean
  /** In words for who sent something else. */
  readonly what: string
}

/** A URI (RFC 3986), as validators take it. */
const URI =
  /^[A-Za-z][A-Za-z0-9+.-]*:(?:[\w\-.~:/?@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+(?:#(?:[\w\-.~:/?@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)?$/

/** What OAI-PMH.xsd takes as an attribute of `request`. */
export const SYNTAX: Readonly<Record<string, Syntax>> = {
  metadataPrefix: { fits: (value) => /^[A-Za-z0-9\-_.!~*'()]+$/.test(value), what: 'a metadata prefix' },
  set: {
    fits: (value) => /^[A-Za-z0-9\-_.!~*'()]+(?::[A-Za-z0-9\-_.!~*'()]+)*$/.test(value),
    what: 'the name of a set',
  },
  identifier: { fits: (value) => URI.test(value) && URL.canParse(value), what: 'a URI' },
}
