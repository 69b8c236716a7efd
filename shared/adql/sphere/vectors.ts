/** Unit vectors of the sphere, for shapes whose coordinates are constants. Angles in degrees unless said otherwise. */
export type Vector = readonly [x: number, y: number, z: number]

export const DEGREE = Math.PI / 180

export function toVector(longitude: number, latitude: number): Vector {
  const height = Math.cos(latitude * DEGREE)
  return [
    height * Math.cos(longitude * DEGREE),
    height * Math.sin(longitude * DEGREE),
    // 90 degrees are the pole itself, whatever the longitude.
    Math.sin(latitude * DEGREE),
  ]
}

/** Longitude within [0, 360), latitude. */
export function toPosition([x, y, z]: Vector): readonly [longitude: number, latitude: number] {
  const longitude = Math.atan2(y, x) / DEGREE
  // A tiny negative longitude plus 360 would be 360.
  const turned = longitude < 0 ? longitude + 360 : longitude
  return [turned >= 360 ? 0 : turned, Math.atan2(z, Math.hypot(x, y)) / DEGREE]
}

export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

export function sum(vectors: readonly Vector[]): Vector {
  return vectors.reduce<Vector>((total, v) => [total[0] + v[0], total[1] + v[1], total[2] + v[2]], [0, 0, 0])
}

export function scale(v: Vector, factor: number): Vector {
  return [v[0] * factor, v[1] * factor, v[2] * factor]
}

export function length(v: Vector): number {
  return Math.hypot(v[0], v[1], v[2])
}

/** The vector of length 1 in this direction; the null vector has none and is returned as it is. */
export function unit(v: Vector): Vector {
  const size = length(v)
  return size === 0 ? v : scale(v, 1 / size)
}

/** On which side of the great circle from `a` to `b` the point lies: above 0 on the left. */
export function side(a: Vector, b: Vector, point: Vector): number {
  return dot(cross(a, b), point)
}

/** Angle between two unit vectors in degrees, exact for small and large ones. */
export function angle(a: Vector, b: Vector): number {
  return Math.atan2(length(cross(a, b)), dot(a, b)) / DEGREE
}
