import { AdqlError } from '../error.ts'
import type { ResolvedExpression } from '../resolved.ts'
import {
  BOOLEAN,
  isGeometry,
  isNumber,
  isPlainArray,
  TIMESTAMP,
  type ValueType,
  WORDS_FOR_KIND,
} from '../value-type.ts'

/** `text`, `a number (double)`: what a message says of a value. */
export function describe({ kind, datatype }: ValueType): string {
  return kind === 'text' || kind === 'null' ? WORDS_FOR_KIND[kind] : `${WORDS_FOR_KIND[kind]} (${datatype})`
}

export function requireNumber(value: ResolvedExpression, forWhat: string): void {
  if (isNumber(value.type) || value.type.kind === 'null') return
  const suggestions = value.type.kind === 'text' ? ['CAST(… AS DOUBLE PRECISION)'] : []
  const hint = value.type.kind === 'text' ? ' CAST makes a number of a text.' : ''
  throw new AdqlError('type', `${forWhat} takes numbers; this is ${describe(value.type)}.${hint}`, value.span, {
    suggestions,
  })
}

export function requireText(value: ResolvedExpression, forWhat: string): void {
  if (value.type.kind === 'text' || value.type.kind === 'null') return
  const castable = isNumber(value.type) || value.type.kind === 'timestamp'
  const hint = castable ? ' CAST(… AS VARCHAR) makes a text of it.' : ''
  const suggestions = castable ? ['CAST(… AS VARCHAR)'] : []
  throw new AdqlError('type', `${forWhat} takes text; this is ${describe(value.type)}.${hint}`, value.span, {
    suggestions,
  })
}

/** DALI's form of a time: a date, or date and time without a zone (a Z is taken). */
const TIME =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:[T ](?:[01]\d|2[0-3]):[0-5]\d(?::(?:[0-5]\d|60)(?:\.\d*)?)?Z?)?$/

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['t', true],
  ['1', true],
  ['false', false],
  ['f', false],
  ['0', false],
])

/**
 * A literal beside a timestamp or a boolean is read as one: ADQL has no literals of these types. Others are returned as
 * they are.
 */
export function adapt(value: ResolvedExpression, beside: ValueType): ResolvedExpression {
  if (beside.kind === 'timestamp' && value.kind === 'string' && value.type.kind === 'text')
    return timeOf(value.value, value)
  if (beside.kind !== 'boolean') return value
  const text =
    value.kind === 'string' && value.type.kind === 'text'
      ? value.value
      : value.kind === 'number'
        ? value.text
        : undefined
  const truth = text === undefined ? undefined : BOOLEANS.get(text.toLowerCase())
  if (truth === undefined) return value
  return { kind: 'string', value: String(truth), type: BOOLEAN, unit: undefined, span: value.span }
}

function timeOf(text: string, { span }: ResolvedExpression): ResolvedExpression {
  if (!TIME.test(text) || !isDay(text.slice(0, 10))) {
    const message = `'${text}' is not a valid time: write it as '2021-01-14T11:25:00' or '2021-01-14'.`
    throw new AdqlError('type', message, span)
  }
  const value = text.replace(' ', 'T').replace('Z', '')
  return { kind: 'string', value, type: TIMESTAMP, unit: undefined, span }
}

/** Whether the calendar has this day: PostgreSQL has no year 0. */
function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`)
  return !text.startsWith('0000') && !Number.isNaN(day.valueOf()) && day.toISOString().startsWith(text)
}

/** Two values that are compared with each other, literals adapted to what stands beside them. */
export function comparable(
  left: ResolvedExpression,
  right: ResolvedExpression,
): [ResolvedExpression, ResolvedExpression] {
  requireComparable(left)
  requireComparable(right)
  const pair: [ResolvedExpression, ResolvedExpression] = [adapt(left, right.type), adapt(right, left.type)]
  const [a, b] = pair
  if (sameGroup(a.type, b.type)) return pair
  const wrong = isLiteral(left) && !isLiteral(right) ? left : right
  const literal = literalFor(left, right.type) ?? literalFor(right, left.type)
  const advice = literal === undefined ? hint(left, right) : ` Write ${literal}.`
  const message = `${capital(describe(left.type))} cannot be compared with ${describe(right.type)}.${advice}`
  throw new AdqlError('type', message, wrong.span, { suggestions: literal === undefined ? [] : [literal] })
}

export function requireComparable({ type, span }: ResolvedExpression): void {
  if (isGeometry(type)) {
    throw new AdqlError(
      'type',
      `${capital(describe(type))} cannot be compared: use CONTAINS, INTERSECTS or DISTANCE.`,
      span,
    )
  }
  if (type.kind === 'array' || type.kind === 'other') {
    const advice = isPlainArray(type) ? 'ARRAY_ELEMENT(…, 1) is its first value' : 'it can only be selected'
    throw new AdqlError('type', `${capital(describe(type))} cannot be compared; ${advice}.`, span)
  }
}

function sameGroup(a: ValueType, b: ValueType): boolean {
  return a.kind === b.kind || a.kind === 'null' || b.kind === 'null' || (isNumber(a) && isNumber(b))
}

/** A number that was written as a text, or the other way round, as it should be beside that type. */
function literalFor(value: ResolvedExpression, beside: ValueType): string | undefined {
  if (value.kind === 'number' && beside.kind === 'text') return `'${value.text}'`
  if (value.kind !== 'string' || value.type.kind !== 'text' || !isNumber(beside)) return undefined
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(value.value.trim()) ? value.value.trim() : undefined
}

function isLiteral({ kind }: ResolvedExpression): boolean {
  return kind === 'string' || kind === 'number'
}

function hint(left: ResolvedExpression, right: ResolvedExpression): string {
  const kinds = [left.type.kind, right.type.kind]
  if (kinds.includes('text') && (isNumber(left.type) || isNumber(right.type)))
    return ' CAST(… AS DOUBLE PRECISION) makes a number of a text, CAST(… AS VARCHAR) a text of a number.'
  if (kinds.includes('boolean')) return " Compare a boolean with 'true' or 'false'."
  if (kinds.includes('timestamp') && kinds.includes('text')) return ' CAST(… AS TIMESTAMP) makes a time of a text.'
  if (kinds.includes('timestamp')) return " Write a time as '2021-01-14T11:25:00'."
  return ''
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
