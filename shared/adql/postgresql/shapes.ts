import { constantOf } from '../resolve/constants.ts'
import { boxCorners } from '../resolve/shapes.ts'
import type { ResolvedCall, ResolvedExpression } from '../resolved.ts'
import type { Span } from '../syntax.ts'
import type { Context } from './context.ts'
import { angleSql, constantPoint, type PointSql } from './distance.ts'
import { rotatedShape, rotationOf } from './frames.ts'
import { constantShape, type ShapeSql, unsupported } from './shape-sql.ts'
import { isStored } from './types.ts'

/**
 * The shape that an expression of geometry stands for.
 *
 * @throws AdqlError where the strategy lacks it
 */
export function shapeOf(expression: ResolvedExpression, context: Context): ShapeSql {
  switch (expression.kind) {
    case 'shape':
      return constantShape(expression.shape, expression.span)
    case 'call':
      return shapeOfCall(expression, context)
    case 'column':
    case 'merged-column':
      return shapeOfColumn(expression, context)
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
  return { longitude: angleSql(first, context).sql, latitude: angleSql(second, context).sql, columns }
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
  const radius = angleSql(last, context)
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
    throw unsupported('box', 'The arguments of BOX must be constants here; write a POLYGON instead.', call.span)
  }
  if (width >= 180 || height >= 180) {
    throw unsupported('box', 'A BOX must be narrower and lower than 180 degrees here.', call.span)
  }
  return constantShape({ kind: 'polygon', vertices: boxCorners(...at.constant, width, height) }, call.span)
}

function centroidShape(call: ResolvedCall, context: Context): ShapeSql {
  const [value] = call.arguments
  if (value === undefined) throw new RangeError('CENTROID has not been checked')
  const shape = shapeOf(value, context)
  if (shape.kind !== 'polygon') return pointOf(shape.at, call.span)
  return shapeOfArray(`(${context.expression(call)})`, call)
}

/** A shape from an array of its numbers, as subqueries hand shapes on. */
function shapeOfArray(sql: string, { type, span }: ResolvedExpression): ShapeSql {
  const at = { longitude: `(${sql})[1]`, latitude: `(${sql})[2]` }
  switch (type.kind) {
    case 'point':
      return { kind: 'point', at }
    case 'circle':
      return { kind: 'circle', at, radius: { sql: `(${sql})[3]` } }
    case 'polygon':
      return { kind: 'polygon', column: sql, stored: false }
    default:
      throw unsupported(
        'region-column',
        'This column holds shapes as text, with which this service cannot compute: it can only be selected.',
        span,
      )
  }
}

function shapeOfColumn(
  column: Extract<ResolvedExpression, { kind: 'column' | 'merged-column' }>,
  context: Context,
): ShapeSql {
  const stored = isStored(column)
  const sql = stored ? context.column(column) : context.expression(column)
  if (!stored || column.type.kind === 'region') return shapeOfArray(sql, column)
  if (column.type.kind === 'polygon') return { kind: 'polygon', column: sql, stored: true }
  return storedShape(sql, column, context)
}

function storedShape(sql: string, column: ResolvedExpression, { geometry }: Context): ShapeSql {
  const { kind } = column.type
  if (geometry === 'pgsphere' && kind === 'circle') {
    const at = { ...pgspherePoint(`center(${sql})`), native: `center(${sql})` }
    return { kind: 'circle', at, radius: { sql: `degrees(radius(${sql}))` } }
  }
  if (geometry === 'pgsphere') return { kind: 'point', at: { ...pgspherePoint(sql), native: sql } }
  if (geometry === 'postgis' && kind === 'point') {
    const x = `st_x(${sql}::geometry)`
    const longitude = `(case when ${x} < 0 then ${x} + 360 else ${x} end)`
    return { kind: 'point', at: { longitude, latitude: `st_y(${sql}::geometry)`, native: sql } }
  }
  return shapeOfArray(`string_to_array(btrim(${sql}), ' ')::float8[]`, column)
}

function pgspherePoint(sql: string) {
  return { longitude: `degrees(long(${sql}))`, latitude: `degrees(lat(${sql}))` }
}
