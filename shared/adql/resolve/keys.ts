import type { ResolvedCondition, ResolvedExpression } from '../resolved.ts'
import { valuesOf } from './operands.ts'

/** A text that two expressions share if and only if they mean the same value: for GROUP BY and ORDER BY. */
export function keyOf(expression: ResolvedExpression): string {
  switch (expression.kind) {
    case 'number':
      return expression.text
    case 'string':
      return JSON.stringify(expression.value)
    case 'null':
      return 'null'
    case 'column':
      return `#${expression.source.id}.${JSON.stringify(expression.column.name)}`
    case 'merged-column':
      return mergedKey(expression)
    case 'call':
      return callKey(expression)
    case 'choice': {
      const branches = expression.branches.map(({ condition, value }) => `${conditionKey(condition)}:${keyOf(value)}`)
      return `choice(${[...branches, keyOf(expression.otherwise)].join()})`
    }
    case 'cast':
      return `cast(${keyOf(expression.operand)} ${expression.target} ${expression.length ?? ''})`
    case 'signed':
      return `(${expression.sign}${keyOf(expression.operand)})`
    case 'binary':
      return `(${keyOf(expression.left)}${expression.operator}${keyOf(expression.right)})`
    case 'conversion':
      return `(${keyOf(expression.operand)}*${expression.factor})`
    case 'shape':
      return JSON.stringify(expression.shape)
  }
}

/** The common column of an inner or left join is its left column; of a right join, its right one. */
function mergedKey({ join, left, right }: Extract<ResolvedExpression, { kind: 'merged-column' }>): string {
  if (join === 'full') return `merged(${keyOf(left)},${keyOf(right)})`
  return keyOf(join === 'right' ? right : left)
}

function callKey({ function: row, arguments: values, distinct, star }: Extract<ResolvedExpression, { kind: 'call' }>) {
  return `${row.name}(${distinct ? 'distinct ' : ''}${star ? '*' : values.map(keyOf).join()})`
}

/** No two subqueries are taken for the same. */
function conditionKey(condition: ResolvedCondition): string {
  if (condition.kind === 'not') return `not(${conditionKey(condition.operand)})`
  if ('operands' in condition) return `${condition.kind}(${condition.operands.map(conditionKey).join()})`
  const words = [
    condition.kind,
    'negated' in condition && condition.negated,
    'caseless' in condition && condition.caseless,
    'operator' in condition && condition.operator,
    'query' in condition && condition.query.span.start,
  ]
  return `${words.join()}(${valuesOf(condition).map(keyOf).join()})`
}
