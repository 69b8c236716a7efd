import type { ResolvedCall, ResolvedExpression, ResolvedString } from '../resolved.ts'
import { type Matrix, rotated, rotationBetween, transposed } from '../sphere/frames.ts'
import { toPosition, toVector, type Vector } from '../sphere/vectors.ts'
import type { Span } from '../syntax.ts'
import type { Context } from './context.ts'
import { constantPoint, type PointSql } from './distance.ts'
import { doubleSql } from './names.ts'
import { coordinatesSql } from './polygons.ts'
import { constantShape, type ShapeSql } from './shape-sql.ts'

/** A call that gives a shape in another frame: the shape as it was, and the rotation. */
export interface Rotation {
  readonly shape: ResolvedExpression
  readonly matrix: Matrix
}

/** Undefined: the expression is no change of frame. */
export function rotationOf(expression: ResolvedExpression): Rotation | undefined {
  if (expression.kind !== 'call' || !isTransform(expression)) return undefined
  const [from, to, shape] = expression.arguments as readonly [ResolvedString, ResolvedString, ResolvedExpression]
  return { shape, matrix: rotationBetween(from.value, to.value) }
}

function isTransform({ function: { name } }: ResolvedCall): boolean {
  return name === 'ivo_geom_transform' || name === 'gavo_transform'
}

export function rotatedShape(shape: ShapeSql, matrix: Matrix, span: Span, { geometry }: Context): ShapeSql {
  if (shape.kind === 'region') return { kind: 'region', numbers: rotatedRegion(shape.numbers, matrix) }
  if (shape.kind !== 'polygon') {
    if (shape.at.constant === undefined) return { ...shape, at: rotatedPoint(shape.at, matrix) }
    const [longitude, latitude] = rotatedPosition(shape.at.constant, matrix)
    if (shape.kind === 'point') return constantShape({ kind: 'point', longitude, latitude }, span)
    const { radius } = shape
    if (radius.constant === undefined) return { kind: 'circle', at: constantPoint(longitude, latitude), radius }
    return constantShape({ kind: 'circle', longitude, latitude, radius: radius.constant }, span)
  }
  if (!('vertices' in shape)) {
    return { kind: 'polygon', array: rotatedArray(coordinatesSql(shape, geometry), matrix) }
  }
  if (shape.figure === undefined) {
    return { kind: 'polygon', vertices: shape.vertices.map((vertex) => rotatedPoint(vertex, matrix)) }
  }
  const vertices = shape.figure.polygon.vertices.map((vertex) => toPosition(rotated(vertex, matrix)))
  return constantShape({ kind: 'polygon', vertices }, span)
}

/** A shape of constants turned back; what is within it is what was within it before the rotation. */
export function turnedBack(shape: ShapeSql, { matrix }: Rotation, span: Span, context: Context): ShapeSql {
  return rotatedShape(shape, transposed(matrix), span, context)
}

function rotatedPosition([longitude, latitude]: readonly [number, number], matrix: Matrix): readonly [number, number] {
  return toPosition(rotated(toVector(longitude, latitude), matrix))
}

function rotatedPoint({ longitude, latitude }: PointSql, matrix: Matrix): PointSql {
  const position = `(select array[p.longitude, p.latitude] from (select ${longitude} as l, ${latitude} as b offset 0) as o, ${rotationSql(matrix)})`
  return { longitude: `(${position})[1]`, latitude: `(${position})[2]` }
}

/** The radius of a circle is left as it is. */
function rotatedRegion(numbers: string, matrix: Matrix): string {
  const circle = `${rotatedArray('q.n[1:2]', matrix)} || q.n[3]`
  return `(select case cardinality(q.n) when 3 then ${circle} else ${rotatedArray('q.n', matrix)} end from (select ${numbers} as n offset 0) as q)`
}

function rotatedArray(coordinates: string, matrix: Matrix): string {
  return `(select array_agg(u.c order by i.i, u.n) from (select ${coordinates} as c offset 0) as k, generate_series(1, cardinality(k.c) / 2) as i, lateral (select k.c[2 * i.i - 1] as l, k.c[2 * i.i] as b offset 0) as o, ${rotationSql(matrix)}, unnest(array[p.longitude, p.latitude]) with ordinality as u(c, n))`
}

/** The position o.l, o.b turned, as p.longitude and p.latitude. */
function rotationSql(matrix: Matrix): string {
  const [x, y, z] = matrix.map((row) => rowSql(row))
  return `lateral (select cos(radians(o.b)) * cos(radians(o.l)) as x, cos(radians(o.b)) * sin(radians(o.l)) as y, sin(radians(o.b)) as z offset 0) as v, lateral (select ${x} as x, ${y} as y, ${z} as z offset 0) as r, lateral (select mod(degrees(atan2(r.y, r.x))::numeric + 360, 360)::float8 as longitude, degrees(atan2(r.z, sqrt(r.x * r.x + r.y * r.y))) as latitude offset 0) as p`
}

function rowSql([x, y, z]: Vector): string {
  return `${doubleSql(x)} * v.x + ${doubleSql(y)} * v.y + ${doubleSql(z)} * v.z`
}
