import type { ColumnMetadata, ShapeStorage } from '../metadata.ts'
import { constantOf } from '../resolve/constants.ts'
import { boxCorners } from '../resolve/shapes.ts'
import type { ResolvedCall, ResolvedColumn, ResolvedExpression } from '../resolved.ts'
import type { Span } from '../syntax.ts'
import type { ValueKind } from '../value-type.ts'
import type { Context, GeometryStrategy } from './context.ts'
import { angleSql, constantPoint, type PointSql, radiusOf, requireShort } from './distance.ts'
import { requireOneValue } from './evaluate-once.ts'
import { rotatedShape, rotationOf } from './frames.ts'
import { numbersOfText } from './regions.ts'
import { constantShape, type ShapeSql } from './shape-sql.ts'
import { isShapeText, isStored } from './types.ts'
import { unsupported } from './unsupported.ts'

/**
 * The shape that an expression of geometry stands for.
 *
 * @throws AdqlError where the strategy lacks it
 */
export function shapeOf(expression: ResolvedExpression, context: Context): ShapeSql {
  requireOneValue(expression)
  switch (expression.kind) {
    case 'shape':
      return constantShape(expression.shape, expression.span)
    case 'call':
      return shapeOfCall(expression, context)
    case 'column':
    case 'merged-column':
      return shapeOfColumn(expression, context)
    case 'choice': {
      const sql = context.expression(expression)
      return shapeOfArray(isShapeText(expression.type) ? numbersOfText(sql) : sql, expression)
    }
    case 'cast':
      return shapeOfArray(
        `string_to_array(btrim(${context.expression(expression.operand)}), ' ')::float8[]`,
        expression,
      )
    default:
      throw unsupported('geometry-value', 'This service does not know the shape of this value.', expression.span)
  }
}

function shapeOfCall(call: ResolvedCall, context: Context): ShapeSql {
  const rotation = rotationOf(call)
  if (rotation !== undefined) return rotatedShape(shapeOf(rotation.shape, context), rotation.matrix, call.span, context)
  switch (call.function.name) {
    case 'POINT':
      return pointOf(pointOfNumbers(call.arguments, context), call.span)
    case 'CIRCLE':
      return circleOf(call, context)
    case 'POLYGON':
      return polygonOf(call, context)
    case 'BOX':
      return boxOf(call, context)
    case 'CENTROID':
      return centroidShape(call, context)
    default:
      return shapeOfArray(`(${context.expression(call)})`, call)
  }
}

function pointOf(at: PointSql, span: Span): ShapeSql {
  if (at.constant === undefined) return { kind: 'point', at }
  const [longitude, latitude] = at.constant
  return constantShape({ kind: 'point', longitude, latitude }, span)
}

export function pointOfNumbers([first, second]: readonly ResolvedExpression[], context: Context): PointSql {
  if (first === undefined || second === undefined) throw new RangeError('a position has two coordinates')
  const [longitude, latitude] = [constantOf(first), constantOf(second)]
  if (longitude !== undefined && latitude !== undefined) return constantPoint(longitude, latitude)
  const columns = first.kind === 'column' && second.kind === 'column'
  const [l, b] = [angleSql(first, context), angleSql(second, context)]
  const at = { longitude: l.sql, latitude: b.sql, columns }
  return longitude === undefined ? { ...at, anyTurn: first } : at
}

/** Arguments that begin with a point or with its two coordinates: the point, and what is left of them. */
function centreAndRest({ arguments: values }: ResolvedCall, context: Context) {
  const [first, ...rest] = values
  if (first?.type.kind !== 'point') return { at: pointOfNumbers(values, context), rest: values.slice(2) }
  const shape = shapeOf(first, context)
  if (shape.kind !== 'point') throw new RangeError('a point was expected')
  return { at: shape.at, rest }
}

function circleOf(call: ResolvedCall, context: Context): ShapeSql {
  const { at, rest } = centreAndRest(call, context)
  const [last] = rest
  if (last === undefined) throw new RangeError('CIRCLE has not been checked')
  const radius = radiusOf(angleSql(last, context))
  if (at.constant === undefined || radius.constant === undefined) return { kind: 'circle', at, radius }
  const [longitude, latitude] = at.constant
  return constantShape({ kind: 'circle', longitude, latitude, radius: radius.constant }, call.span)
}

function polygonOf(call: ResolvedCall, context: Context): ShapeSql {
  const values = call.arguments
  const vertices =
    values[0]?.type.kind === 'point'
      ? values.map((value) => {
          const shape = shapeOf(value, context)
          if (shape.kind !== 'point') throw new RangeError('a point was expected')
          return shape.at
        })
      : values.flatMap((_, index) => (index % 2 === 0 ? [pointOfNumbers(values.slice(index, index + 2), context)] : []))
  const constants = vertices.flatMap(({ constant }) => (constant === undefined ? [] : [constant]))
  if (constants.length < vertices.length) return { kind: 'polygon', vertices }
  return constantShape({ kind: 'polygon', vertices: constants }, call.span)
}

function boxOf(call: ResolvedCall, context: Context): ShapeSql {
  const { at, rest } = centreAndRest(call, context)
  const [width, height] = rest.map(constantOf)
  if (at.constant === undefined || width === undefined || height === undefined) {
    if (rest.length < 2) throw new RangeError('BOX has not been checked')
    const [x, y] = rest.map((size) => `tan(radians(${angleSql(size, context).sql}) / 2)`)
    return { kind: 'polygon', vertices: rowBoxCorners(call, at, x ?? '', y ?? '') }
  }
  if (width >= 180 || height >= 180) {
    throw unsupported('box', 'A BOX must be narrower and lower than 180 degrees here.', call.span)
  }
  return constantShape({ kind: 'polygon', vertices: boxCorners(...at.constant, width, height) }, call.span)
}

/** As `boxCorners`, of values of the row; `x` and `y` are half the sides on the tangent plane. */
function rowBoxCorners(box: ResolvedCall, { longitude, latitude }: PointSql, x: string, y: string): PointSql[] {
  const corners = [
    ['-', '-'],
    ['', '-'],
    ['', ''],
    ['-', ''],
  ] as const
  const [sin, cos] = [`sin(radians(${latitude}))`, `cos(radians(${latitude}))`]
  return corners.map(([east, north]) => {
    const [a, b] = [`(${east}${x})`, `(${north}${y})`]
    const across = `(${cos} - ${b} * ${sin})`
    return {
      longitude: `(${longitude} + degrees(atan2(${a}, ${across})))`,
      latitude: `degrees(atan2(${sin} + ${b} * ${cos}, sqrt(${a} * ${a} + ${across} * ${across})))`,
      anyTurn: box,
    }
  })
}

function centroidShape(call: ResolvedCall, context: Context): ShapeSql {
  const [value] = call.arguments
  if (value === undefined) throw new RangeError('CENTROID has not been checked')
  const shape = shapeOf(value, context)
  if (shape.kind === 'point' || shape.kind === 'circle') return pointOf(shape.at, call.span)
  return shapeOfArray(`(${context.expression(call)})`, call)
}

/** A shape from an array of its numbers, as subqueries hand shapes on; regions are handed on as text. */
function shapeOfArray(array: string, { type, span }: ResolvedExpression): ShapeSql {
  const sql = requireShort(array, span)
  const at = { longitude: `(${sql})[1]`, latitude: `(${sql})[2]` }
  switch (type.kind) {
    case 'point':
      return { kind: 'point', at }
    case 'circle':
      return { kind: 'circle', at, radius: radiusOf({ sql: `(${sql})[3]` }) }
    case 'polygon':
      return { kind: 'polygon', array: sql }
    case 'region':
      return { kind: 'region', numbers: sql }
    default:
      throw unsupported('geometry-value', 'This service does not know the shape of this value.', span)
  }
}

function shapeOfColumn(
  column: Extract<ResolvedExpression, { kind: 'column' | 'merged-column' }>,
  context: Context,
): ShapeSql {
  if (isStored(column)) return shapeInTable(column, context)
  const sql = context.expression(column)
  return shapeOfArray(isShapeText(column.type) ? numbersOfText(sql) : sql, column)
}

function shapeInTable(column: ResolvedColumn, context: Context): ShapeSql {
  const { as, physical } = storageOf(column, context.geometry)
  const place = physical === undefined ? column : { ...column, column: { ...column.column, physical } }
  const sql = context.column(place)
  if (as === 'native') return nativeShape(sql, column, context.geometry)
  if (as === 'array') return shapeOfArray(`(${sql})::float8[]`, column)
  return shapeOfArray(isShapeText(column.type) ? numbersOfText(`(${sql})::text`) : numbersSql(sql), column)
}

/** Without better knowledge: what the extension has a type for is of that type, all else is text (or an array). */
function storageOf({ column, type }: ResolvedColumn, geometry: GeometryStrategy): ShapeStorage {
  const known = (column as ColumnMetadata).shape
  if (known !== undefined) return known
  return isShapeText(type) || !NATIVE_TYPES[geometry].includes(type.kind) ? { as: 'text' } : { as: 'native' }
}

const NATIVE_TYPES: Readonly<Record<GeometryStrategy, readonly ValueKind[]>> = {
  portable: [],
  pgsphere: ['point', 'circle', 'polygon'],
  postgis: ['point', 'polygon'],
}

/** Numbers in text, or an array of them. */
function numbersSql(sql: string): string {
  return `string_to_array(btrim(translate((${sql})::text, '{},', '   ')), ' ')::float8[]`
}

function nativeShape(sql: string, { type: { kind }, span }: ResolvedColumn, geometry: GeometryStrategy): ShapeSql {
  if (geometry === 'portable' || (geometry === 'postgis' && kind === 'circle')) {
    const message = 'This column is of a type with which this service cannot compute: it can only be selected.'
    throw unsupported('region-column', message, span)
  }
  if (kind === 'polygon' || kind === 'region') return { kind: 'polygon', native: sql }
  if (geometry === 'postgis') {
    const x = `st_x(${sql}::geometry)`
    const longitude = `(case when ${x} < 0 then ${x} + 360 else ${x} end)`
    return { kind: 'point', at: { longitude, latitude: `st_y(${sql}::geometry)`, native: sql } }
  }
  if (kind === 'point') return { kind: 'point', at: { ...pgspherePoint(sql), native: sql } }
  const at = { ...pgspherePoint(`center(${sql})`), native: `center(${sql})` }
  return { kind: 'circle', at, radius: { sql: `degrees(radius(${sql}))` } }
}

function pgspherePoint(sql: string) {
  return { longitude: `degrees(long(${sql}))`, latitude: `degrees(lat(${sql}))` }
}
