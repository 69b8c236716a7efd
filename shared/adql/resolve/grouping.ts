import { AdqlError } from '../error.ts'
import type { ResolvedCondition, ResolvedExpression } from '../resolved.ts'
import { keyOf } from './keys.ts'

/** The values that an expression is made of, one level down. */
export function operandsOf(expression: ResolvedExpression): readonly ResolvedExpression[] {
  switch (expression.kind) {
    case 'call':
      return expression.arguments
    case 'cast':
    case 'signed':
    case 'conversion':
      return [expression.operand]
    case 'binary':
      return [expression.left, expression.right]
    case 'number':
    case 'string':
    case 'null':
    case 'column':
    case 'merged-column':
    case 'shape':
      return []
  }
}

/** The values that a condition compares; those of its subqueries are the subqueries' own business. */
export function valuesOf(condition: ResolvedCondition): readonly ResolvedExpression[] {
  switch (condition.kind) {
    case 'comparison':
      return [condition.left, condition.right]
    case 'between':
      return [condition.operand, condition.low, condition.high]
    case 'in-list':
      return [condition.operand, ...condition.values]
    case 'in-query':
    case 'is-null':
      return [condition.operand]
    case 'like':
      return [condition.operand, condition.pattern]
    case 'exists':
      return []
    case 'not':
      return valuesOf(condition.operand)
    case 'and':
    case 'or':
      return condition.operands.flatMap(valuesOf)
  }
}

export function hasAggregate(expression: ResolvedExpression): boolean {
  if (expression.kind === 'call' && expression.function.aggregate) return true
  return operandsOf(expression).some(hasAggregate)
}

/**
 * In a select whose rows are groups, every value is grouped by, or made of such values, aggregates and constants.
 *
 * @throws AdqlError of kind `grouping`, about the first column that is neither
 */
export function requireGrouped(value: ResolvedExpression, groupedBy: ReadonlySet<string>): void {
  if (groupedBy.has(keyOf(value))) return
  if (value.kind === 'call' && value.function.aggregate) return
  if ((value.kind === 'column' || value.kind === 'merged-column') && value.depth === 0) {
    const name = nameOf(value)
    const how = groupedBy.size === 0 ? 'Add GROUP BY' : 'Add it to GROUP BY'
    const message = `${name} is neither grouped nor aggregated, but other values here are. ${how}${groupedBy.size === 0 ? ` ${name}` : ''}, or use an aggregate such as MAX(${name}).`
    throw new AdqlError('grouping', message, value.span, { suggestions: [`GROUP BY ${name}`, `MAX(${name})`] })
  }
  for (const operand of operandsOf(value)) requireGrouped(operand, groupedBy)
}

function nameOf(value: Extract<ResolvedExpression, { kind: 'column' | 'merged-column' }>): string {
  return value.kind === 'column' ? value.column.name.text : nameOf(value.left)
}
