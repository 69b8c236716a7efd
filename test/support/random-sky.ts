/** A position in degrees. */
export type Place = readonly [longitude: number, latitude: number]

const RADIAN = Math.PI / 180

/** Anywhere, near a pole or at it, or beside longitude 0. */
export function randomPlace(random: () => number): Place {
  const kind = random()
  if (kind < 0.02) return [360 * random(), random() < 0.5 ? -90 : 90]
  if (kind < 0.2) return [360 * random(), (random() < 0.5 ? -1 : 1) * (90 - 3 * random() * random())]
  if (kind < 0.4) return [(358 + 4 * random()) % 360, 20 * (random() - 0.5)]
  return [360 * random(), Math.asin(2 * random() - 1) / RADIAN]
}

/** The place at a distance in a direction (from north by east), all in degrees. */
export function placeAt([longitude, latitude]: Place, distance: number, direction: number): Place {
  const [lat, far, way] = [latitude * RADIAN, distance * RADIAN, direction * RADIAN]
  const up = Math.sin(lat) * Math.cos(far) + Math.cos(lat) * Math.sin(far) * Math.cos(way)
  const east = Math.sin(way) * Math.sin(far)
  const north = Math.cos(lat) * Math.cos(far) - Math.sin(lat) * Math.sin(far) * Math.cos(way)
  const turned = (longitude + Math.atan2(east, north) / RADIAN + 720) % 360
  return [turned, Math.atan2(up, Math.hypot(east, north)) / RADIAN]
}

/** Distance in degrees, exact for small and large ones. */
export function distanceBetween(a: Place, b: Place): number {
  const [x, y] = [vectorOf(a), vectorOf(b)]
  const cross = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]] as const
  return Math.atan2(Math.hypot(...cross), x[0] * y[0] + x[1] * y[1] + x[2] * y[2]) / RADIAN
}

/** The place in the middle between two that are no antipodes. */
export function middleOf(a: Place, b: Place): Place {
  const [x, y] = [vectorOf(a), vectorOf(b)]
  const [east, north, up] = [x[0] + y[0], x[1] + y[1], x[2] + y[2]]
  return [(Math.atan2(north, east) / RADIAN + 360) % 360, Math.atan2(up, Math.hypot(east, north)) / RADIAN]
}

function vectorOf([longitude, latitude]: Place): readonly [number, number, number] {
  const height = Math.cos(latitude * RADIAN)
  return [height * Math.cos(longitude * RADIAN), height * Math.sin(longitude * RADIAN), Math.sin(latitude * RADIAN)]
}

/** Three to seven vertices around a place, each in its own direction and at its own distance: simple, often not convex. */
export function randomPolygon(centre: Place, size: number, random: () => number): Place[] {
  const count = 3 + Math.floor(5 * random())
  return Array.from({ length: count }, (_, index) => {
    const direction = ((index + 0.6 * random()) / count) * 360
    return placeAt(centre, size * (0.4 + 0.6 * random()), direction)
  })
}
