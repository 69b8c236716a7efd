import { ADQL_RESERVED_WORDS } from '../reserved-words.ts'
import type { DeclaredName } from './metadata.ts'
import type { Name, QualifiedName } from './syntax.ts'

const REGULAR = /^[A-Za-z][A-Za-z0-9_]*$/

/** The name in double quotes. */
export function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}

/** Whether a name can be written without quotes. */
export function isRegular(text: string): boolean {
  return REGULAR.test(text) && !ADQL_RESERVED_WORDS.has(text.toUpperCase())
}

/** A declared name as a query has to write it. */
export function adqlName({ text, delimited }: DeclaredName): string {
  return delimited || !isRegular(text) ? quote(text) : text
}

/** A name as it was written. */
export function writtenName(name: Name): string {
  return name.quoted ? quote(name.text) : name.text
}

export function writtenPath({ parts }: QualifiedName): string {
  return parts.map(writtenName).join('.')
}

/** A name of the query as one that others can refer to. */
export function declared({ text, quoted }: Name): DeclaredName {
  return { text, delimited: quoted }
}

/**
 * Reads a name of TAP_SCHEMA, `sky."Field"` or `dp1.Object`: its parts, those in quotes delimited. What no identifier
 * can be is taken as delimited.
 */
export function parseDeclaredNames(text: string): DeclaredName[] {
  const parts = text.match(/"(?:[^"]|"")*"|[^."]+/g) ?? []
  return parts.map((part) =>
    part.startsWith('"')
      ? { text: part.slice(1, -1).replaceAll('""', '"'), delimited: true }
      : { text: part.trim(), delimited: !REGULAR.test(part.trim()) },
  )
}
