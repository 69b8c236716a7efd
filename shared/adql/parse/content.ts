import type { Call, Expression, StringLiteral } from '../syntax.ts'
import type { Cursor } from './cursor.ts'

export type ReadValue = (cursor: Cursor) => Expression

/** What stands between the parentheses of a call. */
export type Content = Pick<Call, 'arguments' | 'coordinateSystem' | 'distinct' | 'star'>

export function plainContent(values: readonly Expression[], coordinateSystem?: StringLiteral): Content {
  return { arguments: values, coordinateSystem, distinct: false, star: false }
}

/** A text literal, and nothing else. */
export function requireString(cursor: Cursor): StringLiteral {
  if (cursor.token.kind !== 'string') {
    cursor.expect('a text in single quotes')
    throw cursor.unexpected()
  }
  const { start, end, text } = cursor.take()
  return { kind: 'string', value: text, span: { start, end } }
}
