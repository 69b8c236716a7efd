import type {
  CommonTable,
  NestedQuery,
  Query,
  QueryBody,
  QueryExpression,
  Select,
  SelectItem,
  SortKey,
} from '../syntax.ts'
import { readCondition } from './conditions.ts'
import type { Cursor } from './cursor.ts'
import { readQualifiedName, readValue } from './expressions.ts'
import { readFrom } from './tables.ts'

export function readQuery(cursor: Cursor): Query {
  const { start } = cursor.token
  const common = cursor.accept('WITH') ? readCommonTables(cursor) : []
  const body = readQueryExpression(cursor)
  const span = cursor.since(start)
  if (cursor.at(';')) cursor.noteExtension('semicolon', cursor.take())
  if (cursor.token.kind !== 'end') throw cursor.unexpected()
  return { kind: 'query', with: common, body, extensions: cursor.extensions, span }
}

function readCommonTables(cursor: Cursor): CommonTable[] {
  const tables = [readCommonTable(cursor)]
  while (cursor.accept(',')) tables.push(readCommonTable(cursor))
  return tables
}

function readCommonTable(cursor: Cursor): CommonTable {
  const name = cursor.requireName('a name')
  cursor.require('AS')
  cursor.require('(')
  const query = cursor.nested(() => readQueryExpression(cursor))
  cursor.require(')')
  return { name, query, span: cursor.since(name.span.start) }
}

/** A query with its ORDER BY and OFFSET. `first` is its first operand, if that has been read. */
export function readQueryExpression(cursor: Cursor, first?: NestedQuery): QueryExpression {
  const start = first?.span.start ?? cursor.token.start
  const body = readBody(cursor, first)
  const orderBy = readOrderBy(cursor)
  const offset = cursor.accept('OFFSET') ? cursor.requireWholeNumber('a whole number') : undefined
  return { body, orderBy, offset, span: cursor.since(start) }
}

function readBody(cursor: Cursor, first?: NestedQuery): QueryBody {
  let left = readIntersection(cursor, first)
  while (cursor.at('UNION') || cursor.at('EXCEPT')) {
    const operator = cursor.take().text === 'UNION' ? 'UNION' : 'EXCEPT'
    const all = readAll(cursor)
    const right = readIntersection(cursor)
    left = { kind: 'set-operation', operator, all, left, right, span: cursor.since(left.span.start) }
  }
  return left
}

function readIntersection(cursor: Cursor, first?: NestedQuery): QueryBody {
  let left = first ?? readOperand(cursor)
  while (cursor.accept('INTERSECT')) {
    const all = readAll(cursor)
    const right = readOperand(cursor)
    left = { kind: 'set-operation', operator: 'INTERSECT', all, left, right, span: cursor.since(left.span.start) }
  }
  return left
}

function readAll(cursor: Cursor): boolean {
  if (cursor.isAhead(0, 'DISTINCT')) cursor.noteExtension('union-distinct', cursor.take())
  return cursor.accept('ALL')
}

function readOperand(cursor: Cursor): QueryBody {
  const { start } = cursor.token
  if (!cursor.accept('(')) return readSelect(cursor)
  const query = cursor.nested(() => readQueryExpression(cursor))
  cursor.require(')')
  return { kind: 'nested', query, span: cursor.since(start) }
}

function readSelect(cursor: Cursor): Select {
  const { start } = cursor.token
  cursor.require('SELECT')
  cursor.count('selects')
  const distinct = cursor.accept('DISTINCT')
  if (!distinct) cursor.accept('ALL')
  const top = cursor.accept('TOP') ? cursor.requireWholeNumber('a whole number') : undefined
  const items = readItems(cursor)
  cursor.require('FROM')
  const from = readFrom(cursor)
  const where = cursor.accept('WHERE') ? readCondition(cursor) : undefined
  const groupBy = readGroupBy(cursor)
  const having = cursor.accept('HAVING') ? readCondition(cursor) : undefined
  return { kind: 'select', distinct, top, items, from, where, groupBy, having, span: cursor.since(start) }
}

function readItems(cursor: Cursor): SelectItem[] {
  const items = [readItem(cursor)]
  while (cursor.accept(',')) items.push(readItem(cursor))
  const star = items.find((item) => item.kind === 'all')
  if (star !== undefined && items.length > 1) cursor.noteExtension('star-with-columns', star.span)
  return items
}

function readItem(cursor: Cursor): SelectItem {
  const { start } = cursor.token
  if (cursor.accept('*')) return { kind: 'all', span: cursor.since(start) }
  if (opensAllOf(cursor)) {
    const table = readQualifiedName(cursor, 'a table', 3)
    cursor.require('.')
    cursor.require('*')
    return { kind: 'all-of', table, span: cursor.since(start) }
  }
  const expression = readValue(cursor)
  return { kind: 'expression', expression, alias: readColumnAlias(cursor), span: cursor.since(start) }
}

/** Whether `name.*` follows, with one to three names. */
function opensAllOf(cursor: Cursor): boolean {
  for (let ahead = 0; ahead < 6; ahead += 2) {
    const { kind, reserved } = cursor.peek(ahead)
    if (kind !== 'quoted' && (kind !== 'word' || reserved)) return false
    if (!cursor.isAhead(ahead + 1, '.')) return false
    if (cursor.isAhead(ahead + 2, '*')) return true
  }
  return false
}

/** Names of functions that people use as aliases everywhere; behind AS they can mean nothing else. */
const TAKEN_AS_ALIAS: ReadonlySet<string> = new Set(['AVG', 'COUNT', 'DISTANCE', 'MAX', 'MIN', 'SUM'])

function readColumnAlias(cursor: Cursor) {
  if (!cursor.accept('AS')) return cursor.atName('a name') ? cursor.takeName() : undefined
  if (cursor.token.kind === 'word' && TAKEN_AS_ALIAS.has(cursor.token.text)) {
    cursor.noteExtension('function-name-as-alias', cursor.token)
    return cursor.takeName()
  }
  return cursor.requireName('a name')
}

function readGroupBy(cursor: Cursor) {
  if (!cursor.accept('GROUP')) return []
  cursor.require('BY')
  const expressions = [readValue(cursor)]
  while (cursor.accept(',')) expressions.push(readValue(cursor))
  return expressions
}

function readOrderBy(cursor: Cursor): SortKey[] {
  if (!cursor.accept('ORDER')) return []
  cursor.require('BY')
  const keys = [readSortKey(cursor)]
  while (cursor.accept(',')) keys.push(readSortKey(cursor))
  return keys
}

const OPERATORS = ['+', '-', '*', '/', '||'] as const

function readSortKey(cursor: Cursor): SortKey {
  const { kind, start } = cursor.token
  const isPosition = kind === 'integer' && !OPERATORS.some((operator) => cursor.isAhead(1, operator))
  const by: SortKey['by'] = isPosition
    ? { kind: 'position', position: cursor.requireWholeNumber('a position') }
    : { kind: 'expression', expression: readValue(cursor) }
  const descending = cursor.accept('DESC')
  if (!descending) cursor.accept('ASC')
  return { by, descending, span: cursor.since(start) }
}
