import { suggestionsFrom } from '../../shared/adql/describe-error.ts'
import { AdqlError } from '../../shared/adql/error.ts'
import { parseQuery } from '../../shared/adql/parse.ts'
import { resolveQuery } from '../../shared/adql/resolve.ts'
import type { Catalogue } from './tables.ts'

/** A piece of a query that is wrong, in UTF-16 units as the editor counts. */
export interface Mark {
  readonly from: number
  readonly to: number
  readonly message: string
  /** What to write instead, best first. */
  readonly suggestions: readonly string[]
}

/** What the parser and resolver of the service say, without asking it; undefined: nothing is known to be wrong. */
export function checkQuery(text: string, catalogue: Catalogue | undefined): Mark | undefined {
  if (text.trim() === '') return undefined
  try {
    const query = parseQuery(text)
    if (catalogue !== undefined) resolveQuery(query, catalogue.tables)
    return undefined
  } catch (error) {
    if (!(error instanceof AdqlError)) return undefined
    const { start, end } = error.span
    if (error.fault === 'unknown-function' && isKnown(text.slice(start, end), catalogue)) return undefined
    // What one service cannot do another can: it will say so.
    if (error.fault === 'unsupported') return undefined
    return { from: start, to: end, message: error.message, suggestions: suggestionsFrom(error, catalogue?.tables) }
  }
}

/** Functions of the site are known by name only. */
function isKnown(written: string, catalogue: Catalogue | undefined): boolean {
  const name = /^\w+/.exec(written)?.[0].toLowerCase() ?? ''
  return catalogue === undefined || catalogue.functions.has(name)
}

/** The place that the message of a service names: `line 1, column 8: …`; undefined: it names none. */
export function markOf(message: string, text: string): Mark | undefined {
  const [, line, column] = /\bline (\d+), column (\d+)\b/.exec(message) ?? []
  if (line === undefined || column === undefined) return undefined
  const lines = text.split(/(?<=\r\n|\r(?!\n)|\n)/)
  const before = lines.slice(0, Number(line) - 1).join('').length
  const own = [...(lines[Number(line) - 1] ?? '')].slice(0, Number(column) - 1).join('').length
  const from = Math.min(before + own, text.length)
  const word = /^(?:[\p{L}\p{N}_]+|"[^"]*"|'[^']*'|\S)/u.exec(text.slice(from))?.[0].length ?? 0
  return { from, to: from + word, message, suggestions: [] }
}
