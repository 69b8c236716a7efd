import type { ResolvedCall, ResolvedExpression } from '../resolved.ts'
import { contains, intersects, SLACK } from '../sphere/relations.ts'
import type { Context } from './context.ts'
import { type AngleSql, distanceSql, nearSql } from './distance.ts'
import { requireRowValues } from './evaluate-once.ts'
import { rotationOf, turnedBack } from './frames.ts'
import { doubleSql } from './names.ts'
import { coordinatesSql, nativeSql, testsOf } from './polygons.ts'
import { boundsFilter } from './region-bounds.ts'
import { ofRegion } from './regions.ts'
import type { PolygonSql, RegionSql, ShapeSql } from './shape-sql.ts'
import { shapeOf } from './shapes.ts'
import { aroundSql, arraysSql } from './vertex-arrays.ts'

/** CONTAINS or INTERSECTS as a condition. `filtering`: only true matters, so an index may answer. */
export function relationSql(call: ResolvedCall, filtering: boolean, context: Context): string {
  const [first, second] = call.arguments
  if (first === undefined || second === undefined) throw new RangeError(`${call.function.name} has not been checked`)
  const [a, b] = shapesOf(first, second, context)
  if (a.figure !== undefined && b.figure !== undefined) {
    return String((call.function.name === 'CONTAINS' ? contains : intersects)(a.figure, b.figure))
  }
  // The tests of a polygon stand in a subquery.
  if (isInSubquery(a) || isInSubquery(b)) requireRowValues(call.arguments, call)
  const exact = compareSql(a, b, { call, filtering, context })
  if (!filtering) return exact
  const filters = [boundsFilter(first, b, context), boundsFilter(second, a, context)].filter((sql) => sql !== undefined)
  return filters.length === 0 ? exact : `(${[...filters, exact].join(' and ')})`
}

function compareSql(a: ShapeSql, b: ShapeSql, question: Question): string {
  if (a.kind === 'region') return regionSql(a, 'ra', b, question, (shape, asked) => compareSql(shape, b, asked))
  if (b.kind === 'region') return regionSql(b, 'rb', a, question, (shape, asked) => compareSql(a, shape, asked))
  if (question.call.function.name === 'CONTAINS' || a.kind === 'point') return containsSql(a, b, question)
  return b.kind === 'point' ? containsSql(b, a, question) : intersectsSql(a, b, question)
}

/** A question about a region, with what lets an index answer where the other shape is a column of positions. */
function regionSql(
  region: RegionSql,
  alias: string,
  other: ShapeSql,
  question: Question,
  ask: (shape: KnownShape, question: Question) => string,
): string {
  const exact = ofRegion(region, alias, (shape) => ask(shape, { ...question, filtering: false }))
  const at = other.kind === 'point' || other.kind === 'circle' ? other.at : undefined
  if (!question.filtering || at?.columns !== true) return exact
  const radius = other.kind === 'circle' ? other.radius.sql : '0'
  return `(${aroundSql(region.numbers, at, radius, question.context.geometry)} and ${exact})`
}

/**
 * Two shapes to be compared. Where a change of frame stands beside constants, they are turned back instead: that is done
 * once, and leaves columns to their index.
 */
export function shapesOf(
  first: ResolvedExpression,
  second: ResolvedExpression,
  context: Context,
): readonly [ShapeSql, ShapeSql] {
  const [a, b] = [shapeOf(first, context), shapeOf(second, context)]
  const [ofA, ofB] = [rotationOf(first), rotationOf(second)]
  if (ofA !== undefined && a.figure === undefined && b.figure !== undefined) {
    return [shapeOf(ofA.shape, context), turnedBack(b, ofA, second.span, context)]
  }
  if (ofB !== undefined && b.figure === undefined && a.figure !== undefined) {
    return [turnedBack(a, ofB, first.span, context), shapeOf(ofB.shape, context)]
  }
  return [a, b]
}

function isInSubquery({ kind }: ShapeSql): boolean {
  return kind === 'polygon' || kind === 'region'
}

interface Question {
  readonly call: ResolvedCall
  readonly filtering: boolean
  readonly context: Context
}

type KnownShape = Exclude<ShapeSql, RegionSql>

const NOTHING: AngleSql = { sql: '0', constant: 0 }

function containsSql(a: KnownShape, b: KnownShape, question: Question): string {
  const { filtering, context } = question
  const { geometry } = context
  if (b.kind === 'polygon') {
    if (a.kind === 'polygon') return polygonsSql(a, b, '<@', question)
    const tests = testsOf(b, geometry)
    return a.kind === 'point' ? tests.holds(a.at, filtering) : tests.surrounds(a.at, a.radius)
  }
  const radius = b.kind === 'circle' ? b.radius : NOTHING
  if (a.kind === 'polygon') return testsOf(a, geometry).within(b.at, radius)
  if (a.kind === 'point') return nearSql(a.at, b.at, radius, '<=', SLACK, filtering, geometry)
  const room = `${distanceSql(a.at, b.at)} + ${a.radius.sql} <= ${radius.sql} + ${SLACK}`
  return `(${radius.sql} >= 180 and ${distanceSql(a.at, b.at)} is not null or ${room})`
}

function intersectsSql(a: KnownShape, b: KnownShape, question: Question): string {
  const { filtering, context } = question
  if (a.kind === 'polygon' && b.kind === 'polygon') return polygonsSql(a, b, '&&', question)
  if (a.kind === 'polygon') return intersectsSql(b, a, question)
  const radius = a.kind === 'circle' ? a.radius : NOTHING
  if (b.kind === 'polygon') return testsOf(b, context.geometry).near(a.at, radius, filtering)
  const other = b.kind === 'circle' ? b.radius : NOTHING
  return nearSql(a.at, b.at, sumOf(radius, other), '<=', SLACK, filtering, context.geometry)
}

function sumOf(a: AngleSql, b: AngleSql): AngleSql {
  if (a.constant === undefined || b.constant === undefined) return { sql: `(${a.sql} + ${b.sql})` }
  return { sql: doubleSql(a.constant + b.constant), constant: a.constant + b.constant }
}

/** By the extension where one is a column of its type and the other constant or one too: an index may answer. */
function polygonsSql(a: PolygonSql, b: PolygonSql, operator: '<@' | '&&', { context }: Question): string {
  const { geometry } = context
  const isNative = 'native' in a || 'native' in b
  if (geometry === 'portable' || !isNative || !isNativeOrConstant(a) || !isNativeOrConstant(b)) {
    const [left, right] = [coordinatesSql(a, geometry), coordinatesSql(b, geometry)]
    return arraysSql(left, right, operator === '<@' ? 'within' : 'common')
  }
  const [left, right] = [nativeSql(a, geometry), nativeSql(b, geometry)]
  if (geometry === 'pgsphere') return `(${left} ${operator} ${right})`
  return operator === '<@' ? `st_covers(${right}, ${left})` : `st_intersects(${left}, ${right})`
}

function isNativeOrConstant(polygon: PolygonSql): polygon is Exclude<PolygonSql, { array: string }> {
  return 'native' in polygon || polygon.figure !== undefined
}
