import { nearMisses } from '../../near-miss.ts'
import { AdqlError } from '../error.ts'
import type { FunctionRow, Parameter, ParameterType, Signature } from '../functions/row.ts'
import { parameterAt, takesCount } from '../functions/signatures.ts'
import type {
  ResolvedCall,
  ResolvedColumn,
  ResolvedConversion,
  ResolvedExpression,
  ResolvedMergedColumn,
  ResolvedShape,
  ResolvedString,
} from '../resolved.ts'
import type { Call, Expression } from '../syntax.ts'
import { didYouMean, listOf } from '../table-set.ts'
import { conversionFactor, parseUnit } from '../units.ts'
import { CIRCLE, DOUBLE, isGeometry, isNumber, isPlainArray, POINT, POLYGON } from '../value-type.ts'
import { adapt, capital, describe, requireComparable } from './check-types.ts'
import { alike, requireOneType } from './choices.ts'
import { constantOf } from './constants.ts'
import { operandsOf } from './operands.ts'
import type { Scope } from './scope.ts'
import { parseRegion, ShapeError } from './shapes.ts'

type Resolve = (expression: Expression, scope: Scope) => ResolvedExpression

/** Binds a call to its function's signature. That the function exists and takes so many arguments is known. */
export function resolveCall(
  call: Call,
  scope: Scope,
  resolve: Resolve,
): ResolvedCall | ResolvedConversion | ResolvedShape {
  const row = scope.context.functions.find(call.name.text)
  if (row === undefined) throw new RangeError(`${call.name.text} has not been checked`)
  const resolved = call.arguments.map((argument) => resolve(argument, scope))
  const values = row.name === 'COALESCE' ? alike(resolved) : resolved
  if (row.name === 'IN_UNIT') return convert(call, values)
  if (row.name === 'REGION') return regionOf(call, values)
  const signature = chooseSignature(row, call, values)
  const fitted = values.map((value, index) => fitArgument(value, parameterAt(signature, index)))
  checkArguments(row, signature, fitted)
  if (call.distinct) fitted.forEach(requireComparable)
  return {
    kind: 'call',
    function: row,
    signature,
    arguments: fitted,
    coordinateSystem: call.coordinateSystem?.value,
    distinct: call.distinct,
    star: call.star,
    type: typeof signature.result === 'function' ? signature.result(fitted.map(({ type }) => type)) : signature.result,
    unit: typeof signature.unit === 'function' ? signature.unit(fitted) : signature.unit,
    span: call.span,
  }
}

/** The first signature that fits all arguments; the error is about the first argument that the nearest does not take. */
function chooseSignature(row: FunctionRow, call: Call, values: readonly ResolvedExpression[]): Signature {
  const candidates = row.signatures.filter((signature) => call.star || takesCount(signature, values.length))
  let nearest: { readonly misfit: number; readonly signature: Signature } | undefined
  for (const signature of candidates) {
    const misfit = values.findIndex((value, index) => !fits(value, parameterAt(signature, index)))
    if (misfit === -1) return signature
    if (nearest === undefined || misfit > nearest.misfit) nearest = { misfit, signature }
  }
  const value = values[nearest?.misfit ?? 0]
  const parameter = nearest && parameterAt(nearest.signature, nearest.misfit)
  if (value === undefined || parameter === undefined) throw new RangeError(`${row.name} has not been checked`)
  const place = values.length === 1 ? '' : ` as its ${ordinal(nearest?.misfit ?? 0)} argument`
  const constant = parameter.type === 'TEXT' ? 'a text in quotes' : 'a constant'
  const wanted = parameter.literal && fitsType(value, parameter) ? constant : WORDS[parameter.type]
  const found = wanted === constant ? 'not one' : describe(value.type)
  const message = `${row.name} takes ${wanted}${place}; this is ${found}.`
  throw new AdqlError('type', message, value.span)
}

const WORDS: Readonly<Record<ParameterType, string>> = {
  DOUBLE: 'a number',
  REAL: 'a number',
  NUMERIC: 'a number',
  INTEGER: 'an integer',
  BIGINT: 'an integer',
  TEXT: 'text',
  TIMESTAMP: 'a timestamp',
  POINT: 'a point',
  CIRCLE: 'a circle',
  POLYGON: 'a polygon',
  GEOMETRY: 'a shape',
  ARRAY: 'an array of numbers or booleans in one dimension',
  CONDITION: 'a condition',
  ANY: 'a value',
}

function ordinal(index: number): string {
  return ['first', 'second', 'third', 'fourth', 'fifth'][index] ?? `${index + 1}th`
}

function fits(value: ResolvedExpression, parameter: Parameter | undefined): boolean {
  if (parameter === undefined) return false
  const { type, kind } = value
  if (parameter.literal)
    return constantOf(value) !== undefined ? fitsType(value, parameter) : kind === 'string' && parameter.type === 'TEXT'
  return type.kind === 'null' || fitsType(value, parameter)
}

function fitsType({ type, kind }: ResolvedExpression, parameter: Parameter): boolean {
  switch (parameter.type) {
    case 'DOUBLE':
    case 'REAL':
    case 'NUMERIC':
      return isNumber(type)
    case 'INTEGER':
    case 'BIGINT':
      return type.kind === 'integer'
    case 'TEXT':
      return type.kind === 'text'
    case 'TIMESTAMP':
      return type.kind === 'timestamp' || kind === 'string'
    case 'POINT':
    case 'CIRCLE':
    case 'POLYGON':
      return type.kind === parameter.type.toLowerCase()
    case 'GEOMETRY':
      return isGeometry(type)
    case 'ARRAY':
      return isPlainArray(type)
    case 'CONDITION':
      return false
    case 'ANY':
      return true
  }
}

function fitArgument(value: ResolvedExpression, parameter: Parameter | undefined): ResolvedExpression {
  return parameter?.type === 'TIMESTAMP' ? adapt(value, { kind: 'timestamp', datatype: 'char' }) : value
}

function checkArguments(row: FunctionRow, signature: Signature, values: readonly ResolvedExpression[]): void {
  if (row.name === 'MIN' || row.name === 'MAX') values.forEach(requireComparable)
  if (row.name === 'COALESCE') requireOneType(row.name, values)
  if (row.aggregate) requireOwnColumn(row, values)
  values.forEach((value, index) => {
    checkRange(value, parameterAt(signature, index))
    checkLiteral(value, parameterAt(signature, index), row)
  })
}

/** SQL would make an aggregate of outer columns alone one of the outer query; its place is there. */
function requireOwnColumn(row: FunctionRow, values: readonly ResolvedExpression[]): void {
  const [first, ...others] = values.flatMap(columnsIn)
  if (first === undefined || [first, ...others].some(({ depth }) => depth === 0)) return
  const message = `${row.name} takes a column of the query in which it stands; this one is of the query around it. Compute ${row.name} there.`
  throw new AdqlError('aggregate', message, first.span)
}

function columnsIn(value: ResolvedExpression): (ResolvedColumn | ResolvedMergedColumn)[] {
  const isColumn = value.kind === 'column' || value.kind === 'merged-column'
  return isColumn ? [value] : operandsOf(value).flatMap(columnsIn)
}

function checkRange(value: ResolvedExpression, parameter: Parameter | undefined): void {
  const range = parameter?.range
  const constant = range && constantOf(value)
  if (range === undefined || constant === undefined || (constant >= range.from && constant <= range.to)) return
  const wrapped = range.wraps ? String(Number((((constant % 360) + 360) % 360).toPrecision(15))) : undefined
  const hint = wrapped === undefined ? '' : ` Write ${wrapped}, which is the same place.`
  const unit = range.unit === undefined ? '' : ` ${range.unit}`
  const message = `The ${range.what} ${constant} is not between ${range.from} and ${range.to}${unit}.${hint}`
  const suggestions = wrapped === undefined ? [] : [wrapped]
  throw new AdqlError('coordinate-range', message, value.span, { suggestions })
}

function checkLiteral(value: ResolvedExpression, parameter: Parameter | undefined, row: FunctionRow): void {
  const values = parameter?.values
  if (values === undefined || value.kind !== 'string' || values.includes(value.value)) return
  const suggestions = nearMisses(value.value, values).map((near) => `'${near}'`)
  const message = `${row.name} does not know '${value.value}'.${didYouMean(suggestions)} It knows ${listOf(values, 'and')}.`
  throw new AdqlError('arguments', message, value.span, { suggestions })
}

/** IN_UNIT(x, 'unit'): a factor that both units, known now, decide. */
function convert(call: Call, [value, wanted]: readonly ResolvedExpression[]): ResolvedConversion {
  if (value === undefined || wanted?.kind !== 'string') throw new RangeError('IN_UNIT has not been checked')
  if (!isNumber(value.type)) {
    throw new AdqlError('type', `IN_UNIT takes a number; this is ${describe(value.type)}.`, value.span)
  }
  if (value.unit === undefined)
    throw new AdqlError('unit', 'IN_UNIT needs a value whose unit is known; this one has none.', value.span)
  const factor = value.unit === wanted.value ? 1 : factorBetween(value.unit, wanted)
  return { kind: 'conversion', operand: value, factor, type: DOUBLE, unit: wanted.value, span: call.span }
}

function factorBetween(unit: string, wanted: ResolvedString): number {
  const to = parseUnit(wanted.value)
  if (to === undefined) {
    const message = `'${wanted.value}' is not a unit that IN_UNIT knows. Units are written as in VOUnits: 'deg', 'mas/yr', 'W.m**-2'.`
    throw new AdqlError('unit', message, wanted.span)
  }
  const from = parseUnit(unit)
  const factor = from && conversionFactor(from, to)
  if (factor !== undefined) return factor
  const why = from === undefined ? 'it is not a unit with a factor to others' : 'they do not measure the same'
  throw new AdqlError('unit', `${unit} cannot be converted to ${wanted.value}: ${why}.`, wanted.span)
}

const SHAPE_TYPES = { point: POINT, circle: CIRCLE, polygon: POLYGON } as const

function regionOf(call: Call, [value]: readonly ResolvedExpression[]): ResolvedShape {
  if (value?.kind !== 'string') throw new RangeError('REGION has not been checked')
  try {
    const shape = parseRegion(value.value)
    return { kind: 'shape', shape, type: SHAPE_TYPES[shape.kind], unit: undefined, span: call.span }
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error
    throw new AdqlError('region', `${capital(error.message)}.`, value.span)
  }
}
