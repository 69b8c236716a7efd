import { messageOf } from '../failure.ts'
import { complaintAboutName } from '../releases/entry-name.ts'

/** As in field-rules.ts: why a text cannot be what it is meant for, as the end of a sentence about it; null: it can. */

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])
const DURATION = /^(\d{1,6})\s?([smhd])$/

export function refuseDuration(text: string): string | null {
  return DURATION.test(text) ? null : 'is no duration: a whole number with s, m, h or d, such as 36h'
}

/** Milliseconds of a duration that `refuseDuration` has not refused. */
export function parseDuration(text: string): number {
  const [, count = '', unit = ''] = DURATION.exec(text) ?? []
  return Number(count) * (UNIT_MS.get(unit) ?? Number.NaN)
}

/** What RE2 lacks of the regular expressions of JavaScript: whatever might have to try a name in many ways. */
const NOT_IN_RE2: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['look-around', /\(\?<?[=!]/],
  ['a back reference', /\\(?:[1-9]|k)/],
  ['an escape that RE2 does not know', /\\[cu]/],
  ['a property of Unicode other than a category such as \\p{Lu}', /\\p\{(?![A-Z][a-z]?\})/i],
  ['a repeat count over 1000', /\{(?:\d+,)?(?:1\d{3}(?<!1000)|[2-9]\d{3}|\d{5,})[,}]/],
]

/** A pattern has to mean the same to RE2, which matches it, and to JavaScript, whose expressions everybody knows. */
export function refuseNamePattern(pattern: string): string | null {
  if (!pattern.startsWith('^') || !/[^\\]\$$/.test(pattern))
    return 'must begin with ^ and end with $, to fit whole names only'
  try {
    new RegExp(pattern, 'u')
  } catch (error) {
    return `is not a valid regular expression: ${messageOf(error).replace(/^.*\/u: /, '')}`
  }
  // A backslash that is escaped itself begins nothing.
  const text = pattern.replaceAll('\\\\', '')
  const lacking = NOT_IN_RE2.find(([, shape]) => shape.test(text))
  if (lacking !== undefined) return `has ${lacking[0]}, so it could take forever for some names: write it without`
  const groups = [...text.matchAll(/\(\?<([A-Za-z_$][\w$]*)>/g)].map((match) => match[1])
  const other = groups.find((name) => name !== 'job')
  return other === undefined ? null : `has a group ${JSON.stringify(other)}; the only name that means something is job`
}

export function refuseStateName(name: string): string | null {
  return name === '' || name.endsWith('/') ? 'is not the name of an object' : complaintAboutName(name)
}

const IDENTIFIER = /^(?:[A-Za-z_][A-Za-z0-9_$]*|"[^"\0]+")$/

export function refuseIdentifier(name: string): string | null {
  if (!IDENTIFIER.test(name))
    return 'is no name of a column: letters, digits and underscores, or anything in double quotes'
  return Buffer.byteLength(parseIdentifier(name)) > 63 ? 'is longer than the 63 bytes of a name in PostgreSQL' : null
}

export function refuseTable(table: string): string | null {
  const parts = splitTable(table)
  if (parts.length > 2 || !parts.every((part) => IDENTIFIER.test(part))) return 'is no table: expected schema.table'
  return null
}

/** The names of schema and table, as PostgreSQL keeps them. */
export function parseTable(table: string): readonly string[] {
  return splitTable(table).map(parseIdentifier)
}

/** PostgreSQL keeps a name in lower case unless it was written in double quotes (SQL syntax, "Identifiers"). */
export function parseIdentifier(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1) : name.toLowerCase()
}

function splitTable(table: string): readonly string[] {
  return table.split(/\.(?=(?:[^"]*"[^"]*")*[^"]*$)/)
}
