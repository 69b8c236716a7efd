import { AdqlError } from '../error.ts'
import type { Stop } from './cursor.ts'

/** Makes the error of a token that cannot stand where it does. */
export function explainStop({ tokens, index, text, expected }: Stop): AdqlError {
  const token = tokens[index]
  const span = { start: token?.start ?? text.length, end: token?.end ?? text.length }
  const found = span.end > span.start ? text.slice(span.start, span.end) : 'the end of the query'
  return new AdqlError('syntax', `Found ${found} where one of these should stand: ${expected.join(', ')}.`, span, {
    expected,
  })
}
