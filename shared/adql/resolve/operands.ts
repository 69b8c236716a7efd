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
