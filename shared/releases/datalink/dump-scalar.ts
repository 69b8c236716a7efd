import { resolvePlain } from '../../yaml/scalars.ts'

/** Where a scalar is written. */
export interface ScalarPlace {
  /** The column at which it begins. */
  readonly column: number
  /** Where its lines go on when they are broken after 80 columns; null: it is a key, which stays on its line. */
  readonly indent: number | null
}

/**
 * Text as PyYAML's `dump` writes it by default: plain where YAML 1.1 reads it back as text, else in single quotes, and
 * in double quotes with escapes for whatever is not printable ASCII. (Text of several lines, which PyYAML spreads over
 * lines in single quotes, is in double quotes here.)
 */
export function dumpScalar(text: string, place: ScalarPlace): string {
  if (!/^[ -~]*$/.test(text)) return `"${writeEscaped([...text], inQuotes(place))}"`
  return isPlain(text) ? writeWords(text, place) : `'${writeWords(text.replaceAll("'", "''"), inQuotes(place))}'`
}

const WIDTH = 80

/** What YAML would read as something else than text: nothing, indicators, comments. */
const INDICATORS: readonly RegExp[] = [
  /^$/,
  /^(?:---|\.\.\.)/,
  /^[#,[\]{}&*!|>'"%@`]/,
  /^[?:-](?: |$)/,
  /:(?: |$)/,
  / #/,
  /^ | $/,
]

function isPlain(text: string): boolean {
  return !INDICATORS.some((pattern) => pattern.test(text)) && text !== '<<' && resolvePlain(text) === text
}

function inQuotes({ column, indent }: ScalarPlace): ScalarPlace {
  return { column: column + 1, indent }
}

/** A line that is over the width is broken at its next single space between words. */
function writeWords(text: string, { column, indent }: ScalarPlace): string {
  const parts = text.split(/( +)/)
  let written = ''
  let at = column
  for (const [index, part] of parts.entries()) {
    const isBetween = part === ' ' && index > 0 && written !== '' && parts[index + 1] !== ''
    if (isBetween && at > WIDTH && indent !== null) {
      written += `\n${' '.repeat(indent)}`
      at = indent
    } else {
      written += part
      at += part.length
    }
  }
  return written
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '0',
  '\x07': 'a',
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\v': 'v',
  '\f': 'f',
  '\r': 'r',
  '\x1b': 'e',
  '"': '"',
  '\\': '\\',
  '\x85': 'N',
  '\xa0': '_',
  '\u2028': 'L',
  '\u2029': 'P',
}

/** A line that would get over the width is broken, with a backslash, before a space or beside an escape. */
function writeEscaped(characters: readonly string[], { column, indent }: ScalarPlace): string {
  let written = ''
  let at = column
  let waiting = ''
  const flush = (more: string) => {
    written += waiting + more
    at += waiting.length + more.length
    waiting = ''
  }
  for (const [index, character] of characters.entries()) {
    const escaped = escapeCharacter(character)
    if (escaped !== null) flush(escaped)
    const isBreakable = character === ' ' || waiting === ''
    const isInside = index > 0 && index < characters.length - 1
    // PyYAML counts one column less behind an escape.
    const reached = escaped === null ? at + waiting.length : at - 1
    if (isBreakable && isInside && indent !== null && reached > WIDTH) {
      flush(`\\\n${' '.repeat(indent)}`)
      at = indent
      // Spaces at the start of a line would be lost.
      const next = escaped === null ? character : characters[index + 1]
      if (next === ' ') flush('\\')
    }
    if (escaped === null) waiting += character
  }
  flush('')
  return written
}

function escapeCharacter(character: string): string | null {
  if (/^[ -~]$/.test(character) && character !== '"' && character !== '\\') return null
  const known = ESCAPES[character]
  if (known !== undefined) return `\\${known}`
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase()
  if (code.length <= 2) return `\\x${code.padStart(2, '0')}`
  return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`
}
