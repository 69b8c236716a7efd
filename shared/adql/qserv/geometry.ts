import { constantOf } from '../resolve/constants.ts'
import type { ResolvedCall, ResolvedExpression } from '../resolved.ts'
import { makePolygon } from '../sphere/polygon.ts'
import type { Context } from './context.ts'
import { refuse } from './refusal.ts'

/** A position: two expressions. */
export type Pair = readonly [longitude: ResolvedExpression, latitude: ResolvedExpression]

/** A point in a circle or convex polygon, as scisql has it. */
export interface PointInShape {
  readonly point: Pair
  readonly shape:
    | { readonly kind: 'circle'; readonly centre: Pair; readonly radius: ResolvedExpression }
    | { readonly kind: 'polygon'; readonly vertices: readonly ResolvedExpression[] }
}

/** A call of geometry as a value. */
export function geometrySql(call: ResolvedCall, context: Context): string {
  switch (call.function.name) {
    case 'CONTAINS':
    case 'INTERSECTS':
      return pointInShapeSql(pointInShape(call), context)
    case 'DISTANCE':
      return separationSql(distanceOf(call), context)
    case 'COORD1':
    case 'COORD2': {
      const [point] = call.arguments
      const pair = point && pairOf(point)
      if (pair === undefined) throw refuse('geometry-function', call)
      return context.expression(call.function.name === 'COORD1' ? pair[0] : pair[1])
    }
    case 'BOX':
      throw refuse('box', call)
    default:
      throw refuse('geometry-function', call)
  }
}

export function separationSql(pairs: readonly [Pair, Pair], context: Context): string {
  return `scisql_angSep(${pairs.flat().map(constantOrColumn(context)).join(', ')})`
}

export function pointInShapeSql({ point, shape }: PointInShape, context: Context): string {
  const rest = shape.kind === 'circle' ? [...shape.centre, shape.radius] : shape.vertices
  const name = shape.kind === 'circle' ? 'scisql_s2PtInCircle' : 'scisql_s2PtInCPoly'
  return `${name}(${[...point, ...rest].map(constantOrColumn(context)).join(', ')})`
}

/** Only plain literals prune, so constants are computed; as they were written where they are literals. */
function constantOrColumn(context: Context) {
  return (expression: ResolvedExpression) => {
    const isLiteral =
      expression.kind === 'number' || (expression.kind === 'signed' && expression.operand.kind === 'number')
    const value = isLiteral ? undefined : constantOf(expression)
    return value === undefined ? context.expression(expression) : String(value)
  }
}

function pairOf(expression: ResolvedExpression): Pair | undefined {
  if (expression.kind !== 'call' || expression.function.name !== 'POINT') return undefined
  const [longitude, latitude] = expression.arguments
  return longitude === undefined || latitude === undefined ? undefined : [longitude, latitude]
}

export function distanceOf(call: ResolvedCall): readonly [Pair, Pair] {
  const [a, b, c, d] = call.arguments
  if (a === undefined || b === undefined) throw new RangeError('DISTANCE has not been checked')
  if (c !== undefined && d !== undefined) {
    return [
      [a, b],
      [c, d],
    ]
  }
  const [first, second] = [pairOf(a), pairOf(b)]
  if (first === undefined) throw refuse('distance-argument', a)
  if (second === undefined) throw refuse('distance-argument', b)
  return [first, second]
}

/** What CONTAINS, or INTERSECTS with a point, asks. A constant point in a circle around the row is turned round. */
export function pointInShape(call: ResolvedCall): PointInShape {
  const [first, second] = call.arguments
  if (first === undefined || second === undefined) throw new RangeError(`${call.function.name} has not been checked`)
  for (const value of [first, second]) refuseShape(value)
  const contains = call.function.name === 'CONTAINS'
  const point = pairOf(first)
  if (point === undefined && contains) throw refuse('contains-first-argument', first)
  if (point !== undefined) return turned({ point, shape: shapeOf(second) })
  const other = pairOf(second)
  if (other === undefined) throw refuse('intersects', call)
  return turned({ point: other, shape: shapeOf(first) })
}

function refuseShape(value: ResolvedExpression): void {
  if (value.kind === 'shape') throw refuse('region', value)
  if (value.kind === 'call' && value.function.name === 'BOX') throw refuse('box', value)
}

function turned(test: PointInShape): PointInShape {
  const { point, shape } = test
  if (shape.kind !== 'circle' || !isConstant(point) || isConstant(shape.centre)) return test
  return { point: shape.centre, shape: { ...shape, centre: point } }
}

export function isConstant(values: readonly ResolvedExpression[]): boolean {
  return values.every((value) => constantOf(value) !== undefined)
}

function shapeOf(value: ResolvedExpression): PointInShape['shape'] {
  if (value.kind !== 'call') throw refuse('contains-second-argument', value)
  if (value.function.name === 'POLYGON') return polygonOf(value)
  if (value.function.name !== 'CIRCLE') throw refuse('contains-second-argument', value)
  const [first, second, third] = value.arguments
  if (first === undefined || second === undefined) throw new RangeError('CIRCLE has not been checked')
  if (third !== undefined) return { kind: 'circle', centre: [first, second], radius: third }
  const centre = pairOf(first)
  if (centre === undefined) throw refuse('contains-second-argument', first)
  return { kind: 'circle', centre, radius: second }
}

function polygonOf(call: ResolvedCall): PointInShape['shape'] {
  const vertices = call.arguments.flatMap((value) => {
    if (value.type.kind !== 'point') return [value]
    const pair = pairOf(value)
    if (pair === undefined) throw refuse('polygon-not-constant', value)
    return pair
  })
  const numbers = vertices.map((value) => {
    const number = constantOf(value)
    if (number === undefined) throw refuse('polygon-not-constant', value)
    return number
  })
  const positions = numbers.flatMap((longitude, i) => (i % 2 === 0 ? [[longitude, numbers[i + 1] ?? 0] as const] : []))
  const polygon = makePolygon(positions)
  if (typeof polygon === 'string') throw refuse('polygon-not-convex', call, `This polygon ${polygon}.`)
  if (polygon.pieces.length > 1) throw refuse('polygon-not-convex', call)
  return { kind: 'polygon', vertices }
}
