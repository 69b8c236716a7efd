import type { Expression, QualifiedName, Span } from '../syntax.ts'
import { readCall } from './calls.ts'
import type { Cursor } from './cursor.ts'
import { atShape, isShape } from './kinds.ts'

/**
 * A value: numbers joined by `+ - * /`, or primaries joined by `||` (the grammar has no mixture of the two), or a shape.
 * `first` is what has been read of it already: something in parentheses.
 */
export function readValue(cursor: Cursor, first?: Expression): Expression {
  const factor = first ?? readFactor(cursor)
  const isPrimary = factor.kind !== 'signed' || cursor.end > factor.span.end
  if (isShape(factor)) return factor
  if (isPrimary && cursor.at('||')) return readConcatenation(cursor, factor)
  return readSum(cursor, readTerm(cursor, factor))
}

function readConcatenation(cursor: Cursor, first: Expression): Expression {
  let left = first
  while (cursor.at('||')) {
    const operatorSpan = takeOperator(cursor)
    const right = readPrimary(cursor, 'operand')
    left = { kind: 'binary', operator: '||', operatorSpan, left, right, span: cursor.since(first.span.start) }
  }
  return left
}

function readSum(cursor: Cursor, first: Expression): Expression {
  let left = first
  while (cursor.at('+') || cursor.at('-')) {
    const operator = cursor.at('+') ? '+' : '-'
    const operatorSpan = takeOperator(cursor)
    const right = readTerm(cursor, readFactor(cursor, 'operand'))
    left = { kind: 'binary', operator, operatorSpan, left, right, span: cursor.since(first.span.start) }
  }
  return left
}

function readTerm(cursor: Cursor, first: Expression): Expression {
  let left = first
  while (cursor.at('*') || cursor.at('/')) {
    const operator = cursor.at('*') ? '*' : '/'
    const operatorSpan = takeOperator(cursor)
    const right = readFactor(cursor, 'operand')
    left = { kind: 'binary', operator, operatorSpan, left, right, span: cursor.since(first.span.start) }
  }
  return left
}

function takeOperator(cursor: Cursor): Span {
  cursor.count('operators')
  const { start, end } = cursor.take()
  return { start, end }
}

type Place = 'value' | 'operand'

function readFactor(cursor: Cursor, place: Place = 'value'): Expression {
  if (!cursor.at('+') && !cursor.at('-')) return readPrimary(cursor, place)
  const sign = cursor.at('+') ? '+' : '-'
  const { start } = takeOperator(cursor)
  if (cursor.at('+') || cursor.at('-')) cursor.noteExtension('several-signs', cursor.token)
  const operand = cursor.nested(() => readFactor(cursor, 'operand'))
  return { kind: 'signed', sign, operand, span: cursor.since(start) }
}

/** `operand`: a shape cannot stand there. */
function readPrimary(cursor: Cursor, place: Place): Expression {
  const { kind, start } = cursor.token
  if (place === 'operand' && atShape(cursor)) throw cursor.unexpected()
  if (kind === 'integer' || kind === 'number') {
    const { text, end } = cursor.takeNumber()
    return { kind: 'number', text, integer: kind === 'integer', span: { start, end } }
  }
  if (kind === 'string') return readString(cursor)
  cursor.expect('a number', 'a text')
  if (cursor.at('(')) return readParenthesised(cursor)
  if (cursor.at('NULL')) {
    const { end } = cursor.take()
    return { kind: 'null', span: { start, end } }
  }
  if (kind === 'word' && cursor.isAhead(1, '(')) return readCall(cursor, readValue)
  if (!cursor.atName('a column')) throw cursor.unexpected()
  return readColumn(cursor)
}

function readParenthesised(cursor: Cursor): Expression {
  cursor.take()
  const value = cursor.nested(() => readValue(cursor))
  cursor.require(')')
  return value
}

/** Strings in successive lines are one string in ADQL 2.0 (SQL-92 §5.3) and no more in 2.1. */
function readString(cursor: Cursor): Expression {
  const { start, text } = cursor.take()
  let value = text
  while (cursor.token.kind === 'string' && /[\n\r]/.test(cursor.text.slice(cursor.end, cursor.token.start))) {
    cursor.noteExtension('joined-strings', cursor.token)
    value += cursor.take().text
  }
  return { kind: 'string', value, span: cursor.since(start) }
}

function readColumn(cursor: Cursor): Expression {
  const name = readQualifiedName(cursor, 'a column', 4)
  return { kind: 'column', name, span: name.span }
}

/** Names with points between them; the first one follows. */
export function readQualifiedName(cursor: Cursor, what: string, most: number): QualifiedName {
  const first = cursor.requireName(what)
  const parts = [first]
  while (parts.length < most && !cursor.isAhead(1, '*') && cursor.accept('.')) parts.push(cursor.requireName(what))
  return { parts, span: cursor.since(first.span.start) }
}
