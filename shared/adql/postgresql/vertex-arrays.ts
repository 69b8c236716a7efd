import { SLACK } from '../sphere/relations.ts'
import type { GeometryStrategy } from './context.ts'
import { type AngleSql, distanceSql, nearSql, oppositeOf, type PointSql, whereKnown } from './distance.ts'
import type { PolygonTests } from './polygon-tests.ts'

/**
 * Polygons whose vertices only each row knows, in plain SQL: an array of longitudes and latitudes in turn, in any order
 * around, the smaller side being inside. A text that names the array is evaluated once a question.
 */

/** The sides of the polygon with these coordinates, for FROM: ends `a` and `b` as unit vectors, and `n`, their cross product. */
function sidesSql(array: string, k = ''): string {
  const last = `cardinality(${array})`
  const vector = (l: string, b: string) =>
    `cos(${b}) * cos(${l}) as x, cos(${b}) * sin(${l}) as y, sin(${b}) as z offset 0`
  return `generate_series(1, ${last} / 2) as i${k}, lateral (select radians(${array}[2 * i${k} - 1]) as al, radians(${array}[2 * i${k}]) as ab, radians(${array}[2 * i${k} % ${last} + 1]) as bl, radians(${array}[2 * i${k} % ${last} + 2]) as bb offset 0) as r${k},
    lateral (select ${vector(`r${k}.al`, `r${k}.ab`)}) as a${k}, lateral (select ${vector(`r${k}.bl`, `r${k}.bb`)}) as b${k},
    lateral (select a${k}.y * b${k}.z - a${k}.z * b${k}.y as x, a${k}.z * b${k}.x - a${k}.x * b${k}.z as y, a${k}.x * b${k}.y - a${k}.y * b${k}.x as z offset 0) as n${k}`
}

function dotSql(a: string, b: string): string {
  return `(${a}.x * ${b}.x + ${a}.y * ${b}.y + ${a}.z * ${b}.z)`
}

const LENGTH = 'sqrt(n.x * n.x + n.y * n.y + n.z * n.z)'
/** Sum of the sides' unit normals, each as long as its side: along the middle of the polygon, or against it. */
const MIDDLE = (axis: string) => `sum(n.${axis} * atan2(${LENGTH}, ${dotSql('a', 'b')}) / nullif(${LENGTH}, 0))`
/** 1: counter-clockwise seen from outside; -1: clockwise. */
const ORIENTATION = `sign(${['x', 'y', 'z'].map((axis) => `${MIDDLE(axis)} * sum(a.${axis})`).join(' + ')})`

/** How far the place p lies from the side, in radians: from its great circle beside it, else from its end. */
const FROM_SIDE = `case when ${LENGTH} > 1e-14
    and p.x * (n.y * a.z - n.z * a.y) + p.y * (n.z * a.x - n.x * a.z) + p.z * (n.x * a.y - n.y * a.x) >= 0
    and p.x * (b.y * n.z - b.z * n.y) + p.y * (b.z * n.x - b.x * n.z) + p.z * (b.x * n.y - b.y * n.x) >= 0
    then abs(asin(greatest(-1, least(1, ${dotSql('n', 'p')} / ${LENGTH}))))
    else 2 * asin(least(1, sqrt(power(a.x - p.x, 2) + power(a.y - p.y, 2) + power(a.z - p.z, 2)) / 2)) end`

/** The polygon turns around a place inside once, in its own sense. */
const TURNS = `sum(atan2(${dotSql('n', 'p')}, ${dotSql('a', 'b')} - ${dotSql('a', 'p')} * ${dotSql('b', 'p')})) / ${2 * Math.PI}::float8`

/** A condition on `inside` and on `far`, the distance from the boundary in degrees. */
function placeSql(array: string, { longitude, latitude }: PointSql, condition: string): string {
  return `(select ${condition} from (select round(${TURNS}) * ${ORIENTATION} = 1 as inside, degrees(min(${FROM_SIDE})) as far
    from (select ${array} as c, cos(radians(${latitude})) * cos(radians(${longitude})) as x, cos(radians(${latitude})) * sin(radians(${longitude})) as y, sin(radians(${latitude})) as z offset 0) as p, ${sidesSql('p.c')}) as w)`
}

export function arrayTests(array: string, strategy: GeometryStrategy): PolygonTests {
  const filtered = (point: PointSql, radius: string, filtering: boolean, exact: string) =>
    filtering && point.columns === true ? `(${aroundSql(array, point, radius, strategy)} and ${exact})` : exact
  return {
    holds: (point, filtering) =>
      filtered(point, '0', filtering, placeSql(array, point, `w.inside or w.far <= ${SLACK}`)),
    near(point, radius, filtering) {
      const exact = placeSql(array, point, `w.inside or w.far <= ${radius.sql} + ${SLACK}`)
      return filtered(point, radius.sql, filtering, whereKnown(radius, exact))
    },
    surrounds: (point, radius) =>
      whereKnown(radius, placeSql(array, point, `w.inside and w.far >= ${radius.sql} - ${SLACK}`)),
    within: (point, radius) => withinSql(array, point, radius),
  }
}

/**
 * Whether a point is no further from a shape, a polygon or a region, than `radius`, as a circle around the shape says:
 * what lets an index answer. The circle's centre is the first vertex, or that of the region if it is a circle; a circle
 * below 90 degrees that holds all vertices holds the polygon.
 */
export function aroundSql(numbers: string, point: PointSql, radius: string, strategy: GeometryStrategy): string {
  const first = { longitude: `(${numbers})[1]`, latitude: `(${numbers})[2]` }
  const [a, b] = [
    { longitude: 'u.c[1]', latitude: 'u.c[2]' },
    { longitude: 'u.c[2 * j - 1]', latitude: 'u.c[2 * j]' },
  ]
  const distances = `select ${distanceSql(a, b)} as far from generate_series(2, cardinality(u.c) / 2) as j union all select case cardinality(u.c) when 3 then u.c[3] else 0 end`
  const reach = `(select case when max(d.far) < 90 then max(d.far) else 180 end from (select ${numbers} as c offset 0) as u, lateral (${distances}) as d)`
  return nearSql(point, first, { sql: `(${radius} + ${reach})` }, '<=', SLACK, true, strategy)
}

/** Circles above 90 degrees are what a circle around the other side of the sphere leaves. */
function withinSql(array: string, point: PointSql, { sql, constant }: AngleSql): string {
  const vertex = { longitude: 't.c[2 * j - 1]', latitude: 't.c[2 * j]' }
  const farthest = `(select max(${distanceSql(vertex, point)}) from (select ${array} as c offset 0) as t, generate_series(1, cardinality(t.c) / 2) as j) <= ${sql} + ${SLACK}`
  const outside = placeSql(
    array,
    oppositeOf(point),
    `case when w.far is not null then ${sql} >= 180 or not w.inside and w.far >= 180 - ${sql} - ${SLACK} end`,
  )
  if (constant !== undefined) return constant <= 90 ? `(${farthest})` : outside
  return `(case when ${sql} <= 90 then ${farthest} else ${outside} end)`
}

/** Whether polygon `a` lies within `b`, or has a point in common with it. */
export function arraysSql(a: string, b: string, question: 'within' | 'common'): string {
  const holds = (outer: string, point: PointSql) => arrayTests(outer, 'portable').holds(point, false)
  const vertices = (inner: string, outer: string, every: 'bool_and' | 'bool_or') =>
    `(select ${every}(${holds(outer, { longitude: `${inner}[2 * j - 1]`, latitude: `${inner}[2 * j]` })}) from generate_series(1, cardinality(${inner}) / 2) as j)`
  const crossing = `exists (select from ${sidesSql('t.c', '1')}, ${sidesSql('t.d', '2')} where ${crossingSql('>', '<')} or ${crossingSql('<', '>')})`
  const middle = {
    longitude: 'degrees(atan2(a.y + b.y, a.x + b.x))',
    latitude: 'degrees(atan2(a.z + b.z, sqrt(power(a.x + b.x, 2) + power(a.y + b.y, 2))))',
  }
  // A notch of a concave polygon may reach into the middle of a side without crossing it.
  const middles = `(select bool_and(${holds('t.d', middle)}) from ${sidesSql('t.c')})`
  const condition =
    question === 'within'
      ? `${vertices('t.c', 't.d', 'bool_and')} and not ${crossing} and ${middles}`
      : `${vertices('t.c', 't.d', 'bool_or')} or ${vertices('t.d', 't.c', 'bool_or')} or ${crossing}`
  return `(select case when t.c is not null and t.d is not null then ${condition} end from (select ${a} as c, ${b} as d offset 0) as t)`
}

/** Sides cross where the ends of each lie on both sides of the other; the signs tell it from the other end of the sphere. */
function crossingSql(more: string, less: string): string {
  const limit = (sign: string) => (sign === '>' ? '1e-14' : '-1e-14')
  return [
    `${dotSql('n1', 'a2')} ${more} ${limit(more)}`,
    `${dotSql('n1', 'b2')} ${less} ${limit(less)}`,
    `${dotSql('n2', 'a1')} ${less} ${limit(less)}`,
    `${dotSql('n2', 'b1')} ${more} ${limit(more)}`,
  ].join(' and ')
}

const SPHERE = `${4 * Math.PI}::float8`

/** In square degrees: the sum of the triangles from the first vertex to each side. */
export function arrayAreaSql(array: string): string {
  const triple = `${dotSql('f', 'n')}`
  const sum = `1 + ${dotSql('f', 'a')} + ${dotSql('a', 'b')} + ${dotSql('b', 'f')}`
  return `(select least(t.s - ${SPHERE} * floor(t.s / ${SPHERE}), ${SPHERE} * ceil(t.s / ${SPHERE}) - t.s) * ${(180 / Math.PI) ** 2}::float8
    from (select sum(2 * atan2(${triple}, ${sum})) as s from (select ${array} as c offset 0) as p, lateral (select cos(radians(p.c[2])) * cos(radians(p.c[1])) as x, cos(radians(p.c[2])) * sin(radians(p.c[1])) as y, sin(radians(p.c[2])) as z offset 0) as f, ${sidesSql('p.c')}) as t)`
}

/** As an array: the direction of the sum of the sides' normals. */
export function arrayCentroidSql(array: string): string {
  const sums = ['x', 'y', 'z'].map((axis) => `${MIDDLE(axis)} as ${axis}`).join(', ')
  return `(select case when t.s is not null then array[(degrees(atan2(t.y * t.s, t.x * t.s))::numeric + 360) % 360, degrees(atan2(t.z * t.s, sqrt(t.x * t.x + t.y * t.y)))]::float8[] end
    from (select ${sums}, ${ORIENTATION} as s from (select ${array} as c offset 0) as p, ${sidesSql('p.c')}) as t)`
}
