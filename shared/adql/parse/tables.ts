import type { DerivedTable, Join, NestedQuery, TableReference } from '../syntax.ts'
import { readCondition } from './conditions.ts'
import type { Cursor } from './cursor.ts'
import { readQualifiedName } from './expressions.ts'

/** What FROM names: tables, subqueries and joins, separated by commas. */
export function readFrom(cursor: Cursor): TableReference[] {
  const references = [readTableReference(cursor)]
  while (cursor.accept(',')) references.push(readTableReference(cursor))
  return references
}

function readTableReference(cursor: Cursor): TableReference {
  return readJoins(cursor, readPrimary(cursor))
}

function readPrimary(cursor: Cursor): TableReference {
  if (!cursor.at('(')) return readNamedTable(cursor)
  const inner = readParenthesised(cursor)
  return inner.kind === 'nested' ? readDerived(cursor, inner) : inner
}

function readNamedTable(cursor: Cursor): TableReference {
  cursor.count('tables')
  const name = readQualifiedName(cursor, 'a table', 3)
  const alias = readAlias(cursor)
  return { kind: 'table', name, alias, span: cursor.since(name.span.start) }
}

function readAlias(cursor: Cursor) {
  if (cursor.accept('AS')) return cursor.requireName('a name')
  return cursor.atName('a name') ? cursor.takeName() : undefined
}

function readDerived(cursor: Cursor, { query, span }: NestedQuery): DerivedTable {
  cursor.count('tables')
  const alias = readAlias(cursor)
  if (alias === undefined) throw cursor.unexpected()
  return { kind: 'derived', query, alias, span: cursor.since(span.start) }
}

/**
 * A query or a join in parentheses. Which of them it is shows behind all opening parentheses: a query that turns out to
 * be one inside goes on as a subquery with a name, as an operand of a set operation, or closes.
 */
function readParenthesised(cursor: Cursor): NestedQuery | TableReference {
  const { start } = cursor.take()
  const inner = cursor.nested(() => readInParentheses(cursor))
  cursor.require(')')
  return { ...inner, span: cursor.since(start) }
}

function readInParentheses(cursor: Cursor): NestedQuery | TableReference {
  if (cursor.at('SELECT')) return readNestedQuery(cursor)
  if (!cursor.at('(')) return requireJoin(cursor, readNamedTable(cursor))
  const inner = readParenthesised(cursor)
  if (inner.kind !== 'nested') return requireJoin(cursor, inner)
  return cursor.at('AS') || cursor.atName('a name')
    ? requireJoin(cursor, readDerived(cursor, inner))
    : readNestedQuery(cursor, inner)
}

function readNestedQuery(cursor: Cursor, first?: NestedQuery): NestedQuery {
  const query = cursor.readers.queryExpression(cursor, first)
  return { kind: 'nested', query, span: query.span }
}

/** Parentheses in FROM hold joins, not single tables. */
function requireJoin(cursor: Cursor, first: TableReference): TableReference {
  const reference = readJoins(cursor, first)
  if (reference === first && first.kind !== 'join') throw cursor.unexpected()
  return reference
}

function readJoins(cursor: Cursor, first: TableReference): TableReference {
  let left = first
  for (;;) {
    const join = readJoin(cursor, left) ?? readLateCondition(cursor, left)
    if (join === undefined) return left
    left = join
  }
}

/**
 * A condition behind the condition of the last join belongs to the join before it: `a JOIN b JOIN c ON … ON …` is
 * `a JOIN (b JOIN c ON …) ON …`.
 */
function readLateCondition(cursor: Cursor, inner: TableReference): Join | undefined {
  if (inner.kind !== 'join' || inner.left.kind !== 'join') return undefined
  const { left: outer } = inner
  const inParentheses = outer.span.start !== outer.left.span.start
  if (inParentheses || outer.natural || outer.on !== undefined || outer.using.length > 0) return undefined
  const condition = readJoinCondition(cursor)
  if (condition === undefined) return undefined
  const right: Join = { ...inner, left: outer.right, span: { start: outer.right.span.start, end: inner.span.end } }
  return { ...outer, right, ...condition, span: cursor.since(outer.span.start) }
}

function readJoinCondition(cursor: Cursor): Pick<Join, 'on' | 'using'> | undefined {
  if (cursor.accept('ON')) return { on: readCondition(cursor), using: [] }
  return cursor.accept('USING') ? { on: undefined, using: readUsing(cursor) } : undefined
}

function readJoin(cursor: Cursor, left: TableReference): Join | undefined {
  const { start } = left.span
  if (cursor.at('CROSS')) {
    cursor.noteExtension('cross-join', cursor.take())
    cursor.require('JOIN')
    const right = readPrimary(cursor)
    return {
      kind: 'join',
      type: 'inner',
      natural: false,
      left,
      right,
      on: undefined,
      using: [],
      span: cursor.since(start),
    }
  }
  const natural = cursor.accept('NATURAL')
  const type = readJoinType(cursor)
  if (!natural && type === undefined && !cursor.at('JOIN')) return undefined
  cursor.require('JOIN')
  const right = readPrimary(cursor)
  const { on, using } = (natural ? undefined : readJoinCondition(cursor)) ?? { on: undefined, using: [] }
  return { kind: 'join', type: type ?? 'inner', natural, left, right, on, using, span: cursor.since(start) }
}

function readJoinType(cursor: Cursor): Join['type'] | undefined {
  if (cursor.accept('INNER')) return 'inner'
  for (const [word, type] of [
    ['LEFT', 'left'],
    ['RIGHT', 'right'],
    ['FULL', 'full'],
  ] as const) {
    if (!cursor.accept(word)) continue
    cursor.accept('OUTER')
    return type
  }
  return undefined
}

function readUsing(cursor: Cursor) {
  cursor.require('(')
  const names = [cursor.requireName('a column')]
  while (cursor.accept(',')) names.push(cursor.requireName('a column'))
  cursor.require(')')
  return names
}
