import type { SqlOfCall } from '../functions/row.ts'
import { constantOf } from '../resolve/constants.ts'
import { operandsOf } from '../resolve/operands.ts'
import type { ResolvedCall, ResolvedExpression } from '../resolved.ts'
import { isGeometry } from '../value-type.ts'
import { unsupported } from './unsupported.ts'

/**
 * SQL of a call by its function's rule. An argument that the rule names several times, and that is more than a column or
 * a constant, is computed once in a subquery: nested calls would else grow without limit.
 */
export function callByRule(rule: SqlOfCall, call: ResolvedCall, values: readonly string[]): string {
  const names = values.map((_, index) => `v.a${index + 1}`)
  const draft = rule(...names)
  if (call.function.aggregate && draft.startsWith('(select') && !call.arguments.some(hasColumn)) {
    const message = `${call.function.name} needs a column in its arguments here.`
    throw unsupported('rowless-argument', message, call.span)
  }
  const isRepeated = (index: number) => draft.split(new RegExp(`${names[index]}(?!\\d)`)).length > 2
  const computed = call.arguments.filter((argument, index) => !isPlain(argument) && isRepeated(index))
  if (computed.length === 0) return `(${rule(...values)})`
  requireRowValues(computed, call)
  // An aggregate over a subquery of one row would be one of that row.
  if (call.function.aggregate) return `(${rule(...values)})`
  const isComputed = (index: number) => computed.includes(call.arguments[index] as ResolvedExpression)
  const columns = values.flatMap((value, index) => (isComputed(index) ? [`${value} as a${index + 1}`] : []))
  const sql = rule(...values.map((value, index) => (isComputed(index) ? (names[index] ?? value) : value)))
  return `(select ${sql} from (select ${columns.join(', ')} offset 0) as v)`
}

/** A longer text is not repeated: nested ones would grow without limit. Repeated, it stays what GROUP BY may name. */
const SHORT_SQL = 500

/** SQL that names a value several times. */
export function repeatedSql(value: ResolvedExpression, sql: string, use: (name: string) => string): string {
  if (sql.length <= SHORT_SQL || findIn(value, isRowlessAggregate) !== undefined) return use(sql)
  return `(select ${use('v.x')} from (select ${sql} as x offset 0) as v)`
}

function isPlain(value: ResolvedExpression): boolean {
  if (constantOf(value) !== undefined || value.kind === 'string' || value.kind === 'null') return true
  return (value.kind === 'column' || value.kind === 'merged-column') && !isGeometry(value.type)
}

/**
 * PostgreSQL computes a subquery that mentions no column of the row once for the whole query, and counts the rows of an
 * aggregate without a column in the subquery.
 */
export function requireRowValues(values: readonly ResolvedExpression[], call: ResolvedCall): void {
  for (const value of values) {
    const fault =
      findIn(value, isRowlessAggregate) ?? (call.arguments.some(hasColumn) ? undefined : findIn(value, isVolatile))
    if (fault === undefined) continue
    const name = fault.kind === 'call' ? fault.function.name : 'This'
    const message = `${name} cannot be an argument of ${call.function.name} here. Compute it in a subquery: SELECT … FROM (SELECT ${name}(…) AS a FROM …) AS t.`
    throw unsupported('rowless-argument', message, fault.span)
  }
}

/**
 * SQL of positions and shapes names its numbers several times, and an index filter once more: each would be another one.
 *
 * @throws AdqlError for RAND and its like in a coordinate, a size or a vertex
 */
export function requireOneValue(value: ResolvedExpression): void {
  const fault = findIn(value, isVolatile)
  if (fault?.kind !== 'call') return
  const name = fault.function.name
  const message = `${name} cannot stand in a position or a shape, which needs its value several times. Compute it in a subquery: SELECT … FROM (SELECT ${name}(…) AS a, … FROM …) AS t.`
  throw unsupported('volatile-position', message, fault.span)
}

export function isVolatileValue(value: ResolvedExpression): boolean {
  return findIn(value, isVolatile) !== undefined
}

type Test = (value: ResolvedExpression) => boolean

function findIn(value: ResolvedExpression, test: Test): ResolvedExpression | undefined {
  if (test(value)) return value
  for (const operand of operandsOf(value)) {
    const found = findIn(operand, test)
    if (found !== undefined) return found
  }
  return undefined
}

const isVolatile: Test = (value) => value.kind === 'call' && value.function.volatile === true
const isRowlessAggregate: Test = (value) =>
  value.kind === 'call' && value.function.aggregate === true && !value.arguments.some(hasColumn)
const hasColumn: Test = (value) =>
  findIn(value, ({ kind }) => kind === 'column' || kind === 'merged-column') !== undefined
