import { constantOf } from '../resolve/constants.ts'
import type { ResolvedExpression } from '../resolved.ts'
import { DEGREE } from '../sphere/vectors.ts'
import type { Span } from '../syntax.ts'
import type { Context, GeometryStrategy } from './context.ts'
import { doubleSql } from './names.ts'
import { unsupported } from './unsupported.ts'

/** A position in SQL: longitude and latitude in degrees, with their values where they are constants. */
export interface PointSql {
  readonly longitude: string
  readonly latitude: string
  readonly constant?: readonly [longitude: number, latitude: number]
  /** Longitude and latitude are columns, so an index may be on them. */
  readonly columns?: boolean
  /** What its longitude is computed from, where it may be some turns away from where it is between 0 and 360. */
  readonly anyTurn?: ResolvedExpression
  /** The column of the strategy's own point type that holds it. */
  readonly native?: string
}

/** An angle in SQL, with its value where it is a constant. */
export interface AngleSql {
  readonly sql: string
  readonly constant?: number
}

export function constantPoint(longitude: number, latitude: number): PointSql {
  return { longitude: doubleSql(longitude), latitude: doubleSql(latitude), constant: [longitude, latitude] }
}

export function constantAngle(value: number): AngleSql {
  return { sql: doubleSql(value), constant: value }
}

export function angleSql(expression: ResolvedExpression, context: Context): AngleSql {
  const constant = constantOf(expression)
  if (constant !== undefined) return constantAngle(constant)
  return { sql: `(${requireShort(context.expression(expression), expression.span)})` }
}

/** SQL of geometry names its numbers many times: of those that are made of others, a few levels are gigabytes. */
const LONGEST = 50_000

/** @throws AdqlError where SQL that is going to be repeated is too long for that */
export function requireShort(sql: string, span: Span): string {
  if (sql.length <= LONGEST) return sql
  const message =
    'This is computed from too much to stand in a position or a shape. Compute it in a subquery: SELECT … FROM (SELECT … AS a FROM …) AS t.'
  throw unsupported('computed-position', message, span)
}

/** An angle to compare with: PostgreSQL holds NaN for the largest number, VOTable for none. */
export function limitOf(angle: AngleSql): AngleSql {
  return angle.constant === undefined ? { sql: `nullif((${angle.sql})::float8, 'NaN')` } : angle
}

/** A radius that no circle has, negative or NaN, is like NULL; it is named once, because others may be nested in it. */
export function radiusOf(angle: AngleSql): AngleSql {
  if (angle.constant !== undefined) return angle
  const lowest = doubleSql(-1e-300)
  return { sql: `nullif(nullif(greatest(${angle.sql}, ${lowest}), ${lowest}), 'NaN')` }
}

/** A condition that may be true whatever the angle is: it is NULL where the angle is NULL. */
export function whereKnown({ sql, constant }: AngleSql, condition: string): string {
  return constant === undefined ? `(case when ${sql} is not null then ${condition} end)` : condition
}

/** Distance in degrees. Both halves of the sum keep their digits, so it is exact for small and for large distances. */
export function distanceSql(a: PointSql, b: PointSql): string {
  const near = `sqrt(${havSql(a, b)})`
  const far = `sqrt(power(sin(radians(${a.latitude} + ${b.latitude}) / 2), 2) + cos(radians(${a.latitude})) * cos(radians(${b.latitude})) * power(cos(radians(${a.longitude} - ${b.longitude}) / 2), 2))`
  return `(2 * degrees(atan2(${near}, ${far})))`
}

/** The square of the sine of half the distance. */
function havSql(a: PointSql, b: PointSql): string {
  return `(power(sin(radians(${a.latitude} - ${b.latitude}) / 2), 2) + cos(radians(${a.latitude})) * cos(radians(${b.latitude})) * power(sin(radians(${a.longitude} - ${b.longitude}) / 2), 2))`
}

/**
 * Whether two positions are nearer than `radius`, or as near. `filtering`: with what lets the strategy's index answer.
 * `slack` degrees more count as near.
 */
export function nearSql(
  a: PointSql,
  b: PointSql,
  radius: AngleSql,
  operator: '<' | '<=',
  slack: number,
  filtering: boolean,
  strategy: GeometryStrategy,
): string {
  const exact = exactSql(a, b, radius, operator, slack)
  const filters = filtering ? INDEX_FILTERS[strategy](a, b, radius) : []
  return `(${[...filters, exact].join(' and ')})`
}

function exactSql(a: PointSql, b: PointSql, { sql, constant }: AngleSql, operator: '<' | '<=', slack: number): string {
  if (constant === undefined) return `${distanceSql(a, b)} ${operator} ${slack === 0 ? sql : `(${sql} + ${slack})`}`
  const radius = constant + slack
  if (radius <= 0 || radius >= 180) return `${distanceSql(a, b)} ${operator} ${doubleSql(radius)}`
  return `${havSql(a, b)} ${operator} ${doubleSql(Math.sin((radius / 2) * DEGREE) ** 2)}`
}

/** An index is asked for a little more than the exact test takes. */
const MARGIN = 1e-8

type IndexFilter = (a: PointSql, b: PointSql, radius: AngleSql) => string[]

const INDEX_FILTERS: Readonly<Record<GeometryStrategy, IndexFilter>> = {
  portable: bands,
  pgsphere: inSphericalCircle,
  postgis: withinMetres,
}

/** Bands of latitude, for B-trees; around a constant position one of longitude too. */
function bands(a: PointSql, b: PointSql, radius: AngleSql): string[] {
  const width = radius.constant === undefined ? `(${radius.sql} + ${MARGIN})` : doubleSql(radius.constant + MARGIN)
  return [
    ...[
      [a, b],
      [b, a],
    ].flatMap(([row, other]) => {
      if (row?.columns !== true || other === undefined) return []
      return [
        other.constant !== undefined && radius.constant !== undefined
          ? `${row.latitude} between ${doubleSql(other.constant[1] - radius.constant - MARGIN)} and ${doubleSql(other.constant[1] + radius.constant + MARGIN)}`
          : `${row.latitude} between ${other.latitude} - ${width} and ${other.latitude} + ${width}`,
        ...longitudeBand(row, other, radius.constant),
      ]
    }),
  ]
}

/** Empty where the circle holds a pole, or nearly. Columns may count longitudes from 0 to 360 or from -180 to 180. */
function longitudeBand(row: PointSql, { constant }: PointSql, radius: number | undefined): string[] {
  if (constant === undefined || radius === undefined || radius < 0) return []
  const [longitude, latitude] = constant
  if (Math.abs(latitude) + radius > 89.999) return []
  const width = Math.asin(Math.sin(radius * DEGREE) / Math.cos(latitude * DEGREE)) / DEGREE + MARGIN
  const pieces = [-360, 0, 360].flatMap((turn) => {
    const [from, to] = [longitude - width + turn, longitude + width + turn]
    return to < -180 || from > 360 ? [] : [`${row.longitude} between ${doubleSql(from)} and ${doubleSql(to)}`]
  })
  return [`(${pieces.join(' or ')})`]
}

/** A GiST index on spoint(radians(ra), radians(dec)), of whichever side has one. */
function inSphericalCircle(a: PointSql, b: PointSql, radius: AngleSql): string[] {
  if (radius.constant !== undefined && (radius.constant < 0 || radius.constant > 89)) return []
  const isStored = ({ columns, native }: PointSql) => columns === true || native !== undefined
  const sides = [
    [a, b],
    [b, a],
  ] as const
  return sides.flatMap(([row, other]) => (isStored(row) ? [inCircleSql(row, other, radius)] : []))
}

/** pgsphere's circles end at 90 degrees. */
function inCircleSql(row: PointSql, other: PointSql, { sql, constant }: AngleSql): string {
  const circle = (angle: string) => `scircle(${spoint(other)}, radians(${angle}))`
  if (constant !== undefined) return `${spoint(row)} <@ ${circle(doubleSql(constant + MARGIN))}`
  // Two hemispheres are the sphere; below 90 degrees the second circle is but a point.
  const far = `scircle(${spoint(oppositeOf(other))}, case when ${sql} > 89 then radians(90) else 0 end)`
  const near = circle(`least(greatest(${sql}, 0) + ${MARGIN}, 90)`)
  return `(${spoint(row)} <@ ${near} or ${spoint(row)} <@ ${far})`
}

/** The point on the other side of the sphere. */
export function oppositeOf({ longitude, latitude }: PointSql): PointSql {
  return { longitude: `(${longitude} + 180)`, latitude: `(-(${latitude}))` }
}

export function spoint({ native, longitude, latitude }: PointSql): string {
  return native ?? `spoint(radians(${longitude}), radians(${latitude}))`
}

/** Metres on PostGIS's sphere. */
export const METRES_PER_DEGREE = 111_195.079734632

/** A GiST index on st_setsrid(st_makepoint(case when ra > 180 then ra - 360 else ra end, dec), 4326)::geography. */
function withinMetres(a: PointSql, b: PointSql, radius: AngleSql): string[] {
  if (radius.constant !== undefined && (radius.constant < 0 || radius.constant > 89)) return []
  const metres =
    radius.constant === undefined
      ? `(greatest(${radius.sql}, 0) * ${METRES_PER_DEGREE} + 0.01)`
      : doubleSql(radius.constant * METRES_PER_DEGREE + 0.01)
  return [`st_dwithin(${geography(a)}, ${geography(b)}, ${metres}, false)`]
}

/** A column as in its index; values of other expressions may be any number of turns away. */
export function geography({ native, longitude, latitude, columns }: PointSql): string {
  if (native !== undefined) return native
  const wrapped =
    columns === true
      ? `case when ${longitude} > 180 then ${longitude} - 360 else ${longitude} end`
      : `${longitude} - 360 * floor((${longitude} + 180) / 360::float8)`
  return `st_setsrid(st_makepoint(${wrapped}, ${latitude}), 4326)::geography`
}
