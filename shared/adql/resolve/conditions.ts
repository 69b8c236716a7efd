import { AdqlError } from '../error.ts'
import type { ResolvedCondition, ResolvedNull } from '../resolved.ts'
import type { Between, Comparison, Condition, InList, InQuery, Like } from '../syntax.ts'
import { comparable, requireText } from './check-types.ts'
import { resolveExpression } from './expressions.ts'
import type { Scope } from './scope.ts'

/**
 * Binds the names of a condition and checks that what is compared can be.
 *
 * @throws AdqlError
 */
export function resolveCondition(condition: Condition, scope: Scope): ResolvedCondition {
  switch (condition.kind) {
    case 'comparison':
      return resolveComparison(condition, scope)
    case 'between':
      return resolveBetween(condition, scope)
    case 'in-list':
      return resolveInList(condition, scope)
    case 'in-query':
      return resolveInQuery(condition, scope)
    case 'like':
      return resolveLike(condition, scope)
    case 'is-null':
      return { ...condition, operand: resolveExpression(condition.operand, scope) }
    case 'exists':
      return { ...condition, query: scope.context.resolveSubquery(condition.query, scope, scope.context) }
    case 'not':
      return { ...condition, operand: resolveCondition(condition.operand, scope) }
    case 'and':
    case 'or':
      return { ...condition, operands: condition.operands.map((operand) => resolveCondition(operand, scope)) }
  }
}

function resolveComparison(condition: Comparison, scope: Scope): ResolvedCondition {
  const [left, right] = comparable(resolveExpression(condition.left, scope), resolveExpression(condition.right, scope))
  return { ...condition, left, right }
}

function resolveBetween(condition: Between, scope: Scope): ResolvedCondition {
  const operand = resolveExpression(condition.operand, scope)
  const [first, low] = comparable(operand, resolveExpression(condition.low, scope))
  const [, high] = comparable(operand, resolveExpression(condition.high, scope))
  return { ...condition, operand: first, low, high }
}

function resolveInList(condition: InList, scope: Scope): ResolvedCondition {
  const operand = resolveExpression(condition.operand, scope)
  const values = condition.values.map((value) => comparable(operand, resolveExpression(value, scope))[1])
  return { ...condition, operand, values }
}

function resolveInQuery(condition: InQuery, scope: Scope): ResolvedCondition {
  const operand = resolveExpression(condition.operand, scope)
  const query = scope.context.resolveSubquery(condition.query, scope, scope.context)
  const [column, second] = query.columns
  if (column === undefined || second !== undefined) {
    const message = `The subquery of IN must select one column; this one selects ${query.columns.length}.`
    throw new AdqlError('subquery-columns', message, condition.query.span)
  }
  const selected: ResolvedNull = { kind: 'null', type: column.type, unit: undefined, span: condition.query.span }
  return { ...condition, operand: comparable(operand, selected)[0], query }
}

function resolveLike(condition: Like, scope: Scope): ResolvedCondition {
  const word = condition.caseless ? 'ILIKE' : 'LIKE'
  const operand = resolveExpression(condition.operand, scope)
  requireText(operand, word)
  const pattern = resolveExpression(condition.pattern, scope)
  requireText(pattern, word)
  return { ...condition, operand, pattern }
}
