import { nearMisses } from '../../near-miss.ts'
import { AdqlError } from '../error.ts'
import { nameMeans, type SourceColumn } from '../metadata.ts'
import { writtenName } from '../names.ts'
import type { ResolvedQueryBody, ResolvedQueryExpression, ResolvedSetOperation, ResolvedSortKey } from '../resolved.ts'
import { itemSpan, requireSameWidth } from '../set-operands.ts'
import type { QueryBody, QueryExpression, SetOperation, SortKey } from '../syntax.ts'
import { didYouMean } from '../table-set.ts'
import { commonType, isGeometry } from '../value-type.ts'
import { describe } from './check-types.ts'
import type { Context, Scope } from './scope.ts'
import { positionOf, resolveSelect } from './select.ts'

/** A query with its ORDER BY and OFFSET. `outer` is the scope around it, which it sees if it is a subquery. */
export function resolveQueryExpression(
  query: QueryExpression,
  outer: Scope | undefined,
  context: Context,
): ResolvedQueryExpression {
  const offset = query.offset?.value
  if (query.body.kind === 'select') {
    const { select, orderBy } = resolveSelect(query.body, query.orderBy, outer, context)
    return { body: select, orderBy, offset, columns: select.columns, span: query.span }
  }
  const body = resolveBody(query.body, outer, context)
  const orderBy = query.orderBy.map((key) => sortByColumn(key, body.columns))
  return { body, orderBy, offset, columns: body.columns, span: query.span }
}

function resolveBody(body: QueryBody, outer: Scope | undefined, context: Context): ResolvedQueryBody {
  if (body.kind === 'select') return resolveSelect(body, [], outer, context).select
  if (body.kind === 'set-operation') return resolveSetOperation(body, outer, context)
  const query = resolveQueryExpression(body.query, outer, context)
  return { kind: 'nested', query, columns: query.columns, span: body.span }
}

function resolveSetOperation(
  operation: SetOperation,
  outer: Scope | undefined,
  context: Context,
): ResolvedSetOperation {
  const left = resolveBody(operation.left, outer, context)
  const right = resolveBody(operation.right, outer, context)
  const { operator, all, span } = operation
  requireSameWidth(operation, left.columns.length, right.columns.length)
  const columns = left.columns.map((column, index) =>
    commonColumn(operation, column, right.columns[index] ?? column, index),
  )
  return { kind: 'set-operation', operator, all, left, right, columns, span }
}

/** Named and described by the left operand. */
function commonColumn(
  { operator, right, all }: SetOperation,
  a: SourceColumn,
  b: SourceColumn,
  index: number,
): SourceColumn {
  const type = commonType([a.type, b.type])
  const span = itemSpan(right, index)
  if (type === undefined) {
    const message = `Column ${index + 1} of ${operator} is ${describe(a.type)} on the left and ${describe(b.type)} on the right.`
    throw new AdqlError('set-operands', message, span)
  }
  if (isGeometry(type) && !all) {
    const message = `${operator} compares its rows, and ${describe(type)} cannot be compared. Only UNION ALL can have it.`
    throw new AdqlError('set-operands', message, span)
  }
  return { ...a, type }
}

/** What has several operands can be sorted by its columns only. */
function sortByColumn(key: SortKey, columns: readonly SourceColumn[]): ResolvedSortKey {
  const { descending, span } = key
  if (key.by.kind === 'position') {
    return { by: { kind: 'position', index: positionOf(key.by.position, columns.length) }, descending, span }
  }
  const { expression } = key.by
  const name = expression.kind === 'column' && expression.name.parts.length === 1 ? expression.name.parts[0] : undefined
  if (name === undefined) {
    const message = 'The result of a set operation can be sorted by its columns only, by name or position.'
    throw new AdqlError('order-by', message, expression.span)
  }
  const found = columns.flatMap((column, index) => (nameMeans(name, column.name) ? [index] : []))
  const [index, second] = found
  if (index === undefined) {
    const suggestions = nearMisses(
      name.text,
      columns.map((column) => column.name.text),
    )
    const message = `The result has no column ${writtenName(name)} to sort by; its columns are named by the first select.${didYouMean(suggestions)}`
    throw new AdqlError('unknown-column', message, name.span, { suggestions })
  }
  if (second !== undefined) {
    throw new AdqlError(
      'ambiguous-column',
      `${found.length} columns of the result are called ${writtenName(name)}.`,
      name.span,
    )
  }
  return { by: { kind: 'position', index }, descending, span }
}
