import { HOLDS, SWAPPED } from '../comparison-operators.ts'
import { constantOf } from '../resolve/constants.ts'
import type { ResolvedCall, ResolvedComparison, ResolvedCondition, ResolvedExpression } from '../resolved.ts'
import type { ComparisonOperator } from '../syntax.ts'
import type { Context } from './context.ts'
import {
  distanceOf,
  isConstant,
  type Pair,
  type PointInShape,
  pointInShape,
  pointInShapeSql,
  separationSql,
} from './geometry.ts'
import { textSql } from './names.ts'
import { refuse } from './refusal.ts'

/**
 * WHERE. One test of the partitioning position in the top-level AND is written so that Qserv visits few chunks.
 *
 * Qserv takes any `=` with scisql_s2PtIn… there for a restriction, and looks neither at the other side nor at the
 * columns; two of them restrict nothing. So all others, negated ones and those of other positions are no equalities.
 */
export function whereSql(condition: ResolvedCondition, context: Context): string {
  const terms = condition.kind === 'and' ? condition.operands : [condition]
  let restricted = false
  const written = terms.map((term) => {
    const restriction = restricted ? undefined : restrictionSql(term, context)
    restricted ||= restriction !== undefined
    return restriction ?? operandSql(term, condition.kind === 'and', context, restricted)
  })
  return written.join(' AND ')
}

interface Restriction {
  readonly area: PointInShape
  /** What DISTANCE asks beyond the area: `<` is not `<=`. */
  readonly exact?: { readonly operator: '<' | '<='; readonly radius: ResolvedExpression }
}

/** What lets Qserv visit few chunks; undefined if the term does not. */
function restrictionOf(term: ResolvedCondition): Restriction | undefined {
  const test = geometryTest(term)
  if (test?.kind === 'inside') {
    const restricts = test.inside && isPartitioning(test.test.point) && isConstant(constantsOf(test.test))
    return restricts ? { area: test.test } : undefined
  }
  if (test === undefined) return undefined
  const { pairs, operator, radius } = test
  const [row, other] = isConstant(pairs[0]) ? [pairs[1], pairs[0]] : pairs
  const value = constantOf(radius)
  if (!isPartitioning(row) || !isConstant(other) || value === undefined || value < 0 || value > 180) return undefined
  return { area: { point: row, shape: { kind: 'circle', centre: other, radius } }, exact: { operator, radius } }
}

export function isRestriction(term: ResolvedCondition): boolean {
  return restrictionOf(term) !== undefined
}

function restrictionSql(term: ResolvedCondition, context: Context): string | undefined {
  const restriction = restrictionOf(term)
  if (restriction === undefined) return undefined
  const { area, exact } = restriction
  const inside = `${pointInShapeSql(area, context)} = 1`
  if (exact === undefined || area.shape.kind !== 'circle') return inside
  const separation = separationSql([area.point, area.shape.centre], context)
  return `${inside} AND ${separation} ${exact.operator} ${context.expression(folded(exact.radius))}`
}

function folded(radius: ResolvedExpression): ResolvedExpression {
  const value = constantOf(radius)
  if (value === undefined || radius.kind === 'number') return radius
  return { kind: 'number', text: String(value), type: radius.type, unit: radius.unit, span: radius.span }
}

function constantsOf({ shape }: PointInShape): readonly ResolvedExpression[] {
  return shape.kind === 'circle' ? [...shape.centre, shape.radius] : shape.vertices
}

/** The main position of a director table: the columns by which Qserv has cut it. */
function isPartitioning([longitude, latitude]: Pair): boolean {
  if (longitude.kind !== 'column' || latitude.kind !== 'column' || longitude.source !== latitude.source) return false
  const { of } = longitude.source
  if (of.kind !== 'table' || of.table.qserv?.kind !== 'director') return false
  const [position] = of.table.positions
  return position?.longitude === longitude.column && position.latitude === latitude.column
}

type GeometryTest =
  | { readonly kind: 'inside'; readonly test: PointInShape; readonly inside: boolean }
  | {
      readonly kind: 'distance'
      readonly pairs: readonly [Pair, Pair]
      readonly operator: '<' | '<='
      readonly radius: ResolvedExpression
    }

/** CONTAINS compared with 1 or 0, in whatever way; DISTANCE below something. */
function geometryTest(condition: ResolvedCondition): GeometryTest | undefined {
  if (condition.kind === 'not') {
    const test = geometryTest(condition.operand)
    return test?.kind === 'inside' ? { ...test, inside: !test.inside } : undefined
  }
  if (condition.kind !== 'comparison') return undefined
  const { left, right, operator } = condition
  return testOf(left, operator, right) ?? testOf(right, SWAPPED[operator], left)
}

function testOf(
  left: ResolvedExpression,
  operator: ComparisonOperator,
  right: ResolvedExpression,
): GeometryTest | undefined {
  if (left.kind !== 'call') return undefined
  if (isRelation(left)) {
    const value = constantOf(right)
    const [zero, one] = value === undefined ? [false, false] : [HOLDS[operator](0, value), HOLDS[operator](1, value)]
    return zero === one ? undefined : { kind: 'inside', test: pointInShape(left), inside: one }
  }
  if (left.function.name !== 'DISTANCE' || (operator !== '<' && operator !== '<=')) return undefined
  return { kind: 'distance', pairs: distanceOf(left), operator, radius: right }
}

function isRelation({ function: { name } }: ResolvedCall): boolean {
  return name === 'CONTAINS' || name === 'INTERSECTS'
}

/** A condition that restricts nothing by itself, or nothing more. */
export function conditionSql(condition: ResolvedCondition, context: Context, top = false): string {
  const test = geometryTest(condition)
  if (test?.kind === 'inside') return insideSql(test, context, top)
  const not = 'negated' in condition && condition.negated ? 'NOT ' : ''
  switch (condition.kind) {
    case 'comparison':
      return comparisonSql(condition, context)
    case 'between': {
      const { operand, low, high } = condition
      return `${context.expression(operand)} ${not}BETWEEN ${context.expression(low)} AND ${context.expression(high)}`
    }
    case 'in-list': {
      const values = condition.values.map((value) => context.expression(value))
      return `${context.expression(condition.operand)} ${not}IN (${values.join(', ')})`
    }
    case 'like': {
      const [operand, pattern] = [context.expression(condition.operand), patternSql(condition.pattern, context)]
      return condition.caseless ? `LOWER(${operand}) ${not}LIKE LOWER(${pattern})` : `${operand} ${not}LIKE ${pattern}`
    }
    case 'is-null':
      return `${context.expression(condition.operand)} IS ${not}NULL`
    case 'and':
    case 'or': {
      const word = condition.kind === 'and' ? ' AND ' : ' OR '
      return condition.operands.map((operand) => operandSql(operand, condition.kind === 'and', context)).join(word)
    }
    case 'not':
      return `NOT (${conditionSql(condition.operand, context)})`
    case 'in-query':
    case 'exists':
      throw refuse('subquery', condition)
  }
}

function operandSql(condition: ResolvedCondition, inAnd: boolean, context: Context, top = false): string {
  const sql = conditionSql(condition, context, top)
  return inAnd && condition.kind === 'or' ? `(${sql})` : sql
}

/** `top`: in the top-level AND, where another restriction stands already. */
function insideSql(
  { test, inside }: Extract<GeometryTest, { kind: 'inside' }>,
  context: Context,
  top: boolean,
): string {
  const sql = pointInShapeSql(test, context)
  if (!inside) return `${sql} <> 1`
  if (!isPartitioning(test.point)) return `${sql} <> 0`
  if (!top) return `${sql} = 1`
  if (test.shape.kind === 'polygon') return `${sql} <> 0`
  return `${separationSql([test.point, test.shape.centre], context)} <= ${context.expression(test.shape.radius)}`
}

function comparisonSql({ left, operator, right }: ResolvedComparison, context: Context): string {
  const sides = [left, right].map((side) => context.expression(side))
  const areaTest = [left, right].some((side) => side.kind === 'call' && isRelation(side))
  // An equality with an area test would restrict the query, whatever stands on its other side.
  if (areaTest && operator === '=') return `NOT (${sides.join(' <> ')})`
  return sides.join(` ${operator} `)
}

/** The backslash escapes in MySQL's LIKE, and once more in its literals. */
function patternSql(pattern: ResolvedExpression, context: Context): string {
  return pattern.kind === 'string' ? textSql(pattern.value.replaceAll('\\', '\\\\')) : context.expression(pattern)
}
