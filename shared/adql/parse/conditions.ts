import type { ComparisonOperator, Condition, Expression, Logical, QueryExpression } from '../syntax.ts'
import type { Cursor } from './cursor.ts'
import { readValue } from './expressions.ts'

type Either = Condition | Expression

/** What makes a condition of a value. */
const COMPARISONS: ReadonlyMap<string, ComparisonOperator> = new Map([
  ['=', '='],
  ['<>', '<>'],
  ['!=', '<>'],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
])

const CONDITIONS: ReadonlySet<string> = new Set<Condition['kind']>([
  'comparison',
  'between',
  'in-list',
  'in-query',
  'like',
  'is-null',
  'exists',
  'and',
  'or',
  'not',
])

function isCondition(node: Either): node is Condition {
  return CONDITIONS.has(node.kind)
}

export function readCondition(cursor: Cursor): Condition {
  const condition = readOr(cursor, false)
  if (!isCondition(condition)) throw cursor.unexpected()
  return condition
}

/**
 * Conditions joined by OR and AND. With `orValue`, a value that no comparison follows will do as well: behind an opening
 * parenthesis nobody can know which of the two comes.
 */
function readOr(cursor: Cursor, orValue: boolean): Either {
  return readChain(cursor, 'OR', readAnd, orValue)
}

function readAnd(cursor: Cursor, orValue: boolean): Either {
  return readChain(cursor, 'AND', readNot, orValue)
}

type ReadOperand = (cursor: Cursor, orValue: boolean) => Either

function readChain(cursor: Cursor, word: 'AND' | 'OR', readOperand: ReadOperand, orValue: boolean): Either {
  const { start } = cursor.token
  const first = readOperand(cursor, orValue)
  if (!isCondition(first) || !cursor.at(word)) return first
  const kind = word === 'AND' ? 'and' : 'or'
  const operands = operandsOf(first, kind)
  while (cursor.accept(word)) {
    const operand = readOperand(cursor, false)
    if (!isCondition(operand)) throw cursor.unexpected()
    operands.push(...operandsOf(operand, kind))
  }
  return { kind, operands, span: cursor.since(start) }
}

/** `a AND (b AND c)` is one chain. */
function operandsOf(condition: Condition, kind: Logical['kind']): Condition[] {
  return condition.kind === kind ? [...condition.operands] : [condition]
}

function readNot(cursor: Cursor, orValue: boolean): Either {
  const { start } = cursor.token
  if (!cursor.accept('NOT')) return readPredicate(cursor, orValue)
  if (cursor.isAhead(0, 'NOT')) cursor.noteExtension('several-nots', cursor.token)
  const operand = cursor.nested(() => readNot(cursor, false))
  if (!isCondition(operand)) throw cursor.unexpected()
  return { kind: 'not', operand, span: cursor.since(start) }
}

function readPredicate(cursor: Cursor, orValue: boolean): Either {
  const { start } = cursor.token
  if (cursor.accept('EXISTS')) return { kind: 'exists', query: readSubquery(cursor), span: cursor.since(start) }
  if (!cursor.accept('(')) return readComparison(cursor, readValue(cursor), start, orValue)
  const inner = cursor.nested(() => readOr(cursor, true))
  cursor.require(')')
  return isCondition(inner) ? inner : readComparison(cursor, readValue(cursor, inner), start, orValue)
}

/** What follows a value and makes a condition of it. */
function readComparison(cursor: Cursor, left: Expression, start: number, orValue: boolean): Either {
  for (const [text, operator] of COMPARISONS) {
    if (!cursor.accept(text)) continue
    const right = readValue(cursor)
    return { kind: 'comparison', operator, left, right, span: cursor.since(start) }
  }
  if (cursor.accept('IS')) return readIsNull(cursor, left, start)
  const negated = cursor.accept('NOT')
  if (cursor.accept('BETWEEN')) return readBetween(cursor, left, start, negated)
  if (cursor.accept('IN')) return readIn(cursor, left, start, negated)
  const caseless = cursor.at('ILIKE')
  if (caseless || cursor.at('LIKE')) {
    cursor.take()
    const pattern = readValue(cursor)
    return { kind: 'like', negated, caseless, operand: left, pattern, span: cursor.since(start) }
  }
  if (negated || !orValue) throw cursor.unexpected()
  return left
}

function readIsNull(cursor: Cursor, operand: Expression, start: number): Condition {
  const negated = cursor.accept('NOT')
  cursor.require('NULL')
  if (operand.kind !== 'column') cursor.noteExtension('expression-is-null', operand.span)
  return { kind: 'is-null', negated, operand, span: cursor.since(start) }
}

function readBetween(cursor: Cursor, operand: Expression, start: number, negated: boolean): Condition {
  const low = readValue(cursor)
  cursor.require('AND')
  const high = readValue(cursor)
  return { kind: 'between', negated, operand, low, high, span: cursor.since(start) }
}

function readIn(cursor: Cursor, operand: Expression, start: number, negated: boolean): Condition {
  if (opensSubquery(cursor)) {
    const query = readSubquery(cursor)
    return { kind: 'in-query', negated, operand, query, span: cursor.since(start) }
  }
  cursor.require('(')
  const values = cursor.nested(() => readInValues(cursor))
  cursor.require(')')
  return { kind: 'in-list', negated, operand, values, span: cursor.since(start) }
}

function readInValues(cursor: Cursor): Expression[] {
  cursor.expect('SELECT')
  const values = [readValue(cursor)]
  while (cursor.accept(',')) {
    if (values.length >= cursor.limits.inValues) throw cursor.refuseMoreValues()
    values.push(readValue(cursor))
  }
  return values
}

/** Whether the parentheses that follow hold a query: `(SELECT`, `((SELECT`. */
function opensSubquery(cursor: Cursor): boolean {
  let ahead = 0
  while (cursor.isAhead(ahead, '(')) ahead++
  return ahead > 0 && cursor.isAhead(ahead, 'SELECT')
}

function readSubquery(cursor: Cursor): QueryExpression {
  cursor.require('(')
  const query = cursor.nested(() => cursor.readers.queryExpression(cursor))
  cursor.require(')')
  return query
}
