import { expect, test } from 'vitest'
import { centroidOf, makePolygon, type Polygon } from '../../../shared/adql/sphere/polygon.ts'
import { toPosition } from '../../../shared/adql/sphere/vectors.ts'
import type { Place } from '../../support/random-sky.ts'

function polygonOf(...vertices: readonly Place[]): Polygon {
  const polygon = makePolygon(vertices)
  if (typeof polygon === 'string') throw new Error(polygon)
  return polygon
}

const OCTANT: readonly Place[] = [
  [0, 0],
  [90, 0],
  [0, 90],
]

test('the area of an octant is an eighth of the sphere, in both orders', () => {
  const eighth = (4 * Math.PI * (180 / Math.PI) ** 2) / 8
  expect(polygonOf(...OCTANT).area).toBeCloseTo(eighth, 9)
  expect(polygonOf(...OCTANT.toReversed()).area).toBeCloseTo(eighth, 9)
})

test('a tiny polygon keeps the digits of its area', () => {
  const size = 1e-4
  expect(polygonOf([10, 0], [10 + size, 0], [10 + size, size], [10, size]).area / size ** 2).toBeCloseTo(1, 6)
})

test('a convex polygon is one piece, a notched one several of the same area', () => {
  expect(polygonOf([0, 0], [10, 0], [10, 10], [0, 10]).pieces).toHaveLength(1)
  const notched = polygonOf([0, 0], [10, 0], [10, 10], [5, 2], [0, 10])
  expect(notched.pieces.length).toBeGreaterThan(1)
  const parts = notched.pieces.map((piece) => polygonOf(...piece.map(toPosition)).area)
  expect(parts.reduce((sum, area) => sum + area, 0)).toBeCloseTo(notched.area, 9)
})

test('a vertex that is given twice, or again at the end, counts once', () => {
  expect(polygonOf([0, 0], [0, 0], [90, 0], [0, 90], [0, 0]).vertices).toHaveLength(3)
})

test('what is no simple polygon is refused in words', () => {
  expect(
    makePolygon([
      [0, 0],
      [1, 1],
      [0, 0],
    ]),
  ).toBe('has fewer than three different vertices')
  expect(
    makePolygon([
      [0, 0],
      [10, 10],
      [10, 0],
      [0, 10],
    ]),
  ).toBe('has sides that cross each other')
  expect(
    makePolygon([
      [0, 0],
      [180, 0],
      [90, 45],
    ]),
  ).toContain('a side of 180 degrees')
  expect(
    makePolygon([
      [0, 0],
      [10, 0],
      [20, 0],
    ]),
  ).toContain('has no area')
})

test('the centroid lies where symmetry puts it: across longitude 0, and at the pole', () => {
  const [longitude, latitude] = toPosition(centroidOf(polygonOf([350, -5], [10, -5], [10, 5], [350, 5])))
  expect(Math.min(longitude, 360 - longitude)).toBeLessThan(1e-9)
  expect(latitude).toBeCloseTo(0, 9)
  expect(toPosition(centroidOf(polygonOf([0, 80], [120, 80], [240, 80])))[1]).toBeCloseTo(90, 5)
  expect(toPosition(centroidOf(polygonOf(...OCTANT)))[0]).toBeCloseTo(45, 9)
})

test('the circle around a polygon holds its vertices; one beyond a hemisphere is the whole sphere', () => {
  expect(polygonOf([0, 80], [120, 80], [240, 80]).bounds.radius).toBeCloseTo(10, 9)
  expect(polygonOf([0, 0.5], [120, 0.5], [240, 0.5]).bounds.radius).toBeGreaterThan(89)
})
