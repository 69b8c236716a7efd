import { angle, cross, DEGREE, dot, length, scale, side, sum, toVector, unit, type Vector } from './vectors.ts'

/** A simple polygon of great circles, counter-clockwise seen from outside: its inside, the smaller side, is on the left. */
export interface Polygon {
  readonly vertices: readonly Vector[]
  /** Convex pieces that make it up: one if it is convex itself, else triangles. */
  readonly pieces: readonly (readonly Vector[])[]
  /** A circle that holds it; radius in degrees. */
  readonly bounds: { readonly centre: Vector; readonly radius: number }
  /** In square degrees. */
  readonly area: number
}

/** Below this the sine of an angle counts as 0. */
const TINY = 1e-14

/**
 * The polygon through these vertices, in whatever order they go round; a vertex given twice in a row, or once more at
 * the end, counts once.
 *
 * @returns what is wrong with it, as the end of a sentence, if it is not a simple polygon
 */
export function makePolygon(positions: readonly (readonly [number, number])[]): Polygon | string {
  const distinct = withoutRepeats(positions.map(([longitude, latitude]) => toVector(longitude, latitude)))
  if (distinct.length < 3) return 'has fewer than three different vertices'
  if (edgesOf(distinct).some(([a, b]) => dot(a, b) < 0 && length(cross(a, b)) < TINY)) {
    return 'has a side of 180 degrees, which may go any way round: add a vertex on it'
  }
  if (crossesItself(distinct)) return 'has sides that cross each other'
  const onLeft = signedArea(distinct)
  const isReversed = onLeft < 0 ? onLeft + 4 * Math.PI > 2 * Math.PI : onLeft > 2 * Math.PI
  const vertices = isReversed ? distinct.toReversed() : distinct
  const pieces = convexPieces(vertices)
  if (pieces === undefined) return 'is too large or has no area'
  const area = Math.min(Math.abs(onLeft), 4 * Math.PI - Math.abs(onLeft)) / DEGREE ** 2
  return { vertices, pieces, bounds: boundsOf(vertices), area }
}

/** Pairs of neighbours, the last and the first too. */
export function edgesOf(vertices: readonly Vector[]): (readonly [Vector, Vector])[] {
  return vertices.map((vertex, index) => [vertex, vertices[(index + 1) % vertices.length] ?? vertex] as const)
}

function withoutRepeats(vertices: readonly Vector[]): readonly Vector[] {
  return edgesOf(vertices)
    .filter(([a, b]) => angle(a, b) > 1e-11)
    .map(([a]) => a)
}

function crossesItself(vertices: readonly Vector[]): boolean {
  const edges = edgesOf(vertices)
  return edges.some(([a, b], first) =>
    edges.some(
      ([c, d], second) => second > first + 1 && !(first === 0 && second === edges.length - 1) && crosses(a, b, c, d),
    ),
  )
}

/** Whether the arcs ab and cd cross inside both. */
export function crosses(a: Vector, b: Vector, c: Vector, d: Vector): boolean {
  const [ofC, ofD, ofA, ofB] = [side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b)]
  // The arcs are shorter than 180 degrees; the signs also tell a crossing from one at the other end of the sphere.
  return (
    (ofC > TINY && ofD < -TINY && ofA < -TINY && ofB > TINY) || (ofC < -TINY && ofD > TINY && ofA > TINY && ofB < -TINY)
  )
}

/**
 * Solid angle on the left of the vertices; below 0, it is that of the right with a minus. Nothing is added to it, and
 * neighbours are subtracted first, so that a tiny one keeps its digits.
 */
function signedArea(vertices: readonly Vector[]): number {
  const [first, ...others] = vertices
  if (first === undefined) return 0
  const total = others.slice(1).reduce((area, c, index) => {
    const b = others[index] ?? c
    const volume = side(first, minus(b, first), minus(c, first))
    return area + 2 * Math.atan2(volume, 1 + dot(first, b) + dot(b, c) + dot(c, first))
  }, 0)
  return total % (4 * Math.PI)
}

function minus(a: Vector, b: Vector): Vector {
  return sum([a, scale(b, -1)])
}

function convexPieces(vertices: readonly Vector[]): (readonly Vector[])[] | undefined {
  const corners = cornersOf(vertices)
  if (corners.length < 3) return undefined
  if (isConvex(corners)) return [corners]
  return triangles(corners)
}

/** Without vertices that lie straight between their neighbours. */
function cornersOf(vertices: readonly Vector[]): readonly Vector[] {
  return vertices.filter((vertex, index) => {
    const before = vertices.at(index - 1) ?? vertex
    const after = vertices[(index + 1) % vertices.length] ?? vertex
    return Math.abs(side(before, vertex, after)) > TINY
  })
}

function isConvex(vertices: readonly Vector[]): boolean {
  return edgesOf(vertices).every(([a, b]) => vertices.every((vertex) => side(a, b, vertex) >= -TINY))
}

/** Cuts off one ear after the other; undefined if there is none, which happens only to polygons beyond a hemisphere. */
function triangles(vertices: readonly Vector[]): (readonly Vector[])[] | undefined {
  const found: (readonly Vector[])[] = []
  let rest = vertices
  while (rest.length > 3) {
    const current = rest
    const ear = current.findIndex((_, index) => isEar(current, index))
    if (ear < 0) return undefined
    found.push(triangleAt(current, ear))
    rest = cornersOf(current.toSpliced(ear, 1))
  }
  return rest.length === 3 ? [...found, rest] : found
}

function triangleAt(vertices: readonly Vector[], index: number): readonly [Vector, Vector, Vector] {
  const tip = vertices[index] as Vector
  return [vertices.at(index - 1) ?? tip, tip, vertices[(index + 1) % vertices.length] ?? tip]
}

function isEar(vertices: readonly Vector[], index: number): boolean {
  const [a, b, c] = triangleAt(vertices, index)
  if (side(a, b, c) <= TINY) return false
  return !vertices.some(
    (v) => v !== a && v !== b && v !== c && side(a, b, v) >= -TINY && side(b, c, v) >= -TINY && side(c, a, v) >= -TINY,
  )
}

function boundsOf(vertices: readonly Vector[]): Polygon['bounds'] {
  const centre = unit(sum(vertices))
  const radius = Math.max(...vertices.map((vertex) => angle(centre, vertex)))
  // A cap wider than a hemisphere does not hold the sides between the points that it holds.
  return { centre, radius: radius < 89 ? radius : 180 }
}

/** Mean position of the points inside, as a unit vector: the integral of the position is that of the sides' normals. */
export function centroidOf({ vertices }: Polygon): Vector {
  return unit(sum(edgesOf(vertices).map(([a, b]) => scale(unit(cross(a, b)), angle(a, b)))))
}
