import { expect, test } from 'vitest'
import { angle, length, side, toPosition, toVector, unit } from '../../../shared/adql/sphere/vectors.ts'
import { randomNumbers } from '../../support/random-numbers.ts'
import { randomPlace } from '../../support/random-sky.ts'

test('a position is found again from its vector', () => {
  const random = randomNumbers(1)
  for (let turn = 0; turn < 1000; turn++) {
    const [longitude, latitude] = randomPlace(random)
    const [again, height] = toPosition(toVector(longitude, latitude))
    expect(height).toBeCloseTo(latitude, 12)
    // A pole has every longitude.
    if (Math.abs(latitude) < 89.999) expect(Math.abs(((again - longitude + 540) % 360) - 180)).toBeLessThan(1e-9)
  }
})

test('longitudes are from 0 to below 360, also a hair below 0', () => {
  expect(toPosition([1, -1e-20, 0])).toEqual([0, 0])
  expect(toPosition([0, -1, 0])).toEqual([270, 0])
  expect(toPosition(toVector(360, 10))[0] % 360).toBeCloseTo(0, 9)
})

test('small, large and right angles keep their digits', () => {
  const origin = toVector(0, 0)
  expect(angle(origin, toVector(0, 1e-9)) / 1e-9).toBeCloseTo(1, 9)
  expect(180 - angle(origin, toVector(180, 1e-6))).toBeCloseTo(1e-6, 12)
  expect(angle(origin, toVector(90, 0))).toBe(90)
  expect(angle(toVector(10, 90), toVector(200, 89))).toBeCloseTo(1, 12)
})

test('the left of a great circle is above 0, its right below, and 0 on it', () => {
  const [east, west] = [toVector(0, 0), toVector(90, 0)]
  expect(side(east, west, toVector(45, 10))).toBeGreaterThan(0)
  expect(side(east, west, toVector(45, -10))).toBeLessThan(0)
  expect(side(east, west, toVector(20, 0))).toBeCloseTo(0, 15)
})

test('the null vector has no direction and is left as it is', () => {
  expect(unit([0, 0, 0])).toEqual([0, 0, 0])
  expect(length(unit([3, 4, 12]))).toBeCloseTo(1, 15)
})
