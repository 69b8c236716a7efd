import { parseEvents, YAMLException } from 'js-yaml'
import { lineStartOf, misplacedTab } from './gap.ts'
import { YamlError } from './yaml-error.ts'

interface Refusal {
  /** What the library says. */
  readonly reason: RegExp
  /** What is found at the place, where the reason has several causes. */
  readonly found?: RegExp
  readonly code?: string
  /** What we say; without it, the library's own words. */
  readonly message?: string
  /** Where a reader would look; without it, where the library stopped. */
  readonly place?: (text: string, offset: number) => number
}

/** The first row that fits counts. Where PyYAML would read on, the message says how both readers understand it. */
const REFUSALS: readonly Refusal[] = [
  { reason: /maxDepth/, code: 'yaml_depth', message: 'collections are nested too deeply' },
  {
    reason: /unacceptable YAML version/,
    code: 'yaml_directive',
    message: 'this version of YAML is not known; files are YAML 1.1',
    place: directiveStart,
  },
  { reason: /directive|previously declared/i, code: 'yaml_directive', place: directiveStart },
  { reason: /tag (?:suffix|name|handle|property)|verbatim tag/, code: 'yaml_tag', place: wordStart },
  { reason: /anchor/, code: 'yaml_anchor' },
  { reason: /alias/, code: 'yaml_alias' },
  {
    reason: /deficient indentation/,
    found: /[\]}]/,
    message: 'a closing bracket must be indented more than the key or the dash of its value',
  },
  {
    reason: /deficient indentation/,
    message: 'what goes on in a new line must be indented more than its key or its dash',
  },
  { reason: /missed comma/, found: /-/, message: 'a - alone must be in quotes' },
  {
    reason: /unexpected end of the stream within a double/,
    message: 'these quotes are not closed',
    place: doubleQuote,
  },
  {
    reason: /unexpected end of the stream within a single/,
    message: 'these quotes are not closed',
    place: singleQuote,
  },
  {
    reason: /unknown escape sequence/,
    message: 'this is not a valid escape sequence; write \\\\ for a backslash',
    place: backslash,
  },
  { reason: /hexadecimal/, message: 'this escape needs more hexadecimal digits', place: backslash },
  { reason: /expected ':' after a mapping key/, message: "expected ':' after this key", place: keyStart },
  { reason: /multiline key/, message: "expected ':' after this key", place: longKeyStart },
  { reason: /./, found: /#/, message: 'a comment needs a space before its #; write text that has one in quotes' },
  {
    reason: /./,
    found: /[@`%]/,
    message: 'a value cannot begin with this character; write it in quotes if it is text',
  },
  {
    reason: /indentation|separator is expected/,
    found: /:/,
    message: "a ':' cannot be here; write text that has one in quotes",
  },
  {
    reason: /bad indentation|separator is expected/,
    message: 'expected the next entry, at the same indentation as the entries before it',
  },
]

/** Puts what the library refuses into our words. */
export function explainRefusal(text: string, { reason, mark }: YAMLException): YamlError {
  const offset = mark?.position ?? 0
  if (reason === 'deficient indentation') {
    const quote = openQuote(text.slice(0, offset).trimEnd())
    if (quote !== null) {
      const message = 'these quotes are not closed, or what goes on in the next line is not indented more than its key'
      return new YamlError(quote, 'yaml_syntax', `not valid YAML: ${message}`)
    }
  }
  const line = lineStartOf(text, offset)
  if (/^ *\t/.test(text.slice(line, offset + 1))) return misplacedTab(text, text.indexOf('\t', line))
  const found = text.charAt(offset)
  if (found === '\t') return misplacedTab(text, offset)
  const refusal = REFUSALS.find((row) => row.reason.test(reason) && (row.found?.test(found) ?? true))
  const place = refusal?.place?.(text, offset) ?? offset
  return new YamlError(place, refusal?.code ?? 'yaml_syntax', `not valid YAML: ${refusal?.message ?? reason}`)
}

/** Where quotes begin in which a text ends; null: it does not end in quotes. */
function openQuote(text: string): number | null {
  try {
    parseEvents(text, { maxDepth: 1000 })
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    if (/within a double/.test(error.reason)) return doubleQuote(text)
    if (/within a single/.test(error.reason)) return singleQuote(text)
  }
  return null
}

function directiveStart(text: string, offset: number): number {
  return Math.max(0, text.lastIndexOf('%', offset))
}

function wordStart(text: string, offset: number): number {
  let start = offset
  while (start > 0 && !/[\s,[\]{}]/.test(text.charAt(start - 1))) start -= 1
  return start
}

/** The start of the line with the last text before the place. */
function keyStart(text: string, offset: number): number {
  const end = Math.max(0, text.slice(0, offset).trimEnd().length - 1)
  const line = lineStartOf(text, end)
  return line + text.slice(line, end).search(/[^ ]|$/)
}

/** The first of several lines that were read as one key. */
function longKeyStart(text: string, offset: number): number {
  let start = keyStart(text, offset)
  for (;;) {
    const line = lineStartOf(text, start)
    const before = keyStart(text, line)
    const beforeLine = lineStartOf(text, before)
    if (line === 0 || before - beforeLine !== start - line || /:\s/.test(text.slice(before, line))) return start
    start = before
  }
}

function backslash(text: string, offset: number): number {
  return Math.max(0, text.lastIndexOf('\\', offset - 1))
}

/** The last one that is not escaped. */
function doubleQuote(text: string): number {
  let at = text.lastIndexOf('"')
  while (at > 0 && isEscaped(text, at)) at = text.lastIndexOf('"', at - 1)
  return Math.max(0, at)
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text.charAt(at - 1 - backslashes) === '\\') backslashes += 1
  return backslashes % 2 === 1
}

/** Where the last odd number of them begins: two stand for one in the text. */
function singleQuote(text: string): number {
  let end = text.lastIndexOf("'")
  while (end >= 0) {
    let start = end
    while (text.charAt(start - 1) === "'") start -= 1
    if ((end - start) % 2 === 0) return start
    end = text.lastIndexOf("'", start - 1)
  }
  return 0
}
