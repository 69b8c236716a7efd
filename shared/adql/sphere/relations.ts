import type { Polygon } from './polygon.ts'
import { crosses, edgesOf } from './polygon.ts'
import { angle, cross, DEGREE, dot, scale, side, unit, type Vector } from './vectors.ts'

/** A shape of constants. Radii in degrees. */
export type Figure =
  | { readonly kind: 'point'; readonly at: Vector }
  | { readonly kind: 'circle'; readonly centre: Vector; readonly radius: number }
  | { readonly kind: 'polygon'; readonly polygon: Polygon }

/** Boundaries belong to a shape: what lies this near to one, in degrees, counts as on it. */
export const SLACK = 1e-9

/** Whether `a` lies within `b`, its boundary included (ADQL 2.1 §4.2.11). */
export function contains(a: Figure, b: Figure): boolean {
  if (b.kind === 'point') return a.kind !== 'polygon' && centreOf(a, b, 0)
  if (b.kind === 'circle') return circleHolds(b, a)
  if (a.kind === 'point') return holds(b.polygon, a.at)
  if (a.kind === 'circle')
    return holds(b.polygon, a.centre) && distanceToBoundary(b.polygon, a.centre) >= a.radius - SLACK
  return polygonHolds(b.polygon, a.polygon)
}

function centreOf(a: Exclude<Figure, { kind: 'polygon' }>, b: { readonly at: Vector }, radius: number): boolean {
  return a.kind === 'point' ? angle(a.at, b.at) <= radius + SLACK : a.radius === 0 && angle(a.centre, b.at) <= SLACK
}

function circleHolds({ centre, radius }: { readonly centre: Vector; readonly radius: number }, a: Figure): boolean {
  if (a.kind === 'point') return angle(a.at, centre) <= radius + SLACK
  if (radius >= 180) return true
  if (a.kind === 'circle') return angle(a.centre, centre) + a.radius <= radius + SLACK
  // The circle's other side, whose middle lies opposite, must not reach into the polygon.
  if (radius > 90) return distanceTo(a.polygon, scale(centre, -1)) >= 180 - radius - SLACK
  return a.polygon.vertices.every((vertex) => angle(vertex, centre) <= radius + SLACK)
}

/** Whether two shapes have a point in common, boundaries included (ADQL 2.1 §4.2.17). */
export function intersects(a: Figure, b: Figure): boolean {
  if (a.kind === 'point') return contains(a, b)
  if (b.kind === 'point') return contains(b, a)
  if (a.kind === 'circle' && b.kind === 'circle') return angle(a.centre, b.centre) <= a.radius + b.radius + SLACK
  if (a.kind === 'circle') return b.kind === 'polygon' && distanceTo(b.polygon, a.centre) <= a.radius + SLACK
  if (b.kind === 'circle') return distanceTo(a.polygon, b.centre) <= b.radius + SLACK
  return (
    a.polygon.vertices.some((vertex) => holds(b.polygon, vertex)) ||
    b.polygon.vertices.some((vertex) => holds(a.polygon, vertex)) ||
    sidesCross(a.polygon, b.polygon)
  )
}

function holds({ pieces }: Polygon, point: Vector): boolean {
  return pieces.some((piece) => edgesOf(piece).every(([a, b]) => dot(unit(cross(a, b)), point) >= -SLACK * DEGREE))
}

function sidesCross(a: Polygon, b: Polygon): boolean {
  return edgesOf(a.vertices).some(([p, q]) => edgesOf(b.vertices).some(([r, s]) => crosses(p, q, r, s)))
}

function polygonHolds(outer: Polygon, inner: Polygon): boolean {
  if (!inner.vertices.every((vertex) => holds(outer, vertex)) || sidesCross(inner, outer)) return false
  // A notch of a concave polygon may reach into a side's middle without crossing it.
  return edgesOf(inner.vertices).every(([a, b]) => holds(outer, unit([a[0] + b[0], a[1] + b[1], a[2] + b[2]])))
}

/** In degrees; 0 inside. */
function distanceTo(polygon: Polygon, point: Vector): number {
  return holds(polygon, point) ? 0 : distanceToBoundary(polygon, point)
}

function distanceToBoundary({ vertices }: Polygon, point: Vector): number {
  return Math.min(...edgesOf(vertices).map(([a, b]) => distanceToArc(a, b, point)))
}

function distanceToArc(a: Vector, b: Vector, point: Vector): number {
  const normal = unit(cross(a, b))
  const beside = side(normal, a, point) >= 0 && side(b, normal, point) >= 0
  if (beside) return Math.abs(Math.asin(Math.max(-1, Math.min(1, dot(normal, point))))) / DEGREE
  return Math.min(angle(a, point), angle(b, point))
}
