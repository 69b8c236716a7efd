import type { ColumnMetadata } from '../metadata.ts'
import type { ResolvedBinary, ResolvedCall, ResolvedColumn, ResolvedExpression, ResolvedString } from '../resolved.ts'
import { aliasOf, type Context } from './context.ts'
import { geometrySql } from './geometry.ts'
import { nameSql, textSql } from './names.ts'
import { refuse } from './refusal.ts'

export function expressionSql(expression: ResolvedExpression, context: Context): string {
  switch (expression.kind) {
    case 'number':
      return expression.text
    case 'string':
      return stringSql(expression)
    case 'null':
      return 'NULL'
    case 'column':
      return columnSql(expression, context)
    case 'merged-column':
      return expressionSql(expression.left, context)
    case 'call':
      return callSql(expression, context)
    case 'choice':
      throw refuse('choice', expression)
    case 'cast':
      throw refuse('cast', expression)
    case 'signed': {
      const { sign, operand } = expression
      // A sign before a number is part of it; before anything else Qserv does not read it.
      if (operand.kind === 'number') return sign === '-' ? `-${operand.text}` : operand.text
      return sign === '+' ? expressionSql(operand, context) : `-1 * ${operandSql(operand, 2, context)}`
    }
    case 'binary':
      return binarySql(expression, context)
    case 'conversion': {
      const { operand, factor } = expression
      return factor === 1 ? expressionSql(operand, context) : `${operandSql(operand, 2, context)} * ${factor}`
    }
    case 'shape':
      throw refuse('region', expression)
  }
}

function stringSql({ type, value }: ResolvedString): string {
  if (type.kind === 'boolean') return value.toUpperCase()
  return textSql(type.kind === 'timestamp' ? value.replace('T', ' ') : value)
}

/** A column in the catalogue's spelling: names of tables compare with case in MySQL. */
function columnSql({ source, column, qualified }: ResolvedColumn, context: Context): string {
  const name = nameSql((column as ColumnMetadata).physical ?? column.name.text)
  const alias = qualified || context.several ? aliasOf(source, context) : undefined
  return alias === undefined ? name : `${nameSql(alias)}.${name}`
}

function callSql(call: ResolvedCall, context: Context): string {
  const rule = call.function.sql.qserv
  if (typeof rule === 'object') throw refuse('function', call, `${call.function.name}: ${rule.refused}`)
  if (typeof rule === 'function') return rule(...call.arguments.map((value) => expressionSql(value, context)))
  if (call.distinct) throw refuse('distinct-aggregate', call)
  if (!call.function.aggregate) return geometrySql(call, context)
  const argument = call.star ? '*' : call.arguments.map((value) => expressionSql(value, context)).join(', ')
  return `${call.function.name}(${argument})`
}

const PRECEDENCE = { '+': 1, '-': 1, '*': 2, '/': 2 } as const

function binarySql(expression: ResolvedBinary, context: Context): string {
  const { operator, left, right, type } = expression
  if (operator === '||') {
    return `CONCAT(${partsOf(expression)
      .map((part) => expressionSql(part, context))
      .join(', ')})`
  }
  // MySQL's / makes decimals of integers.
  const word = operator === '/' && type.kind === 'integer' ? 'DIV' : operator
  const strength = PRECEDENCE[operator]
  return `${operandSql(left, strength, context)} ${word} ${operandSql(right, strength + 1, context)}`
}

/** || is OR in MySQL. */
function partsOf(expression: ResolvedExpression): ResolvedExpression[] {
  if (expression.kind !== 'binary' || expression.operator !== '||') return [expression]
  return [...partsOf(expression.left), ...partsOf(expression.right)]
}

/** In parentheses where it binds less tightly than `strength`. */
function operandSql(expression: ResolvedExpression, strength: number, context: Context): string {
  const sql = expressionSql(expression, context)
  return strengthOf(expression) < strength ? `(${sql})` : sql
}

function strengthOf(expression: ResolvedExpression): number {
  if (expression.kind === 'binary') return expression.operator === '||' ? 3 : PRECEDENCE[expression.operator]
  if (expression.kind === 'conversion') return 2
  // A negative number on the right of an operator is put in parentheses.
  return expression.kind === 'signed' ? 1 : 3
}
