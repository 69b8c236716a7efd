import { AdqlError } from './error.ts'
import type { QueryBody, Select, SetOperation, Span } from './syntax.ts'

/** Checks that both operands have as many columns; an operand with `undefined` is not known yet. */
export function requireSameWidth(operation: SetOperation, left: number | undefined, right: number | undefined): void {
  if (left === undefined || right === undefined || left === right) return
  const message = `Both operands of ${operation.operator} must have as many columns: ${left} on the left, ${right} on the right.`
  const { start } = leftmostSelect(operation.right).span
  throw new AdqlError('set-operands', message, { start, end: start + 'SELECT'.length })
}

/** How many columns a query selects, if no `*` hides it. */
export function selectedWidth(body: QueryBody): number | undefined {
  const { items } = leftmostSelect(body)
  return items.every((item) => item.kind === 'expression') ? items.length : undefined
}

/** Where a column of an operand is selected; with `*` among the items, the first of them. */
export function itemSpan(body: QueryBody, index: number): Span {
  const { items, span } = leftmostSelect(body)
  const item = selectedWidth(body) === undefined ? items[0] : items[index]
  return (item?.kind === 'expression' ? item.expression.span : item?.span) ?? span
}

/** The select that names the columns of a set operation. */
function leftmostSelect(body: QueryBody): Select {
  let inner = body
  while (inner.kind !== 'select') inner = inner.kind === 'nested' ? inner.query.body : inner.left
  return inner
}
