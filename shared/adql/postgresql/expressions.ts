import type { ParameterType } from '../functions/row.ts'
import { parameterAt } from '../functions/signatures.ts'
import type { ColumnMetadata } from '../metadata.ts'
import { keyOf } from '../resolve/keys.ts'
import type {
  ResolvedBinary,
  ResolvedCall,
  ResolvedCast,
  ResolvedChoice,
  ResolvedColumn,
  ResolvedExpression,
  ResolvedString,
} from '../resolved.ts'
import { isGeometry, type ValueType } from '../value-type.ts'
import type { Context } from './context.ts'
import { callByRule, repeatedSql } from './evaluate-once.ts'
import { geometrySql, shapeSql } from './geometry.ts'
import { columnSql, doubleSql, textSql } from './names.ts'
import { constantShape } from './shape-sql.ts'
import { shapeOf } from './shapes.ts'
import { isPadded, isShapeText, isStored, sqlType } from './types.ts'
import { unsupported } from './unsupported.ts'

/** A column as it is stored, under our own name of its source. */
export function storedColumnSql({ source, column }: ResolvedColumn): string {
  if (source.of.kind === 'table') return `s${source.id}.${columnSql(column as ColumnMetadata)}`
  return `s${source.id}.c${source.columns.all.indexOf(column) + 1}`
}

/** SQL of an expression that can stand as an operand, of the type that `sqlType` names for it. */
export function expressionSql(expression: ResolvedExpression, context: Context): string {
  if (context.known.size > 0) {
    const known = context.known.get(keyOf(expression))
    if (known !== undefined) return known
  }
  switch (expression.kind) {
    case 'number':
      return expression.type.kind === 'integer' ? expression.text : doubleSql(Number(expression.text))
    case 'string':
      return stringSql(expression)
    case 'null':
      return 'null'
    case 'column':
      return columnValueSql(expression, context)
    case 'merged-column':
      return mergedColumnSql(expression, context)
    case 'call':
      return callSql(expression, context)
    case 'choice':
      return choiceSql(expression, context)
    case 'cast':
      return castSql(expression, context)
    case 'signed':
      return `(${expression.sign} ${asType(expression.operand, sqlType(expression.type), context)})`
    case 'binary':
      return binarySql(expression, context)
    case 'conversion':
      return `(${asType(expression.operand, 'float8', context)} * ${doubleSql(expression.factor)})`
    case 'shape':
      return shapeSql(constantShape(expression.shape, expression.span), context)
  }
}

function stringSql({ type, value }: ResolvedString): string {
  if (type.kind === 'timestamp') return `timestamp ${textSql(value)}`
  return type.kind === 'boolean' ? value : `${textSql(value)}::text`
}

/** Without the blanks of CHAR(n), and shapes of tables as arrays of doubles or as text, as their type says. */
function columnValueSql(column: ResolvedColumn, context: Context): string {
  const sql = context.column(column)
  if (!isStored(column)) return sql
  if (isPadded(column.type)) return `rtrim(${sql})`
  return isGeometry(column.type) && !isStoredText(column) ? shapeSql(shapeOf(column, context), context) : sql
}

function isStoredText({ column, type }: ResolvedColumn): boolean {
  const { shape } = column as ColumnMetadata
  return isShapeText(type) && (shape === undefined || shape.as === 'text' || shape.physical !== undefined)
}

function mergedColumnSql(
  { join, left, right }: Extract<ResolvedExpression, { kind: 'merged-column' }>,
  context: Context,
): string {
  if (join !== 'full') return expressionSql(join === 'right' ? right : left, context)
  return `coalesce(${besideSql(left, right.type, context)}, ${besideSql(right, left.type, context)})`
}

/** The expression, cast where its own type is another one. */
export function asType(expression: ResolvedExpression, type: string | undefined, context: Context): string {
  const sql = expressionSql(expression, context)
  if (type === undefined || sqlType(expression.type) === type) return sql
  const isInteger = expression.kind === 'number' && expression.type.kind === 'integer'
  return isInteger && type !== 'text' ? `${sql}::${type}` : `(${sql})::${type}`
}

/** The expression as a value of a type that takes it; a shape where any shape may stand is text, as in DALI's xtype. */
export function asValue(expression: ResolvedExpression, type: ValueType, context: Context): string {
  const { kind } = expression.type
  if (type.kind !== 'region' || kind === 'region' || kind === 'null') return asType(expression, sqlType(type), context)
  const sql = expressionSql(expression, context)
  // Numbers alone; STC-S has its word already.
  if (isShapeText(expression.type)) return `regexp_replace(${sql}, '^ *(?=[-+.0-9])', '${kind} ')`
  return `('${kind} ' || array_to_string(${sql}, ' '))`
}

/** A value of NULLs alone is kept as text, which compares with text only: it gets the type of what stands beside it. */
export function besideSql(expression: ResolvedExpression, other: ValueType, context: Context): string {
  if (expression.type.kind !== 'null' || other.kind === 'null') return expressionSql(expression, context)
  return asType(expression, sqlType(other), context)
}

/** Operands get the type of the result first: 16 bits overflow, and a real added to an integer is not a double. */
function binarySql({ operator, left, right, type }: ResolvedBinary, context: Context): string {
  const wanted = operator === '||' ? 'text' : sqlType(type)
  return `(${asType(left, wanted, context)} ${operator} ${asType(right, wanted, context)})`
}

/** PostgreSQL keeps the type of an argument where ADQL wants a double. */
const ARGUMENT_TYPES: Readonly<Partial<Record<ParameterType, string>>> = {
  DOUBLE: 'float8',
  REAL: 'float8',
  INTEGER: 'integer',
  BIGINT: 'bigint',
  TEXT: 'text',
  TIMESTAMP: 'timestamp',
}

function callSql(call: ResolvedCall, context: Context): string {
  const rule = call.function.sql.postgresql
  if (typeof rule === 'object') throw unsupported('function', `${call.function.name}: ${rule.refused}`, call.span)
  if (typeof rule === 'function') return callByRule(rule, call, argumentsSql(call, context))
  return call.function.aggregate ? aggregateSql(call, context) : geometrySql(call, context)
}

function argumentsSql(call: ResolvedCall, context: Context): string[] {
  return call.arguments.map((value, index) => {
    const type = parameterAt(call.signature, index)?.type
    if (type === 'ANY') return asValue(value, call.type, context)
    if (type === 'ARRAY') return `(${expressionSql(value, context)})::${sqlType(value.type)}`
    return asType(value, type && ARGUMENT_TYPES[type], context)
  })
}

function choiceSql({ branches, otherwise, type }: ResolvedChoice, context: Context): string {
  const cases = branches.map(({ condition, value }) => {
    return `when ${context.condition(condition, false)} then ${asValue(value, type, context)}`
  })
  return `(case ${cases.join(' ')} else ${asValue(otherwise, type, context)} end)`
}

/** PostgreSQL has no greatest boolean. */
const EXTREMES_OF_BOOLEANS: Readonly<Record<string, string>> = { MAX: 'bool_or', MIN: 'bool_and' }

/** Sums and means of reals are made in doubles; what PostgreSQL makes numeric becomes the declared type again. */
function aggregateSql(
  { function: { name }, arguments: [value], star, distinct, type }: ResolvedCall,
  context: Context,
) {
  const quantity = distinct ? 'distinct ' : ''
  if (star || value === undefined) return 'count(*)'
  if (name === 'COUNT') return `count(${quantity}${expressionSql(value, context)})`
  const sql =
    value.type.datatype === 'float' && name !== 'MIN' && name !== 'MAX'
      ? asType(value, 'float8', context)
      : expressionSql(value, context)
  const word = value.type.kind === 'boolean' ? EXTREMES_OF_BOOLEANS[name] : undefined
  const typed = value.type.kind === 'null' ? `(${sql})::${sqlType(type)}` : sql
  const total = `${word ?? name.toLowerCase()}(${quantity}${typed})`
  return name === 'MIN' || name === 'MAX' ? total : `(${total})::${sqlType(type)}`
}

const NUMBER_TYPES = {
  SMALLINT: 'smallint',
  INTEGER: 'integer',
  BIGINT: 'bigint',
  REAL: 'real',
  'DOUBLE PRECISION': 'float8',
} as const

const DALI_TIMESTAMP = String.raw`^\s*\d{4,}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d*)?)?Z?)?\s*$`

function castSql(cast: ResolvedCast, context: Context): string {
  const { operand, target, length } = cast
  const sql = expressionSql(operand, context)
  switch (target) {
    case 'CHAR':
    case 'VARCHAR':
      return lengthSql(textOf(operand, sql), target, length)
    case 'TIMESTAMP': {
      if (operand.type.kind !== 'text') return `(${sql})::timestamp`
      // PostgreSQL would drop a zone silently; this makes it an error that shows the text.
      return repeatedSql(operand, sql, (text) => {
        return `(case when ${text} ~ ${textSql(DALI_TIMESTAMP)} then ${text} else 'not a DALI timestamp: ' || ${text} end)::timestamp`
      })
    }
    case 'POINT':
    case 'CIRCLE':
    case 'POLYGON':
      return operand.type.kind === 'text' ? shapeSql(shapeOf(cast, context), context) : sql
    default:
      return `(${operand.type.kind === 'boolean' ? `(${sql})::integer` : sql})::${NUMBER_TYPES[target]}`
  }
}

/** A value as text; of timestamps, those of `timestampText`. */
export function textOf(value: ResolvedExpression, sql: string): string {
  const { kind } = value.type
  if (kind === 'timestamp') return repeatedSql(value, `(${sql})::timestamp`, timestampText)
  return kind === 'text' ? sql : `(${sql})::text`
}

/** A timestamp in DALI's form, which has no place for years before 0 and after 9999, nor for infinity: they are NULL. */
export function daliTime(value: ResolvedExpression, sql: string): string {
  return repeatedSql(value, `(${sql})::timestamp`, (time) => timeSql(time, "'0001-01-01 BC'", "'10000-01-01'"))
}

/**
 * A timestamp as text, with the T of DALI. Years before 1 are counted as ISO 8601 does, with a sign: 44 BC is -0043.
 * PostgreSQL's `infinity` and `-infinity` are no times, and like NULL.
 */
function timestampText(time: string): string {
  return timeSql(time, "'4714-11-24 BC'", "'infinity'")
}

/** The text of a time from `first` to before `end`; NULL for others. */
function timeSql(time: string, first: string, end: string): string {
  const year = `to_char(extract(year from ${time}) + 1, 'FM0000')`
  const ancient = `${year} || replace(rtrim(substr(${time}::text, 5), ' BC'), ' ', 'T')`
  return `(case when ${time} >= '0001-01-01' and ${time} < ${end} then replace(${time}::text, ' ', 'T') when ${time} >= ${first} and ${time} < '0001-01-01' then ${ancient} end)`
}

const LONGEST = 2_147_483_647n

/** Longer text is cut; CHAR alone is one character, and its blanks at the end belong to no value. */
function lengthSql(sql: string, target: 'CHAR' | 'VARCHAR', length: bigint | undefined): string {
  const size = length ?? (target === 'CHAR' ? 1n : LONGEST)
  const cut = size >= LONGEST ? sql : `left(${sql}, ${size})`
  return target === 'CHAR' ? `rtrim(${cut})` : cut
}
