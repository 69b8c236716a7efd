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

/**
 * Names that a syntax error offers in quotes get the spelling of the catalogue: `order` is `"Order"` there. A parser
 * cannot know it.
 */
export function suggestionsFrom(error: AdqlError, tables: TableSet | undefined): readonly string[] {
  if (tables === undefined || error.fault !== 'syntax') return error.suggestions
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
