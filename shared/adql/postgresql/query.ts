import type { SourceColumn } from '../metadata.ts'
import { constantOf } from '../resolve/constants.ts'
import { keyOf } from '../resolve/keys.ts'
import type {
  ResolvedExpression,
  ResolvedQuery,
  ResolvedQueryBody,
  ResolvedQueryExpression,
  ResolvedSelect,
  ResolvedSortKey,
  ResolvedTableReference,
} from '../resolved.ts'
import type { Context } from './context.ts'
import { isVolatileValue } from './evaluate-once.ts'
import { asValue, daliTime } from './expressions.ts'
import { tableReferenceSql } from './from.ts'
import { isPadded, isStored, sqlType } from './types.ts'

/** What becomes of the items of a select: values for an outer query, or what the result's FIELDs say. */
export interface Target {
  readonly columns: readonly SourceColumn[]
  readonly outermost: boolean
}

/** The whole query as one SELECT. `most`: no more rows than this. */
export function querySql({ with: common, body }: ResolvedQuery, most: bigint | undefined, context: Context): string {
  const tables = common.map(
    ({ id, query }) => `w${id} as (${queryExpressionSql(query, undefined, undefined, context)})`,
  )
  const target: Target = { columns: body.columns, outermost: true }
  const sql = queryExpressionSql(body, target, most, context)
  return tables.length === 0 ? sql : `with ${tables.join(', ')} ${sql}`
}

export function queryExpressionSql(
  query: ResolvedQueryExpression,
  target: Target = { columns: query.columns, outermost: false },
  most: bigint | undefined = undefined,
  context: Context,
): string {
  const { body, orderBy, offset } = query
  const sorting = body.kind === 'select' ? context.knowing(groupKeys(body)) : context
  const keys = orderBy.map((key) => sortKeySql(key, body, sorting))
  const limit = least(body.kind === 'select' ? body.top : undefined, most)
  const inner = bodySql(body, target, context)
  const isOverridden = body.kind === 'nested' && (keys.length > 0 || limit !== undefined || offset !== undefined)
  return [
    // PostgreSQL takes parentheses away: the clauses in them and behind them would be two of one select.
    isOverridden ? `select * from ${inner} as q` : inner,
    ...(keys.length === 0 ? [] : [`order by ${keys.join(', ')}`]),
    ...(limit === undefined ? [] : [`limit ${limit}`]),
    ...(offset === undefined ? [] : [`offset ${offset}`]),
  ].join(' ')
}

function least(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return a < b ? a : b
}

function bodySql(body: ResolvedQueryBody, target: Target, context: Context): string {
  switch (body.kind) {
    case 'select':
      return selectSql(body, target, context)
    case 'nested':
      return `(${queryExpressionSql(body.query, target, undefined, context)})`
    case 'set-operation': {
      const operator = `${body.operator.toLowerCase()}${body.all ? ' all' : ''}`
      return `${operandSql(body.left, target, context)} ${operator} ${operandSql(body.right, target, context)}`
    }
  }
}

/** TOP belongs to the operand in which it stands. */
function operandSql(body: ResolvedQueryBody, target: Target, context: Context): string {
  const sql = bodySql(body, target, context)
  if (body.kind === 'nested') return sql
  return body.kind === 'select' && body.top !== undefined ? `(${sql} limit ${body.top})` : `(${sql})`
}

function selectSql(select: ResolvedSelect, target: Target, context: Context): string {
  const keys = groupKeys(select)
  const grouped = context.knowing(keys)
  const items = select.items.map(({ expression }, index) => {
    return `${itemSql(expression, target.columns[index], target.outermost, grouped)} as c${index + 1}`
  })
  const from = select.from.map((reference) => tableReferenceSql(reference, context))
  return [
    `select ${select.distinct ? 'distinct ' : ''}${items.join(', ')}`,
    `from ${[...from, ...computedSql(select, keys, context)].join(', ')}`,
    ...(select.where === undefined ? [] : [`where ${context.condition(select.where, true)}`]),
    ...(select.groupBy.length === 0
      ? []
      : [`group by ${select.groupBy.map((key) => keySql(key, grouped)).join(', ')}`]),
    ...(select.having === undefined ? [] : [`having ${grouped.condition(select.having, true)}`]),
  ].join(' ')
}

/**
 * The names of the values that a select groups by, where they are neither columns nor constants nor
 * random. In a subquery, as which
 * some functions are printed, PostgreSQL knows grouped columns again, but no grouped expressions: FROM computes them.
 */
function groupKeys({ groupBy, from }: ResolvedSelect): ReadonlyMap<string, string> {
  const computed = groupBy.filter(isComputed)
  return new Map(computed.map((key, index) => [keyOf(key), `g${idOf(from[0])}.k${index + 1}`]))
}

function isComputed(value: ResolvedExpression): boolean {
  if (value.kind === 'column' || (value.kind === 'merged-column' && value.join !== 'full')) return false
  return constantOf(value) === undefined && value.kind !== 'string' && value.kind !== 'null' && !isVolatileValue(value)
}

/** A number that no other select of the query has. */
function idOf(reference: ResolvedTableReference | undefined): number {
  if (reference === undefined) throw new RangeError('FROM names a table')
  return reference.kind === 'source' ? reference.source.id : idOf(reference.left)
}

/** What FROM computes for the select. PostgreSQL plans it as if it stood where it is named. */
function computedSql(
  { groupBy, from }: ResolvedSelect,
  keys: ReadonlyMap<string, string>,
  context: Context,
): readonly string[] {
  if (keys.size === 0) return []
  const values = groupBy.filter(isComputed).map((key, index) => `${keySql(key, context)} as k${index + 1}`)
  return [`lateral (select ${values.join(', ')}) as g${idOf(from[0])}`]
}

function itemSql(
  expression: ResolvedExpression,
  column: SourceColumn | undefined,
  outermost: boolean,
  context: Context,
): string {
  const type = column?.type ?? expression.type
  const sql = asValue(expression, type, context)
  if (outermost && type.kind === 'timestamp') return daliTime(expression, sql)
  return `(${sql})::${sqlType(type)}`
}

function sortKeySql({ by, descending }: ResolvedSortKey, body: ResolvedQueryBody, context: Context): string {
  const key = by.kind === 'position' ? positionSql(by.index, body, context) : keySql(by.expression, context)
  return descending ? `${key} desc` : key
}

/** Timestamps are selected as text, which no index sorts; DISTINCT and set operations sort by nothing but what is selected. */
function positionSql(index: number, body: ResolvedQueryBody, context: Context): string {
  const item = body.kind === 'select' && !body.distinct ? body.items[index]?.expression : undefined
  return item?.type.kind === 'timestamp' ? keySql(item, context) : String(index + 1)
}

/** A key is never read as a position; a column of CHAR(n) is grouped as it is, so that all of it can be used. */
function keySql(expression: ResolvedExpression, context: Context): string {
  if (expression.kind === 'number' || expression.kind === 'signed') {
    return `(${context.expression(expression)})::${sqlType(expression.type)}`
  }
  if (expression.kind === 'null') return 'null::text'
  const padded = isStored(expression) && isPadded(expression.type)
  return padded ? context.column(expression) : context.expression(expression)
}
