import { comparedValues } from '../compared-values.ts'
import type { ResolvedCondition, ResolvedExpression } from '../resolved.ts'

/** The values that an expression is made of, one level down. */
export function operandsOf(expression: ResolvedExpression): readonly ResolvedExpression[] {
  switch (expression.kind) {
    case 'call':
      return expression.arguments
    case 'choice':
      return [
        ...expression.branches.flatMap(({ condition, value }) => [...valuesOf(condition), value]),
        expression.otherwise,
      ]
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

/** The values that a condition and those in it compare. */
export function valuesOf(condition: ResolvedCondition): readonly ResolvedExpression[] {
  if (condition.kind === 'not') return valuesOf(condition.operand)
  if ('operands' in condition) return condition.operands.flatMap(valuesOf)
  return comparedValues<ResolvedExpression>(condition)
}
