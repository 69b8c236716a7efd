import type { Shape } from '../resolved.ts'

/** What is wrong with a text that should describe a shape: a sentence without its end. */
export class ShapeError extends Error {}

/** Frames and reference positions that STC-S may name; all are taken for ICRS, as everywhere in ADQL 2.1. */
const FRAMES: ReadonlySet<string> = new Set([
  'ICRS',
  'FK4',
  'FK5',
  'GALACTIC',
  'J2000',
  'B1950',
  'ECLIPTIC',
  'UNKNOWNFRAME',
  'BARYCENTER',
  'GEOCENTER',
  'HELIOCENTER',
  'TOPOCENTER',
  'LSR',
  'UNKNOWNREFPOS',
  'SPHERICAL2',
])

/**
 * The shape of REGION: `circle 10 20 1`, `polygon …`, `point …` (DALI 1.2 §3.3.8) or the same in STC-S with a frame
 * (`Circle ICRS 10 20 1`), and STC-S's `position` and `box`.
 *
 * @throws ShapeError
 */
export function parseRegion(text: string): Shape {
  const words = text.trim().split(/\s+/)
  const name = (words.shift() ?? '').toLowerCase()
  while (FRAMES.has((words[0] ?? '').toUpperCase())) words.shift()
  const make = SHAPES[name]
  if (make === undefined) {
    throw new ShapeError(`a region begins with circle, polygon, point or box${name === '' ? '' : `, not with ${name}`}`)
  }
  return make(numbersOf(words))
}

/**
 * The shape of a CAST: the numbers alone, as DALI writes a point, circle or polygon.
 *
 * @throws ShapeError
 */
export function parseNumbers(kind: Shape['kind'], text: string): Shape {
  const words = text.trim().split(/\s+/)
  return SHAPES[kind]?.(numbersOf(words)) ?? parseRegion(text)
}

function numbersOf(words: readonly string[]): number[] {
  return words.map((word) => {
    if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(word))
      throw new ShapeError(`${word || 'nothing'} is not a number`)
    return Number(word)
  })
}

type MakeShape = (numbers: readonly number[]) => Shape

const SHAPES: Readonly<Record<string, MakeShape>> = {
  point: makePoint,
  position: makePoint,
  circle: makeCircle,
  polygon: makePolygon,
  box: makeBox,
}

function makePoint(numbers: readonly number[]): Shape {
  const [longitude = 0, latitude = 0] = requireCount('a point', numbers, 2)
  return { kind: 'point', ...place(longitude, latitude) }
}

function makeCircle(numbers: readonly number[]): Shape {
  const [longitude = 0, latitude = 0, radius = 0] = requireCount('a circle', numbers, 3)
  return { kind: 'circle', ...place(longitude, latitude), radius: within('radius', radius, 0, 180) }
}

function makePolygon(numbers: readonly number[]): Shape {
  if (numbers.length < 6 || numbers.length % 2 === 1) {
    throw new ShapeError(`a polygon has three pairs of numbers or more; this one has ${numbers.length} numbers`)
  }
  const vertices = Array.from({ length: numbers.length / 2 }, (_, index) => {
    const { longitude, latitude } = place(numbers[2 * index] ?? 0, numbers[2 * index + 1] ?? 0)
    return [longitude, latitude] as const
  })
  return { kind: 'polygon', vertices }
}

/** Corners at half the width and height from the centre along the tangent plane, as ADQL 2.1 §4.2.9 has BOX. */
function makeBox(numbers: readonly number[]): Shape {
  const [longitude = 0, latitude = 0, width = 0, height = 0] = requireCount('a box', numbers, 4)
  const centre = place(longitude, latitude)
  const vertices = boxCorners(
    centre.longitude,
    centre.latitude,
    within('width', width, 0, 180),
    within('height', height, 0, 180),
  )
  return { kind: 'polygon', vertices }
}

const RADIAN = 180 / Math.PI

/** The corners of a BOX, in degrees: its sides cross the arms of the cross through its centre at right angles. */
export function boxCorners(longitude: number, latitude: number, width: number, height: number) {
  const x = Math.tan(width / 2 / RADIAN)
  const y = Math.tan(height / 2 / RADIAN)
  const corners = [
    [-x, -y],
    [x, -y],
    [x, y],
    [-x, y],
  ] as const
  return corners.map(([a, b]) => fromTangentPlane(longitude, latitude, a, b))
}

function fromTangentPlane(longitude: number, latitude: number, x: number, y: number) {
  const sin = Math.sin(latitude / RADIAN)
  const cos = Math.cos(latitude / RADIAN)
  const turned = Math.atan2(x, cos - y * sin) * RADIAN
  const height = Math.atan2(sin + y * cos, Math.hypot(x, cos - y * sin)) * RADIAN
  return [(longitude + turned + 360) % 360, height] as const
}

function requireCount(what: string, numbers: readonly number[], count: number): readonly number[] {
  if (numbers.length === count) return numbers
  throw new ShapeError(`${what} has ${count} numbers; this one has ${numbers.length}`)
}

function place(longitude: number, latitude: number) {
  return { longitude: within('longitude', longitude, 0, 360), latitude: within('latitude', latitude, -90, 90) }
}

function within(what: string, value: number, from: number, to: number): number {
  if (value >= from && value <= to) return value
  throw new ShapeError(`the ${what} ${value} is not between ${from} and ${to} degrees`)
}
