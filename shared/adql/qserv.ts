import { conditionSql, whereSql } from './qserv/conditions.ts'
import { aliasOf, type Context } from './qserv/context.ts'
import { expressionSql } from './qserv/expressions.ts'
import { nameSql } from './qserv/names.ts'
import { refuse } from './qserv/refusal.ts'
import type {
  ResolvedExpression,
  ResolvedJoin,
  ResolvedQuery,
  ResolvedSelect,
  ResolvedSortKey,
  ResolvedTableReference,
  Source,
} from './resolved.ts'

export interface QservOptions {
  /** No more rows than this: MAXREC and one, to see an overflow. */
  readonly maxRows?: bigint
}

/**
 * One SELECT of Qserv, with columns in the order of `query.columns`; two of one name get different ones.
 *
 * @throws AdqlError of kind `unsupported`, its `reason` the construct that Qserv lacks, its span where it stands
 */
export function toQserv(query: ResolvedQuery, { maxRows }: QservOptions = {}): string {
  const [common] = query.with
  if (common !== undefined) throw refuse('common-table', common)
  let { body } = query
  while (body.body.kind === 'nested' && body.orderBy.length === 0 && body.offset === undefined) body = body.body.query
  if (body.offset !== undefined) throw refuse('offset', body)
  if (body.body.kind === 'set-operation') throw refuse('set-operation', body.body)
  if (body.body.kind === 'nested') throw refuse('subquery', body.body)
  const select = body.body
  const sources = select.from.flatMap(sourcesOf)
  const context: Context = {
    several: sources.length > 1,
    expression: (expression) => expressionSql(expression, context),
    condition: (condition) => conditionSql(condition, context),
  }
  const names = namesOfItems(select, body.orderBy)
  const limit = least(select.top, maxRows)
  return [
    `SELECT ${select.distinct ? 'DISTINCT ' : ''}${select.items.map(({ expression }, index) => itemSql(expression, names[index], context)).join(', ')}`,
    `FROM ${select.from.map((reference) => tableSql(reference, context)).join(', ')}`,
    ...(select.where === undefined ? [] : [`WHERE ${whereSql(select.where, context)}`]),
    ...(select.groupBy.length === 0
      ? []
      : [`GROUP BY ${select.groupBy.map((key) => groupSql(key, select, context)).join(', ')}`]),
    ...(select.having === undefined ? [] : [`HAVING ${context.condition(select.having)}`]),
    ...(body.orderBy.length === 0
      ? []
      : [`ORDER BY ${body.orderBy.map((key) => sortSql(key, select, names, context)).join(', ')}`]),
    ...(limit === undefined ? [] : [`LIMIT ${limit}`]),
  ].join(' ')
}

function least(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return a < b ? a : b
}

/**
 * The names that items need: the user's aliases, and ours where two would be called the same (Qserv refuses that) or an
 * expression is sorted by.
 */
function namesOfItems({ items }: ResolvedSelect, orderBy: readonly ResolvedSortKey[]): (string | undefined)[] {
  const own = items.map(({ expression, alias }) => alias?.text ?? columnName(expression))
  const count = Map.groupBy(own, (name) => name?.toLowerCase())
  const sorted = new Set(orderBy.flatMap(({ by }) => (by.kind === 'position' ? [by.index] : [])))
  const used = new Set(own.flatMap((name) => (name === undefined ? [] : [name.toLowerCase()])))
  const met = new Map<string, number>()
  return items.map(({ alias }, index) => {
    const name = own[index]
    if (name === undefined) return sorted.has(index) ? `c${index + 1}` : undefined
    if ((count.get(name.toLowerCase())?.length ?? 0) < 2) return alias?.text
    const turn = (met.get(name.toLowerCase()) ?? 0) + 1
    met.set(name.toLowerCase(), turn)
    if (turn === 1) return name
    let other = `${name}_${turn}`
    while (used.has(other.toLowerCase())) other += '_'
    used.add(other.toLowerCase())
    return other
  })
}

function columnName(expression: ResolvedExpression): string | undefined {
  if (expression.kind === 'merged-column') return columnName(expression.left)
  return expression.kind === 'column' ? expression.column.name.text : undefined
}

function itemSql(expression: ResolvedExpression, name: string | undefined, context: Context): string {
  const sql = context.expression(expression)
  return name === undefined ? sql : `${sql} AS ${nameSql(name)}`
}

function sourcesOf(reference: ResolvedTableReference): Source[] {
  return reference.kind === 'source'
    ? [reference.source]
    : [...sourcesOf(reference.left), ...sourcesOf(reference.right)]
}

function tableSql(reference: ResolvedTableReference, context: Context): string {
  return reference.kind === 'source' ? sourceSql(reference.source, context) : joinSql(reference, context)
}

function sourceSql(source: Source, context: Context): string {
  const { of } = source
  if (of.kind !== 'table') throw refuse(of.kind === 'common' ? 'common-table' : 'subquery', source)
  const { schema, name, physical } = of.table
  const table = `${nameSql(physical?.schema ?? schema.text)}.${nameSql(physical?.name ?? name.text)}`
  const alias = aliasOf(source, context)
  return alias === undefined ? table : `${table} AS ${nameSql(alias)}`
}

function joinSql(join: ResolvedJoin, context: Context): string {
  if (join.type !== 'inner') throw refuse('outer-join', join)
  if (join.right.kind === 'join') throw refuse('nested-join', join.right)
  const [left, right] = [tableSql(join.left, context), tableSql(join.right, context)]
  if (join.on !== undefined) return `${left} JOIN ${right} ON ${context.condition(join.on)}`
  if (join.pairs.length === 0) return `${left} CROSS JOIN ${right}`
  const pairs = join.pairs.map((pair) => `${context.expression(pair.left)} = ${context.expression(pair.right)}`)
  return `${left} JOIN ${right} ON ${pairs.join(' AND ')}`
}

function groupSql(key: ResolvedExpression, { items }: ResolvedSelect, context: Context): string {
  if (key.kind !== 'column' && key.kind !== 'merged-column') throw refuse('group-by-expression', key)
  const sql = context.expression(key)
  if (items.some(({ expression }) => context.expression(expression) === sql)) return sql
  throw refuse('group-by-not-selected', key)
}

function sortSql(
  { by, descending }: ResolvedSortKey,
  { items }: ResolvedSelect,
  names: readonly (string | undefined)[],
  context: Context,
): string {
  if (by.kind === 'expression') {
    throw refuse(by.expression.kind === 'column' ? 'order-by-not-selected' : 'order-by-expression', by.expression)
  }
  const name = names[by.index]
  const expression = items[by.index]?.expression
  if (expression === undefined) throw new RangeError('ORDER BY has not been checked')
  const key = name === undefined ? context.expression(expression) : nameSql(name)
  return descending ? `${key} DESC` : key
}
