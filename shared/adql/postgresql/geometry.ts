import type { ResolvedCall, ResolvedExpression } from '../resolved.ts'
import { centroidOf } from '../sphere/polygon.ts'
import { contains, intersects, SLACK } from '../sphere/relations.ts'
import { angle, toPosition, toVector } from '../sphere/vectors.ts'
import type { Context } from './context.ts'
import { type AngleSql, distanceSql, METRES_PER_DEGREE, nearSql, type PointSql } from './distance.ts'
import { requireRowValues } from './evaluate-once.ts'
import { rotationOf, turnedBack } from './frames.ts'
import { doubleSql, textSql } from './names.ts'
import { arraySql, coordinatesSql, nativeSql, testsOf } from './polygons.ts'
import { type PolygonSql, type ShapeSql, unsupported } from './shape-sql.ts'
import { pointOfNumbers, shapeOf } from './shapes.ts'

/** CONTAINS or INTERSECTS as a condition. `filtering`: only true matters, so an index may answer. */
export function relationSql(call: ResolvedCall, filtering: boolean, context: Context): string {
  const [first, second] = call.arguments
  if (first === undefined || second === undefined) throw new RangeError(`${call.function.name} has not been checked`)
  const [a, b] = shapesOf(first, second, context)
  const within = call.function.name === 'CONTAINS'
  if (a.figure !== undefined && b.figure !== undefined) {
    return String((within ? contains : intersects)(a.figure, b.figure))
  }
  // The tests of a polygon stand in a subquery.
  if (a.kind === 'polygon' || b.kind === 'polygon') requireRowValues(call.arguments, call)
  const question = { call, filtering, context }
  if (within || a.kind === 'point') return containsSql(a, b, question)
  return b.kind === 'point' ? containsSql(b, a, question) : intersectsSql(a, b, question)
}

/**
 * Two shapes to be compared. Where a change of frame stands beside constants, they are turned back instead: that is done
 * once, and leaves columns to their index.
 */
function shapesOf(
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

interface Question {
  readonly call: ResolvedCall
  readonly filtering: boolean
  readonly context: Context
}

const NOTHING: AngleSql = { sql: '0', constant: 0 }

function containsSql(a: ShapeSql, b: ShapeSql, question: Question): string {
  const { filtering, context, call } = question
  const { geometry } = context
  if (b.kind === 'polygon') {
    if (a.kind === 'polygon') return polygonsSql(a, b, '<@', question)
    const tests = testsOf(b, geometry, call.span)
    return a.kind === 'point' ? tests.holds(a.at, filtering) : tests.surrounds(a.at, a.radius)
  }
  const radius = b.kind === 'circle' ? b.radius : NOTHING
  if (a.kind === 'polygon') return testsOf(a, geometry, call.span).within(b.at, radius)
  if (a.kind === 'point') return nearSql(a.at, b.at, radius, '<=', SLACK, filtering, geometry)
  const room = `${distanceSql(a.at, b.at)} + ${a.radius.sql} <= ${radius.sql} + ${SLACK}`
  return `(${radius.sql} >= 180 and ${distanceSql(a.at, b.at)} is not null or ${room})`
}

function intersectsSql(a: ShapeSql, b: ShapeSql, question: Question): string {
  const { filtering, context, call } = question
  if (a.kind === 'polygon' && b.kind === 'polygon') return polygonsSql(a, b, '&&', question)
  if (a.kind === 'polygon') return intersectsSql(b, a, question)
  const radius = a.kind === 'circle' ? a.radius : NOTHING
  if (b.kind === 'polygon') return testsOf(b, context.geometry, call.span).near(a.at, radius)
  const other = b.kind === 'circle' ? b.radius : NOTHING
  return nearSql(a.at, b.at, sumOf(radius, other), '<=', SLACK, filtering, context.geometry)
}

function sumOf(a: AngleSql, b: AngleSql): AngleSql {
  if (a.constant === undefined || b.constant === undefined) return { sql: `(${a.sql} + ${b.sql})` }
  return { sql: doubleSql(a.constant + b.constant), constant: a.constant + b.constant }
}

function polygonsSql(a: PolygonSql, b: PolygonSql, operator: '<@' | '&&', { context, call }: Question): string {
  const { geometry } = context
  if (geometry === 'portable') {
    throw unsupported('region-column', 'This service cannot compare two polygons that are not constants.', call.span)
  }
  const [left, right] = [nativeSql(a, geometry, call.span), nativeSql(b, geometry, call.span)]
  if (geometry === 'pgsphere') return `(${left} ${operator} ${right})`
  return operator === '<@' ? `st_covers(${right}, ${left})` : `st_intersects(${left}, ${right})`
}

/** The points of a call of DISTANCE. */
export function pointsOfDistance(call: ResolvedCall, context: Context): readonly [PointSql, PointSql] {
  const [first, second] = call.arguments
  if (call.arguments.length === 4) {
    return [pointOfNumbers(call.arguments, context), pointOfNumbers(call.arguments.slice(2), context)]
  }
  if (first === undefined || second === undefined) throw new RangeError('DISTANCE has not been checked')
  const [a, b] = shapesOf(first, second, context)
  return [requirePoint(a), requirePoint(b)]
}

function pointSql(expression: ResolvedExpression | undefined, context: Context): PointSql {
  return requirePoint(shapeOf(requireValue(expression), context))
}

function requirePoint(shape: ShapeSql): PointSql {
  if (shape.kind !== 'point') throw new RangeError('a point was expected')
  return shape.at
}

/** A call of a function of geometry as a value: a number, text or, of shapes, an array of doubles. */
export function geometrySql(call: ResolvedCall, context: Context): string {
  const [first] = call.arguments
  switch (call.function.name) {
    case 'CONTAINS':
    case 'INTERSECTS':
      return `(${relationSql(call, false, context)})::integer`
    case 'DISTANCE': {
      const [a, b] = pointsOfDistance(call, context)
      if (a.constant === undefined || b.constant === undefined) return distanceSql(a, b)
      return doubleSql(angle(toVector(...a.constant), toVector(...b.constant)))
    }
    case 'COORD1':
      return pointSql(first, context).longitude
    case 'COORD2':
      return pointSql(first, context).latitude
    case 'AREA':
      return areaSql(shapeOf(requireValue(first), context), call, context)
    case 'CENTROID':
      return centroidSql(requireValue(first), call, context)
    case 'COORDSYS':
      return coordinateSystemSql(requireValue(first), context)
    default:
      return shapeSql(shapeOf(call, context), call, context)
  }
}

function requireValue(value: ResolvedExpression | undefined): ResolvedExpression {
  if (value === undefined) throw new RangeError('the arguments have not been checked')
  return value
}

/** A shape as DALI writes it: an array of doubles. */
export function shapeSql(shape: ShapeSql, { span }: ResolvedExpression, { geometry }: Context): string {
  if (shape.kind === 'polygon') return coordinatesSql(shape, geometry, span)
  const { longitude, latitude } = shape.at
  const numbers = shape.kind === 'circle' ? [longitude, latitude, shape.radius.sql] : [longitude, latitude]
  return arraySql(numbers, shape.figure !== undefined)
}

const SQUARE_DEGREES = (180 / Math.PI) ** 2

function areaSql(shape: ShapeSql, { span }: ResolvedCall, { geometry }: Context): string {
  switch (shape.kind) {
    case 'point':
      return `(case when ${shape.at.longitude} + ${shape.at.latitude} is not null then 0::float8 end)`
    case 'circle': {
      const { at, radius } = shape
      const area = `${4 * Math.PI * SQUARE_DEGREES}::float8 * power(sin(radians(${radius.sql}) / 2), 2)`
      return `(case when ${at.longitude} + ${at.latitude} is not null then ${area} end)`
    }
    case 'polygon':
      if (shape.figure !== undefined) return doubleSql(shape.figure.polygon.area)
      if (geometry === 'pgsphere') return `(area(${nativeSql(shape, geometry, span)}) * ${SQUARE_DEGREES}::float8)`
      if (geometry === 'postgis')
        return `(st_area(${nativeSql(shape, geometry, span)}, false) / ${METRES_PER_DEGREE ** 2}::float8)`
      testsOf(shape, geometry, span)
      throw new RangeError('the portable strategy has no polygons of rows')
  }
}

function centroidSql(value: ResolvedExpression, call: ResolvedCall, context: Context): string {
  const shape = shapeOf(value, context)
  if (shape.kind !== 'polygon') return shapeSql({ kind: 'point', at: shape.at }, call, context)
  if (shape.figure !== undefined) return arraySql(toPosition(centroidOf(shape.figure.polygon)).map(doubleSql), true)
  return rowCentroidSql(coordinatesSql(shape, context.geometry, call.span))
}

/** The mean position is the direction of the sum of the sides' normals, each as long as its side. */
function rowCentroidSql(coordinates: string): string {
  return `(select case when t.s is not null then array[(degrees(atan2(t.y * t.s, t.x * t.s))::numeric + 360) % 360, degrees(atan2(t.z * t.s, sqrt(t.x * t.x + t.y * t.y)))]::float8[] end
    from (select sum(e.x * e.f) as x, sum(e.y * e.f) as y, sum(e.z * e.f) as z,
        sign(sum(e.x * e.f) * sum(e.ax) + sum(e.y * e.f) * sum(e.ay) + sum(e.z * e.f) * sum(e.az)) as s
      from (select a.x as ax, a.y as ay, a.z as az, n.x, n.y, n.z,
          atan2(sqrt(n.x * n.x + n.y * n.y + n.z * n.z), a.x * b.x + a.y * b.y + a.z * b.z) / nullif(sqrt(n.x * n.x + n.y * n.y + n.z * n.z), 0) as f
        from (select ${coordinates} as c offset 0) as p,
          generate_series(1, cardinality(p.c) / 2) as i,
          lateral (select radians(p.c[2 * i - 1]) as al, radians(p.c[2 * i]) as ab, radians(p.c[2 * i % cardinality(p.c) + 1]) as bl, radians(p.c[2 * i % cardinality(p.c) + 2]) as bb) as r,
          lateral (select cos(r.ab) * cos(r.al) as x, cos(r.ab) * sin(r.al) as y, sin(r.ab) as z) as a,
          lateral (select cos(r.bb) * cos(r.bl) as x, cos(r.bb) * sin(r.bl) as y, sin(r.bb) as z) as b,
          lateral (select a.y * b.z - a.z * b.y as x, a.z * b.x - a.x * b.z as y, a.x * b.y - a.y * b.x as z) as n
      ) as e
    ) as t)`
}

/** ADQL 2.1 has no coordinate systems any more: the one that was written, or none. */
function coordinateSystemSql(value: ResolvedExpression, context: Context): string {
  const system = value.kind === 'call' ? (value.coordinateSystem ?? '') : ''
  const shape = shapeOf(value, context)
  const known = shape.figure !== undefined ? 'true' : `${shapeSql(shape, value, context)} is not null`
  return `(case when ${known} then ${textSql(system)}::text end)`
}
