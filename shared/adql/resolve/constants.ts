import type { ResolvedExpression } from '../resolved.ts'

/**
 * The value of an expression of number literals; undefined if it is none. Integers are divided as the databases do,
 * toward zero: `5/60` is 0.
 */
export function constantOf(expression: ResolvedExpression): number | undefined {
  if (expression.kind === 'number') return Number(expression.text)
  if (expression.kind === 'signed') {
    const value = constantOf(expression.operand)
    return value === undefined || expression.sign === '+' ? value : -value
  }
  if (expression.kind !== 'binary' || expression.operator === '||') return undefined
  const left = constantOf(expression.left)
  const right = constantOf(expression.right)
  if (left === undefined || right === undefined) return undefined
  const value = OPERATIONS[expression.operator](left, right)
  return expression.type.kind === 'integer' && expression.operator === '/' ? Math.trunc(value) : value
}

const OPERATIONS = {
  '+': (a: number, b: number) => a + b,
  '-': (a: number, b: number) => a - b,
  '*': (a: number, b: number) => a * b,
  '/': (a: number, b: number) => a / b,
}
