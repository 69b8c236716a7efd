import { HOLDS, SWAPPED } from '../comparison-operators.ts'
import { constantOf } from '../resolve/constants.ts'
import type {
  ResolvedBetween,
  ResolvedCall,
  ResolvedColumn,
  ResolvedComparison,
  ResolvedCondition,
  ResolvedExpression,
  ResolvedInList,
  ResolvedInQuery,
  ResolvedQueryBody,
} from '../resolved.ts'
import type { ComparisonOperator } from '../syntax.ts'
import type { Context } from './context.ts'
import { angleSql, limitOf, nearSql } from './distance.ts'
import { isVolatileValue } from './evaluate-once.ts'
import { besideSql } from './expressions.ts'
import { pointsOfDistance } from './geometry.ts'
import { textSql } from './names.ts'
import { relationSql } from './relations.ts'
import { isPadded, isStored } from './types.ts'

export function conditionSql(condition: ResolvedCondition, filtering: boolean, context: Context): string {
  const not = 'negated' in condition && condition.negated ? 'not ' : ''
  switch (condition.kind) {
    case 'comparison':
      return comparisonSql(condition, filtering, context)
    case 'between':
      return betweenSql(condition, not, filtering, context)
    case 'in-list': {
      const operand = operandSql(condition.operand, condition.values, context)
      const all = [condition.operand, ...condition.values]
      const values = condition.values.map((value) => operandSql(value, [condition.operand], context, all))
      return relationInList(condition, filtering, context) ?? `${operand} ${not}in (${values.join(', ')})`
    }
    case 'in-query':
      return inQuerySql(condition, not, context)
    case 'like': {
      const word = condition.caseless ? 'ilike' : 'like'
      // ADQL knows no escape: a backslash is a backslash.
      return `${context.expression(condition.operand)} ${not}${word} ${context.expression(condition.pattern)} escape ''`
    }
    case 'is-null':
      return `${context.expression(condition.operand)} is ${not}null`
    case 'exists':
      return `exists ${context.subquery(condition.query)}`
    case 'and':
    case 'or':
      return condition.operands
        .map((operand) => `(${context.condition(operand, filtering)})`)
        .join(` ${condition.kind} `)
    case 'not':
      return `not (${context.condition(condition.operand, false)})`
  }
}

function comparisonSql(condition: ResolvedComparison, filtering: boolean, context: Context): string {
  const { left, right, operator } = condition
  return (
    geometrySql(left, operator, right, filtering, context) ??
    geometrySql(right, SWAPPED[operator], left, filtering, context) ??
    `${operandSql(left, [right], context)} ${operator} ${operandSql(right, [left], context)}`
  )
}

/** A comparison whose left side is a call of geometry that is a condition by itself. */
function geometrySql(
  left: ResolvedExpression,
  operator: ComparisonOperator,
  right: ResolvedExpression,
  filtering: boolean,
  context: Context,
): string | undefined {
  if (left.kind !== 'call') return undefined
  const relation = relationOf(left)
  if (relation !== undefined) return relationComparison(relation, operator, right, filtering, context)
  if (left.function.name !== 'DISTANCE' || (operator !== '<' && operator !== '<=')) return undefined
  // An index filter would draw a random radius of its own.
  if (isVolatileValue(right)) return undefined
  const [a, b] = pointsOfDistance(left, context)
  return nearSql(a, b, limitOf(angleSql(right, context)), operator, 0, filtering, context.geometry)
}

/** The call, if it is one of CONTAINS or INTERSECTS. */
function relationOf(expression: ResolvedExpression): ResolvedCall | undefined {
  const isRelation = expression.kind === 'call' && ['CONTAINS', 'INTERSECTS'].includes(expression.function.name)
  return isRelation ? expression : undefined
}

function relationComparison(
  call: ResolvedCall,
  operator: ComparisonOperator,
  right: ResolvedExpression,
  filtering: boolean,
  context: Context,
): string | undefined {
  const value = constantOf(right)
  if (value === undefined) return undefined
  return relationWhere(call, (result) => HOLDS[operator](result, value), filtering, context)
}

/** The relation, where 1 passes and 0 does not; its opposite, where it is the other way round. */
function relationWhere(
  call: ResolvedCall,
  passes: (result: number) => boolean,
  filtering: boolean,
  context: Context,
): string | undefined {
  const [zero, one] = [passes(0), passes(1)]
  if (zero === one) return undefined
  return one ? relationSql(call, filtering, context) : `not (${relationSql(call, false, context)})`
}

function relationInList(condition: ResolvedInList, filtering: boolean, context: Context): string | undefined {
  const { operand, values, negated } = condition
  const constants = values.map(constantOf)
  const relation = relationOf(operand)
  if (relation === undefined || constants.includes(undefined)) return undefined
  return relationWhere(relation, (result) => constants.includes(result) !== negated, filtering, context)
}

function betweenSql(condition: ResolvedBetween, not: string, filtering: boolean, context: Context): string {
  const { operand, low, high, negated } = condition
  const [from, to] = [constantOf(low), constantOf(high)]
  const relation = relationOf(operand)
  if (relation !== undefined && from !== undefined && to !== undefined) {
    const passes = (result: number) => (result >= from && result <= to) !== negated
    const sql = relationWhere(relation, passes, filtering, context)
    if (sql !== undefined) return sql
  }
  const all = [operand, low, high]
  const limits = [low, high].map((limit) => operandSql(limit, [operand], context, all))
  const plain = `${operandSql(operand, [low, high], context)} ${not}between ${limits.join(' and ')}`
  if (!filtering || negated) return plain
  const near = geometrySql(operand, '<=', high, filtering, context)
  return near === undefined ? plain : `${near} and ${plain}`
}

function inQuerySql({ operand, query }: ResolvedInQuery, not: string, context: Context): string {
  const [column] = query.columns
  if (column === undefined) throw new RangeError('the subquery of IN has not been checked')
  const type = column.type.kind === 'null' ? operand.type : column.type
  const sql = operandSql(operand, [{ ...selectedIn(query.body), type }], context)
  return `${sql} ${not}in ${context.subquery(query, [{ ...column, type }])}`
}

/** What a subquery of one column selects; the first operand of a set operation names it for all. */
function selectedIn(body: ResolvedQueryBody): ResolvedExpression {
  if (body.kind === 'nested') return selectedIn(body.query.body)
  if (body.kind === 'set-operation') return selectedIn(body.left)
  const [item] = body.items
  if (item === undefined) throw new RangeError('nothing is selected')
  return item.expression
}

/**
 * One side of a comparison. CHAR(n) is compared as PostgreSQL does, blanks apart, so that its index can be used; a
 * literal beside a REAL column is rounded to one, or they would never be equal. `all`: what else has the same type.
 */
function operandSql(
  expression: ResolvedExpression,
  others: readonly ResolvedExpression[],
  context: Context,
  all = others,
): string {
  const known = all.find(({ type }) => type.kind !== 'null')
  if (expression.type.kind === 'null' && known) return besideSql(expression, known.type, context)
  if (isPaddedColumn(expression)) return context.column(expression)
  if (expression.kind === 'string' && expression.type.kind === 'text' && others.some(isPaddedColumn)) {
    return textSql(expression.value)
  }
  const constant = constantOf(expression)
  const besideReal = others.some(({ kind, type }) => kind === 'column' && type.datatype === 'float')
  if (constant === undefined || !besideReal || !isReal(constant)) return context.expression(expression)
  return `(${context.expression(expression)})::real`
}

function isPaddedColumn(expression: ResolvedExpression): expression is ResolvedColumn {
  return isStored(expression) && isPadded(expression.type)
}

/** Whether a real can hold this number, rounded. */
function isReal(value: number): boolean {
  const rounded = Math.fround(value)
  return Number.isFinite(rounded) && (rounded !== 0 || value === 0)
}
