import { edgesOf, type Polygon } from '../sphere/polygon.ts'
import { SLACK } from '../sphere/relations.ts'
import { cross, DEGREE, toPosition, unit, type Vector } from '../sphere/vectors.ts'
import type { GeometryStrategy } from './context.ts'
import {
  type AngleSql,
  constantAngle,
  constantPoint,
  distanceSql,
  geography,
  METRES_PER_DEGREE,
  nearSql,
  oppositeOf,
  type PointSql,
  spoint,
  whereKnown,
} from './distance.ts'
import { doubleSql } from './names.ts'
import type { PolygonTests } from './polygon-tests.ts'
import type { PolygonSql } from './shape-sql.ts'
import { arrayTests } from './vertex-arrays.ts'

export function testsOf(polygon: PolygonSql, strategy: GeometryStrategy): PolygonTests {
  if (polygon.figure !== undefined) return constantTests(polygon.figure.polygon, strategy)
  if ('array' in polygon || strategy === 'portable') return arrayTests(coordinatesSql(polygon, strategy), strategy)
  const native = nativeSql(polygon, strategy)
  return strategy === 'pgsphere' ? pgsphereTests(native) : postgisTests(native, polygon)
}

function constantTests(polygon: Polygon, strategy: GeometryStrategy): PolygonTests {
  const { bounds } = polygon
  const inside = (point: PointSql) => fromVector(point, piecesSql(polygon))
  const distances = (point: PointSql) =>
    `least(${edgesOf(polygon.vertices)
      .map((edge) => arcSql(edge, point))
      .join(', ')})`
  return {
    holds(point, filtering) {
      if (!filtering || bounds.radius >= 89) return inside(point)
      const centre = constantPoint(...toPosition(bounds.centre))
      return `(${nearSql(centre, point, constantAngle(bounds.radius), '<=', SLACK, true, strategy)} and ${inside(point)})`
    },
    near: (point, radius) =>
      whereKnown(radius, `(${inside(point)} or ${distances(point)} <= ${radius.sql} + ${SLACK})`),
    surrounds: (point, radius) =>
      whereKnown(radius, `(${inside(point)} and ${distances(point)} >= ${radius.sql} - ${SLACK})`),
    within(point, { sql }) {
      const opposite = oppositeOf(point)
      const corners = polygon.vertices.map((vertex) => distanceSql(constantPoint(...toPosition(vertex)), point))
      const outside = `(not ${inside(opposite)} and ${distances(opposite)} >= 180 - ${sql} - ${SLACK})`
      return `(case when ${sql} <= 90 then greatest(${corners.join(', ')}) <= ${sql} + ${SLACK} else ${sql} >= 180 or ${outside} end)`
    },
  }
}

/** A condition on the unit vector (x, y, z) of a point, which is computed once. */
function fromVector({ longitude, latitude }: PointSql, condition: string): string {
  return `(select ${condition} from (select cos(radians(${latitude})) * cos(radians(${longitude})) as x, cos(radians(${latitude})) * sin(radians(${longitude})) as y, sin(radians(${latitude})) as z offset 0) as v)`
}

function piecesSql({ pieces }: Polygon): string {
  return pieces
    .map((piece) =>
      edgesOf(piece)
        .map(([a, b]) => `${dotSql(unit(cross(a, b)))} >= ${-SLACK * DEGREE}`)
        .join(' and '),
    )
    .map((sides) => `(${sides})`)
    .join(' or ')
}

function dotSql([x, y, z]: Vector): string {
  return `v.x * ${doubleSql(x)} + v.y * ${doubleSql(y)} + v.z * ${doubleSql(z)}`
}

/** Distance in degrees to an arc: to its great circle from beside it, else to its nearer end. */
function arcSql([a, b]: readonly [Vector, Vector], point: PointSql): string {
  const normal = unit(cross(a, b))
  const beside = `${dotSql(cross(normal, a))} >= 0 and ${dotSql(cross(b, normal))} >= 0`
  const ends = [a, b].map((end) => distanceSql(constantPoint(...toPosition(end)), point))
  const height = `abs(degrees(asin(greatest(-1, least(1, ${dotSql(normal)})))))`
  return fromVector(point, `case when ${beside} then ${height} else least(${ends.join(', ')}) end`)
}

/** pgsphere's circles end at 90 degrees: a wider one is what a circle around the other side of the sphere leaves. */
function pgsphereTests(polygon: string): PolygonTests {
  const circle = (point: PointSql, angle: string) => `scircle(${spoint(point)}, radians(${angle}))`
  const rest = (point: PointSql, { sql }: AngleSql) => circle(oppositeOf(point), `greatest(180 - ${SLACK} - ${sql}, 0)`)
  const bySize = (point: PointSql, radius: AngleSql, small: (circle: string) => string, wide: string) => {
    const { sql, constant } = radius
    if (constant !== undefined && constant <= 90) return `(${small(circle(point, sql))})`
    const isKnown = `${polygon} is not null and ${spoint(point)} is not null`
    return `(case when ${sql} <= 90 then ${small(circle(point, `least(${sql}, 90)`))} when ${sql} > 90 and ${isKnown} then ${wide} end)`
  }
  return {
    holds: (point) => `(${spoint(point)} <@ ${polygon})`,
    near: (point, radius) =>
      bySize(point, radius, (small) => `${polygon} && ${small}`, `not (${polygon} <@ ${rest(point, radius)})`),
    surrounds: (point, radius) => bySize(point, radius, (small) => `${small} <@ ${polygon}`, 'false'),
    within: (point, radius) =>
      bySize(
        point,
        radius,
        (small) => `${polygon} <@ ${small}`,
        `${radius.sql} >= 180 or not (${polygon} && ${rest(point, radius)})`,
      ),
  }
}

/** ST_Covers misses points on long sides: a distance of a millimetre does not. */
function postgisTests(polygon: string, source: PolygonSql): PolygonTests {
  const metres = ({ sql }: AngleSql) => `(${sql} * ${METRES_PER_DEGREE} + 0.001)`
  const holds = (point: PointSql) => `st_dwithin(${polygon}, ${geography(point)}, 0.001, false)`
  return {
    holds,
    near: (point, radius) => `st_dwithin(${polygon}, ${geography(point)}, ${metres(radius)}, false)`,
    surrounds: (point, radius) =>
      whereKnown(
        radius,
        `(${holds(point)} and st_distance(st_boundary(${polygon}::geometry)::geography, ${geography(point)}, false) >= ${radius.sql} * ${METRES_PER_DEGREE} - 0.001)`,
      ),
    within: (point, radius) => arrayTests(coordinatesSql(source, 'postgis'), 'postgis').within(point, radius),
  }
}

/** A polygon of vertices or of the strategy's own type as a value of that type. */
export function nativeSql(polygon: Exclude<PolygonSql, { array: string }>, strategy: 'pgsphere' | 'postgis'): string {
  if ('native' in polygon) return polygon.native
  if (strategy === 'postgis') {
    const points = polygon.vertices.map((vertex) => `${geography(vertex)}::geometry`)
    return `st_setsrid(st_makepolygon(st_makeline(array[${[...points, points[0]].join(', ')}])), 4326)::geography`
  }
  const vertices = polygon.vertices.map(
    ({ longitude, latitude }) => `'(' || ${longitude} || 'd,' || ${latitude} || 'd)'`,
  )
  return `('{' || ${vertices.join(` || ',' || `)} || '}')::spoly`
}

/** Longitudes and latitudes in turn, as DALI writes polygons. */
export function coordinatesSql(polygon: PolygonSql, strategy: GeometryStrategy): string {
  if ('array' in polygon) return polygon.array
  if ('vertices' in polygon) {
    const numbers = polygon.vertices.flatMap(({ longitude, latitude }) => [longitude, latitude])
    return arraySql(numbers, polygon.figure !== undefined)
  }
  const { native } = polygon
  if (strategy === 'pgsphere') {
    return `(select array_agg(degrees(m.n[1]::float8) order by m.i) from regexp_matches(${native}::text, '-?[0-9.]+(?:e[-+]?[0-9]+)?', 'g') with ordinality as m(n, i))`
  }
  const x = 'st_x(d.geom)'
  return `(select array_agg(u.c order by d.path, u.i) from st_dumppoints(${native}::geometry) as d, unnest(array[case when ${x} < 0 then ${x} + 360 else ${x} end, st_y(d.geom)]) with ordinality as u(c, i) where d.path[2] < st_npoints(${native}::geometry))`
}

/** An array that is NULL where one of its numbers is. */
export function arraySql(numbers: readonly string[], constant: boolean): string {
  const array = `array[${numbers.join(', ')}]::float8[]`
  return constant ? array : `(case when array_position(${array}, null) is null then ${array} end)`
}
