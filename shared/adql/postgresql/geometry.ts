import type { ResolvedCall, ResolvedExpression } from '../resolved.ts'
import { centroidOf } from '../sphere/polygon.ts'
import { angle, toPosition, toVector } from '../sphere/vectors.ts'
import type { Context } from './context.ts'
import { distanceSql, METRES_PER_DEGREE, type PointSql } from './distance.ts'
import { repeatedSql, requireOneValue, requireRowValues } from './evaluate-once.ts'
import { doubleSql, textSql } from './names.ts'
import { arraySql, coordinatesSql } from './polygons.ts'
import { ofRegion, textOfNumbers } from './regions.ts'
import { relationSql, shapesOf } from './relations.ts'
import type { ShapeSql } from './shape-sql.ts'
import { pointOfNumbers, shapeOf } from './shapes.ts'
import { arrayAreaSql, arrayCentroidSql } from './vertex-arrays.ts'

/** The points of a call of DISTANCE. */
export function pointsOfDistance(call: ResolvedCall, context: Context): readonly [PointSql, PointSql] {
  const [first, second] = call.arguments
  if (call.arguments.length === 4) {
    call.arguments.forEach(requireOneValue)
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
      return longitudeInRange(pointSql(first, context))
    case 'COORD2':
      return pointSql(first, context).latitude
    case 'AREA':
      return areaSql(shapeInSubquery(call, context), context)
    case 'CENTROID':
      return centroidSql(shapeInSubquery(call, context), context)
    case 'COORDSYS':
      return coordinateSystemSql(requireValue(first), context)
    default:
      return shapeSql(shapeOf(call, context), context)
  }
}

function requireValue(value: ResolvedExpression | undefined): ResolvedExpression {
  if (value === undefined) throw new RangeError('the arguments have not been checked')
  return value
}

/** The argument of a call, which looks at a polygon in a subquery. */
function shapeInSubquery(call: ResolvedCall, context: Context): ShapeSql {
  const shape = shapeOf(requireValue(call.arguments[0]), context)
  const isOfRow = (shape.kind === 'polygon' || shape.kind === 'region') && shape.figure === undefined
  if (isOfRow) requireRowValues(call.arguments, call)
  return shape
}

/** A shape as DALI writes it: an array of doubles; text where only each row knows what it is. */
export function shapeSql(shape: ShapeSql, { geometry }: Context): string {
  if (shape.kind === 'region') return textOfNumbers(shape.numbers)
  if (shape.kind === 'polygon') {
    if (!('vertices' in shape)) return coordinatesSql(shape, geometry)
    return arraySql(shape.vertices.flatMap(coordinatesInRange), shape.figure !== undefined)
  }
  const numbers = coordinatesInRange(shape.at)
  return arraySql(shape.kind === 'circle' ? [...numbers, shape.radius.sql] : numbers, shape.figure !== undefined)
}

function coordinatesInRange(point: PointSql): string[] {
  return [longitudeInRange(point), point.latitude]
}

/** DALI's longitudes are from 0 to 360: those of rows may be counted from -180, and a BOX may lie across 0. */
function longitudeInRange({ longitude, anyTurn }: PointSql): string {
  if (anyTurn === undefined) return longitude
  return repeatedSql(anyTurn, longitude, (l) => `(${l} - 360 * floor(${l} / 360::float8))`)
}

const SQUARE_DEGREES = (180 / Math.PI) ** 2

function areaSql(shape: ShapeSql, context: Context): string {
  const { geometry } = context
  switch (shape.kind) {
    case 'region':
      return ofRegion(shape, 'ra', (known) => areaSql(known, context))
    case 'point':
      return `(case when ${shape.at.longitude} + ${shape.at.latitude} is not null then 0::float8 end)`
    case 'circle': {
      const { at, radius } = shape
      const area = `${4 * Math.PI * SQUARE_DEGREES}::float8 * power(sin(radians(${radius.sql}) / 2), 2)`
      return `(case when ${at.longitude} + ${at.latitude} is not null then ${area} end)`
    }
    case 'polygon':
      if (shape.figure !== undefined) return doubleSql(shape.figure.polygon.area)
      if ('native' in shape && geometry === 'pgsphere') return `(area(${shape.native}) * ${SQUARE_DEGREES}::float8)`
      if ('native' in shape) return `(st_area(${shape.native}, false) / ${METRES_PER_DEGREE ** 2}::float8)`
      return arrayAreaSql(coordinatesSql(shape, geometry))
  }
}

function centroidSql(shape: ShapeSql, context: Context): string {
  if (shape.kind === 'region') return ofRegion(shape, 'ra', (known) => centroidSql(known, context))
  if (shape.kind !== 'polygon') return shapeSql({ kind: 'point', at: shape.at }, context)
  if (shape.figure !== undefined) return arraySql(toPosition(centroidOf(shape.figure.polygon)).map(doubleSql), true)
  return arrayCentroidSql(coordinatesSql(shape, context.geometry))
}

/** ADQL 2.1 has no coordinate systems any more: the one that was written, or none. */
function coordinateSystemSql(value: ResolvedExpression, context: Context): string {
  const system = value.kind === 'call' ? (value.coordinateSystem ?? '') : ''
  const shape = shapeOf(value, context)
  const known = shape.figure !== undefined ? 'true' : `${shapeSql(shape, context)} is not null`
  return `(case when ${known} then ${textSql(system)}::text end)`
}
