import type { AdqlError } from './error.ts'
import { quote } from './names.ts'
import type { TableSet } from './table-set.ts'

/** Where in a text something is, counted in characters (code points), as people and other languages count them. */
export interface Place {
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
  /** From 0. */
  readonly offset: number
}

/** The place of a position in UTF-16 units. A line ends with a line feed, a carriage return, or both. */
export function placeOf(text: string, position: number): Place {
  const before = text.slice(0, position)
  const lines = before.split(/\r\n|\r|\n/)
  return {
    line: lines.length,
    column: countCharacters(lines.at(-1) ?? '') + 1,
    offset: countCharacters(before),
  }
}

function countCharacters(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

/** `line 1, column 8: There is no column rra in sky.star. Did you mean ra?`: one line for logs and error documents. */
export function describeError(text: string, error: AdqlError): string {
  const { line, column } = placeOf(text, error.span.start)
  return `line ${line}, column ${column}: ${error.message}`
}

/** The widest piece of a line that is shown. */
const WIDEST = 100

/** The line of the error with carets under the piece that it is about; of a long line, what is around it. */
export function pointAt(text: string, { span }: AdqlError): string {
  const lineStart = Math.max(text.lastIndexOf('\n', span.start - 1), text.lastIndexOf('\r', span.start - 1)) + 1
  const [line = ''] = text.slice(lineStart).split(/[\r\n]/, 1)
  const from = Math.max(0, Math.min(span.start - lineStart - WIDEST / 2, line.length - WIDEST))
  const shown = line.slice(from, from + WIDEST)
  const before = line.slice(from, span.start - lineStart)
  const marked = line.slice(span.start - lineStart, Math.min(span.end - lineStart, from + WIDEST))
  const indent = before.replaceAll(/[^\t]/gu, ' ')
  return `${shown}\n${indent}${'^'.repeat(Math.max(1, countCharacters(marked)))}`
}

/**
 * Names that a syntax error offers in quotes get the spelling of the catalogue: `order` is `"Order"` there. A parser
 * cannot know it.
 */
export function suggestionsFrom(error: AdqlError, tables: TableSet | undefined): readonly string[] {
  if (tables === undefined || error.kind !== 'syntax') return error.suggestions
  return error.suggestions.flatMap((suggestion) => {
    if (!suggestion.startsWith('"')) return [suggestion]
    const lower = suggestion.slice(1, -1).toLowerCase()
    const spelt = new Set<string>()
    for (const table of tables.tables) {
      for (const { name } of table.columns.all) if (name.text.toLowerCase() === lower) spelt.add(quote(name.text))
    }
    return spelt.size === 0 ? [suggestion] : [...spelt]
  })
}
