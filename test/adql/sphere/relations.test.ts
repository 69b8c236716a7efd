import { expect, test } from 'vitest'
import { makePolygon } from '../../../shared/adql/sphere/polygon.ts'
import { contains, type Figure, intersects } from '../../../shared/adql/sphere/relations.ts'
import { toVector } from '../../../shared/adql/sphere/vectors.ts'
import { randomNumbers } from '../../support/random-numbers.ts'
import { distanceBetween, type Place, placeAt, randomPlace } from '../../support/random-sky.ts'

function point(longitude: number, latitude: number): Figure {
  return { kind: 'point', at: toVector(longitude, latitude) }
}

function circle(longitude: number, latitude: number, radius: number): Figure {
  return { kind: 'circle', centre: toVector(longitude, latitude), radius }
}

function polygon(...vertices: readonly Place[]): Figure {
  const made = makePolygon(vertices)
  if (typeof made === 'string') throw new Error(made)
  return { kind: 'polygon', polygon: made }
}

const SQUARE = polygon([10, -10], [30, -10], [30, 10], [10, 10])
const NOTCHED = polygon([10, -10], [30, -10], [30, 10], [20, -5], [10, 10])

/** What is asked, of `a` within `b`, and of a point in common. */
const CASES: readonly (readonly [title: string, a: Figure, b: Figure, within: boolean, touching: boolean])[] = [
  ['a point in a circle', point(10, 20), circle(10, 21, 2), true, true],
  ['a point on the edge of a circle', point(10, 23), circle(10, 21, 2), true, true],
  ['a point outside a circle', point(10, 23.1), circle(10, 21, 2), false, false],
  ['a point in a circle across longitude 0', point(359, 0), circle(1, 0, 2.5), true, true],
  ['a point beyond the pole in a circle', point(180, 89), circle(0, 89, 2.5), true, true],
  ['a point and itself', point(10, 20), point(370 - 360, 20), true, true],
  ['a circle in a point', circle(10, 20, 1), point(10, 20), false, true],
  ['a circle of radius 0 in a point', circle(10, 20, 0), point(10, 20), true, true],
  ['a circle within a circle', circle(10, 20, 1), circle(10, 21, 2), true, true],
  ['circles that overlap', circle(10, 20, 1), circle(10, 22, 2), false, true],
  ['circles that touch', circle(10, 20, 1), circle(10, 23, 2), false, true],
  ['circles that are apart', circle(10, 20, 1), circle(10, 24, 2), false, false],
  ['everything in the whole sphere', SQUARE, circle(99, -77, 180), true, true],
  ['a vertex of a polygon', point(10, -10), SQUARE, true, true],
  ['a point in a polygon', point(20, 9), SQUARE, true, true],
  ['a point in the notch of a polygon', point(20, 9), NOTCHED, false, false],
  ['a circle in a polygon', circle(20, 0, 9), SQUARE, true, true],
  ['a circle around a polygon', circle(20, 0, 30), SQUARE, false, true],
  ['a circle in the notch of a polygon', circle(20, 9, 1), NOTCHED, false, false],
  ['a polygon in a circle', SQUARE, circle(20, 0, 15), true, true],
  ['a polygon in a circle wider than a hemisphere', SQUARE, circle(200, 0, 170), false, true],
  ['a polygon in what a small circle opposite leaves', SQUARE, circle(110, 0, 120), true, true],
  ['a polygon in itself', SQUARE, SQUARE, true, true],
  ['a notched polygon in its hull', NOTCHED, SQUARE, true, true],
  ['a polygon in a notched one', SQUARE, NOTCHED, false, true],
  [
    'polygons that cross without a vertex in each other',
    polygon([0, -1], [40, -1], [40, 1], [0, 1]),
    SQUARE,
    false,
    true,
  ],
  ['polygons that are apart', polygon([40, 0], [50, 0], [45, 9]), SQUARE, false, false],
]

test.each(CASES)('%s', (_, a, b, within, touching) => {
  expect(contains(a, b)).toBe(within)
  expect(intersects(a, b)).toBe(touching)
  expect(intersects(b, a)).toBe(touching)
})

test('a point beside a circle is in it exactly when its distance is within the radius', () => {
  const random = randomNumbers(7)
  for (let turn = 0; turn < 2000; turn++) {
    const centre = randomPlace(random)
    const radius = 10 ** (-6 + 8 * random())
    const place = placeAt(centre, Math.min(180, 2 * radius * random()), 360 * random())
    const distance = distanceBetween(centre, place)
    if (Math.abs(distance - radius) < 1e-8) continue
    expect(contains(point(...place), circle(...centre, Math.min(radius, 180)))).toBe(distance < radius)
  }
})
