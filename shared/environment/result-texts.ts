import { messageOf } from '../failure.ts'
import { complaintAboutName } from '../releases/entry-name.ts'
import { type Shape, text, transformed } from './shapes.ts'

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])
const DURATION = /^(\d{1,6})\s?([smhd])$/

function complaintAboutDuration(text: string): string | null {
  return DURATION.test(text) ? null : 'is not a valid duration: a whole number with s, m, h or d, such as 36h'
}

const writtenDuration: Shape<number> = transformed(text(complaintAboutDuration), parseDuration, showDuration)

/** `36h` → milliseconds. A number alone gets the hint that its unit is missing. */
export const duration: Shape<number> = {
  ...writtenDuration,
  read: (node, path, report) => {
    if (node.kind !== 'scalar' || typeof node.value !== 'number') return writtenDuration.read(node, path, report)
    const message = `must be text with a unit: ${node.value}d is ${node.value} days (s, m, h, d), not the number ${node.value}`
    report.error('wrong_type', { path, at: node.at }, message)
    return undefined
  },
}

/** Milliseconds of a duration about which there is no complaint. */
export function parseDuration(text: string): number {
  const [, count = '', unit = ''] = DURATION.exec(text) ?? []
  return Number(count) * (UNIT_MS.get(unit) ?? Number.NaN)
}

function showDuration(milliseconds: number): string {
  const [unit = 's', length = 1000] = [...UNIT_MS].findLast(([, length]) => milliseconds % length === 0) ?? []
  return `${milliseconds / length}${unit}`
}

/** What RE2 lacks of the regular expressions of JavaScript: what might have to try a name in many ways. */
const NOT_IN_RE2: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['look-around', /\(\?<?[=!]/],
  ['a back reference', /\\(?:[1-9]|k)/],
  ['an escape that RE2 does not know', /\\[cu]/],
  ['a property of Unicode other than a category such as \\p{Lu}', /\\p\{(?![A-Z][a-z]?\})/i],
  ['a repeat count over 1000', /\{(?:\d+,)?(?:1\d{3}(?<!1000)|[2-9]\d{3}|\d{5,})[,}]/],
]

/** A pattern has to mean the same to RE2, which matches it, and to JavaScript, whose expressions everybody knows. */
export function complaintAboutNamePattern(pattern: string): string | null {
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

/** The name of an object of the results bucket. */
export const objectName = text((name) =>
  name === '' || name.endsWith('/') ? 'is not the name of an object' : complaintAboutName(name),
)

const IDENTIFIER = /^(?:[A-Za-z_][A-Za-z0-9_$]*|"[^"\0]+")$/

/** A column, as PostgreSQL keeps its name. */
export const column: Shape<string> = transformed(text(complaintAboutIdentifier), parseIdentifier)

function complaintAboutIdentifier(name: string): string | null {
  if (!IDENTIFIER.test(name))
    return 'is not a valid name of a column: letters, digits and underscores, or anything in double quotes'
  return Buffer.byteLength(parseIdentifier(name)) > 63 ? 'is longer than the 63 bytes of a name in PostgreSQL' : null
}

/** Schema and table (or the table alone), as PostgreSQL keeps their names. */
export const table: Shape<readonly string[]> = transformed(text(complaintAboutTable), parseTable, (parts) =>
  parts.join('.'),
)

function complaintAboutTable(table: string): string | null {
  const parts = splitTable(table)
  if (parts.length > 2 || !parts.every((part) => IDENTIFIER.test(part)))
    return 'is not a valid table: expected schema.table'
  return null
}

function parseTable(table: string): readonly string[] {
  return splitTable(table).map(parseIdentifier)
}

/** PostgreSQL keeps a name in lower case unless it was written in double quotes (SQL syntax, "Identifiers"). */
function parseIdentifier(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1) : name.toLowerCase()
}

function splitTable(table: string): readonly string[] {
  return table.split(/\.(?=(?:[^"]*"[^"]*")*[^"]*$)/)
}
