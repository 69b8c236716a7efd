import { AdqlError } from '../error.ts'
import type {
  ResolvedBinary,
  ResolvedCast,
  ResolvedExpression,
  ResolvedNumber,
  ResolvedShape,
  ResolvedString,
  Shape,
} from '../resolved.ts'
import type { BinaryOperation, Cast, CastTarget, Expression, NumberLiteral, Signed, StringLiteral } from '../syntax.ts'
import {
  BIGINT,
  CIRCLE,
  commonType,
  DOUBLE,
  INTEGER,
  isGeometry,
  isNumber,
  NULL,
  POINT,
  POLYGON,
  REAL,
  SHORT,
  TEXT,
  TIMESTAMP,
  textLike,
  type ValueType,
} from '../value-type.ts'
import { resolveCall } from './calls.ts'
import { describe, requireNumber, requireText } from './check-types.ts'
import { resolveChoice } from './choices.ts'
import type { Scope } from './scope.ts'
import { parseNumbers, ShapeError } from './shapes.ts'

/**
 * Binds the names of an expression and finds its type and unit.
 *
 * @throws AdqlError
 */
export function resolveExpression(expression: Expression, scope: Scope): ResolvedExpression {
  switch (expression.kind) {
    case 'number':
      return resolveNumber(expression)
    case 'string':
      return resolveString(expression)
    case 'null':
      return { kind: 'null', type: NULL, unit: undefined, span: expression.span }
    case 'column':
      return scope.resolve(expression)
    case 'call':
      return resolveCall(expression, scope, resolveExpression)
    case 'choice':
      return resolveChoice(expression, scope, resolveExpression)
    case 'cast':
      return resolveCast(expression, scope)
    case 'signed':
      return resolveSigned(expression, scope)
    case 'binary':
      return resolveBinary(expression, scope)
  }
}

/** PostgreSQL's texts hold every character but one. */
function resolveString({ value, span }: StringLiteral): ResolvedString {
  if (value.includes('\0')) throw new AdqlError('type', 'A text cannot hold the character U+0000.', span)
  return { kind: 'string', value, type: TEXT, unit: undefined, span }
}

function resolveNumber(literal: NumberLiteral): ResolvedNumber {
  const { text, span } = literal
  const value = Number(text)
  const isTooSmall = value === 0 && /^[\d.]*[1-9]/.test(text)
  if (Number.isFinite(value) && !isTooSmall) {
    return { kind: 'number', text, type: numberType(literal), unit: undefined, span }
  }
  const message = isTooSmall
    ? `${text} is nearer to 0 than any number but 0 can be; the nearest is about 5e-324.`
    : `${text} is too large: the largest number is about 1.8e308.`
  throw new AdqlError('type', message, span)
}

/** The narrowest of int and long that holds an integer; all other numbers are doubles. */
function numberType({ text, integer }: NumberLiteral): ValueType {
  if (!integer || text.length > 19) return DOUBLE
  const value = BigInt(text)
  if (value <= 2_147_483_647n) return INTEGER
  return value <= 9_223_372_036_854_775_807n ? BIGINT : DOUBLE
}

function resolveSigned({ sign, operand, span }: Signed, scope: Scope): ResolvedExpression {
  const value = resolveExpression(operand, scope)
  requireNumber(value, `The sign ${sign}`)
  if (value.kind === 'number' && sign === '-' && value.text === LOWEST_LONG) {
    return { kind: 'signed', sign, operand: { ...value, type: BIGINT }, type: BIGINT, unit: undefined, span }
  }
  const type = value.type.kind === 'null' ? DOUBLE : sign === '-' ? negativeType(value.type) : value.type
  return { kind: 'signed', sign, operand: value, type, unit: value.unit, span }
}

/** The bytes of VOTable have no sign. */
function negativeType(type: ValueType): ValueType {
  return type.datatype === 'unsignedByte' ? { ...type, datatype: 'short' } : type
}

/** Without its sign it is no long. */
const LOWEST_LONG = '9223372036854775808'

function resolveBinary({ operator, left, right, span }: BinaryOperation, scope: Scope): ResolvedBinary {
  const a = resolveExpression(left, scope)
  const b = resolveExpression(right, scope)
  const check = operator === '||' ? requireText : requireNumber
  check(a, operator)
  check(b, operator)
  const type = operator === '||' ? textLike([a.type, b.type]) : arithmeticType(a.type, b.type)
  return { kind: 'binary', operator, left: a, right: b, type, unit: unitOf(operator, a, b), span }
}

/** At least int, so that 16 bits do not overflow. */
function arithmeticType(a: ValueType, b: ValueType): ValueType {
  const common = commonType([a, b]) ?? DOUBLE
  if (common.kind === 'null') return DOUBLE
  return common.datatype === 'short' || common.datatype === 'unsignedByte' ? INTEGER : common
}

/** The unit of a sum is that of its operands; a number without a unit scales. Products of units are written out. */
function unitOf(
  operator: BinaryOperation['operator'],
  a: ResolvedExpression,
  b: ResolvedExpression,
): string | undefined {
  if (operator === '||') return undefined
  if (operator === '+' || operator === '-') return a.unit === b.unit || b.unit === undefined ? a.unit : undefined
  if (b.unit === undefined) return a.unit
  if (operator === '/')
    return a.unit === b.unit || a.unit === undefined ? undefined : `${grouped(a.unit)}/${grouped(b.unit)}`
  return a.unit === undefined ? b.unit : `${grouped(a.unit)}.${grouped(b.unit)}`
}

function grouped(unit: string): string {
  return /^[A-Za-z]+(?:\*\*-?\d+)?$/.test(unit) ? unit : `(${unit})`
}

const CAST_TYPES: Readonly<Record<CastTarget, ValueType>> = {
  SMALLINT: SHORT,
  INTEGER,
  BIGINT,
  REAL,
  'DOUBLE PRECISION': DOUBLE,
  CHAR: TEXT,
  VARCHAR: TEXT,
  TIMESTAMP,
  POINT,
  CIRCLE,
  POLYGON,
}

function resolveCast({ operand, target, length, span }: Cast, scope: Scope): ResolvedCast | ResolvedShape {
  const value = resolveExpression(operand, scope)
  const type = castType(target, value.type)
  if (!canCast(value.type, type)) {
    const from = type.kind === 'timestamp' || isGeometry(type) ? 'text' : 'numbers and text'
    throw new AdqlError('type', `CAST makes ${target} of ${from} only; this is ${describe(value.type)}.`, value.span)
  }
  if (isGeometry(type) && value.kind === 'string') {
    return {
      kind: 'shape',
      shape: readShape(type.kind as Shape['kind'], value.value, value),
      type,
      unit: undefined,
      span,
    }
  }
  const unit = isNumber(type) && isNumber(value.type) ? value.unit : undefined
  return { kind: 'cast', operand: value, target, length: length?.value, type, unit, span }
}

function castType(target: CastTarget, from: ValueType): ValueType {
  const type = CAST_TYPES[target]
  return type.kind === 'text' && from.kind === 'text' ? textLike([from]) : type
}

function canCast(from: ValueType, to: ValueType): boolean {
  if (from.kind === 'null' || from.kind === to.kind) return true
  if (from.kind === 'text') return true
  if (isNumber(to)) return isNumber(from) || from.kind === 'boolean'
  return to.kind === 'text' && (isNumber(from) || from.kind === 'timestamp' || from.kind === 'boolean')
}

function readShape(kind: Shape['kind'], text: string, { span }: ResolvedExpression): Shape {
  try {
    return parseNumbers(kind, text)
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error
    throw new AdqlError('region', `'${text}' is not a valid ${kind}: ${error.message}.`, span)
  }
}
