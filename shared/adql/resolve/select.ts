import { AdqlError } from '../error.ts'
import type { ColumnFacts, SourceColumn } from '../metadata.ts'
import { nameMeans } from '../metadata.ts'
import { declared, writtenName } from '../names.ts'
import type {
  ResolvedColumn,
  ResolvedExpression,
  ResolvedItem,
  ResolvedMergedColumn,
  ResolvedSelect,
  ResolvedSortKey,
} from '../resolved.ts'
import type { Expression, Select, SelectItem, SortKey } from '../syntax.ts'
import { requireComparable } from './check-types.ts'
import { resolveCondition } from './conditions.ts'
import { resolveExpression } from './expressions.ts'
import { resolveFrom } from './from.ts'
import { hasAggregate, requireGrouped } from './grouping.ts'
import { keyOf } from './keys.ts'
import { valuesOf } from './operands.ts'
import { type Context, referTo, Scope } from './scope.ts'

/** A select with the ORDER BY of its query, which sees the select's tables as well as its columns. */
export function resolveSelect(
  select: Select,
  orderBy: readonly SortKey[],
  outer: Scope | undefined,
  context: Context,
): { readonly select: ResolvedSelect; readonly orderBy: readonly ResolvedSortKey[] } {
  const { references, visible } = resolveFrom(select.from, outer, context)
  const aliases = select.items.flatMap((item) => ('alias' in item && item.alias ? [item.alias] : []))
  const scope = new Scope(context, visible, outer, aliases)
  const where = select.where && resolveCondition(select.where, scope)
  const ofWhere = scope.correlated.length
  const items = select.items.flatMap((item) => resolveItem(item, scope))
  const ofItems = scope.correlated.length
  const groupBy = select.groupBy.map((expression) => resolveGroupKey(expression, items, scope))
  if (select.distinct) for (const { expression } of items) requireComparable(expression)
  const ofGroups = scope.correlated.length
  const having = select.having && resolveCondition(select.having, scope)
  const correlated = [...scope.correlated.slice(ofWhere, ofItems), ...scope.correlated.slice(ofGroups)].flatMap(
    columnsOf,
  )
  const keys = orderBy.map((key) => resolveSortKey(key, items, select, scope))
  for (const { by } of keys) {
    const value = by.kind === 'expression' ? by.expression : items[by.index]?.expression
    if (value !== undefined) requireComparable(value)
  }
  const sorted = keys.flatMap(({ by }) => (by.kind === 'expression' ? [by.expression] : []))
  const values = [
    ...items.map(({ expression }) => expression),
    ...(having ? valuesOf(having) : []),
    ...correlated,
    ...sorted,
  ]
  const grouped = groupBy.length > 0 || having !== undefined || values.some(hasAggregate)
  if (grouped) {
    const groupedBy = new Set(groupBy.map(keyOf))
    for (const value of values) requireGrouped(value, groupedBy)
  }
  const resolved: ResolvedSelect = {
    kind: 'select',
    distinct: select.distinct,
    top: select.top?.value,
    items,
    columns: items.map(columnOf),
    from: references,
    where,
    groupBy,
    having,
    grouped,
    span: select.span,
  }
  return { select: resolved, orderBy: keys }
}

/** PostgreSQL knows a common column of FULL JOIN in a subquery only by its two columns. */
function columnsOf(column: ResolvedColumn | ResolvedMergedColumn): (ResolvedColumn | ResolvedMergedColumn)[] {
  const isCoalesced = column.kind === 'merged-column' && column.join === 'full'
  return isCoalesced ? [...columnsOf(column.left), ...columnsOf(column.right)] : [column]
}

function resolveGroupKey(expression: Expression, items: readonly ResolvedItem[], scope: Scope): ResolvedExpression {
  const value = aliasedValue(expression, items, scope) ?? resolveExpression(expression, scope)
  requireComparable(value)
  if (expression.kind !== 'number') return value
  const message = 'GROUP BY takes no positions: write the column or expression itself.'
  throw new AdqlError('grouping', message, expression.span)
}

/** What an alias of the select list stands for, where no column is called so: no ADQL, but it can mean one thing only. */
function aliasedValue(
  expression: Expression,
  items: readonly ResolvedItem[],
  scope: Scope,
): ResolvedExpression | undefined {
  const name = expression.kind === 'column' && expression.name.parts.length === 1 ? expression.name.parts[0] : undefined
  if (name === undefined || scope.sees(name)) return undefined
  const [item, second] = items.filter(({ alias }) => alias !== undefined && nameMeans(name, declared(alias)))
  if (item === undefined || second !== undefined) return undefined
  if (!hasAggregate(item.expression)) return item.expression
  const message = `${writtenName(name)} stands for an aggregate, which cannot stand in GROUP BY.`
  throw new AdqlError('aggregate', message, name.span)
}

function resolveItem(item: SelectItem, scope: Scope): ResolvedItem[] {
  if (item.kind === 'all') {
    return scope.visible.all().map((column) => ({ expression: referTo(column, item.span, 0), alias: undefined }))
  }
  if (item.kind === 'all-of') {
    const source = scope.findSource(item.table.parts, item.table.span)
    return source.columns.all.map((column) => ({
      expression: referTo({ kind: 'column', source, column }, item.span, 0, true),
      alias: undefined,
    }))
  }
  return [{ expression: resolveExpression(item.expression, scope), alias: item.alias }]
}

/** What an item is called outside, and all that is known of its values. */
function columnOf({ expression, alias }: ResolvedItem, index: number): SourceColumn {
  const name =
    alias === undefined ? (ownName(expression) ?? { text: `col${index + 1}`, delimited: false }) : declared(alias)
  return { ...factsOf(expression), name }
}

/** A column keeps its name in the catalogue's spelling; a call is named for its function. */
function ownName(expression: ResolvedExpression): SourceColumn['name'] | undefined {
  if (expression.kind === 'column') return expression.column.name
  if (expression.kind === 'merged-column')
    return ownName(expression.join === 'right' ? expression.right : expression.left)
  return expression.kind === 'call' || expression.kind === 'choice'
    ? { text: expression.function.name.toLowerCase(), delimited: false }
    : undefined
}

function factsOf(expression: ResolvedExpression): ColumnFacts {
  if (expression.kind === 'column') {
    const { type, unit, ucd, utype, description, origin } = expression.column
    return {
      type,
      ...(unit === undefined ? {} : { unit }),
      ...(ucd === undefined ? {} : { ucd }),
      ...(utype === undefined ? {} : { utype }),
      ...(description === undefined ? {} : { description }),
      ...(origin === undefined ? {} : { origin }),
    }
  }
  const { type, unit } = expression
  if (expression.kind !== 'merged-column') return { type, ...(unit === undefined ? {} : { unit }) }
  return { ...factsOf(expression.join === 'right' ? expression.right : expression.left), type }
}

/** By position, by an alias, by a selected column or expression, or (not with DISTINCT) by anything else of the tables. */
function resolveSortKey(key: SortKey, items: readonly ResolvedItem[], select: Select, scope: Scope): ResolvedSortKey {
  const { descending, span } = key
  const byPosition = (index: number): ResolvedSortKey => ({ by: { kind: 'position', index }, descending, span })
  if (key.by.kind === 'position') return byPosition(positionOf(key.by.position, items.length))
  const { expression } = key.by
  const alias =
    expression.kind === 'column' && expression.name.parts.length === 1 ? expression.name.parts[0] : undefined
  const aliased = items.flatMap((item, index) =>
    alias && item.alias && nameMeans(alias, declared(item.alias)) ? [index] : [],
  )
  const [first, second] = aliased
  if (alias && second !== undefined) {
    throw new AdqlError(
      'ambiguous-column',
      `${aliased.length} columns of the select list are called ${writtenName(alias)}.`,
      span,
    )
  }
  if (first !== undefined) return byPosition(first)
  const named = alias ? items.flatMap((item, index) => (isCalled(item, alias) ? [index] : [])) : []
  if (named.length === 1 && named[0] !== undefined) return byPosition(named[0])
  const value = resolveExpression(expression, scope)
  const same = items.findIndex((item) => keyOf(item.expression) === keyOf(value))
  if (same !== -1) return byPosition(same)
  if (select.distinct) {
    const message = 'With DISTINCT, only what is selected can be sorted by: add this to the select list.'
    throw new AdqlError('order-by', message, expression.span)
  }
  return { by: { kind: 'expression', expression: value }, descending, span }
}

function isCalled({ expression, alias }: ResolvedItem, name: Parameters<typeof nameMeans>[0]): boolean {
  const own = alias === undefined && (expression.kind === 'column' || expression.kind === 'merged-column')
  const called = own ? ownName(expression) : undefined
  return called !== undefined && nameMeans(name, called)
}

/** The index of a position of ORDER BY, which counts from 1. */
export function positionOf({ value, span }: { value: bigint; span: SortKey['span'] }, count: number): number {
  if (value >= 1n && value <= BigInt(count)) return Number(value) - 1
  const columns = count === 1 ? 'one column' : `${count} columns`
  throw new AdqlError(
    'order-by',
    `There is no column ${value} to sort by: ${columns} ${count === 1 ? 'is' : 'are'} selected.`,
    span,
  )
}
