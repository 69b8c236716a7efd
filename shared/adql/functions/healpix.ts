import { BIGINT, POINT } from '../value-type.ts'
import type { FunctionRow, Parameter } from './row.ts'
import { parameters, udf } from './udf.ts'

const ORDER: Parameter = { name: 'hpxOrder', type: 'INTEGER', range: { what: 'HEALPix order', from: 0, to: 29 } }

/**
 * HEALPix (Górski et al. 2005) in plain SQL, nested scheme. The sphere is twelve faces, each a square of 2^order by
 * 2^order pixels; a pixel's index is its face and, in turn, the bits of its x and y on the face.
 */
export const HEALPIX: readonly FunctionRow[] = [
  udf({
    name: 'ivo_healpix_index',
    signatures: [
      {
        parameters: [ORDER, ...parameters(['long', 'DOUBLE'], ['lat', 'DOUBLE'])],
        returns: 'BIGINT',
        result: BIGINT,
      },
      { parameters: [ORDER, ...parameters(['p', 'POINT'])], returns: 'BIGINT', result: BIGINT },
    ],
    meaning: 'HEALPix pixel (nested) of a position at an order from 0 to 29; NULL if it is not a position.',
    postgresql: (order = '', first = '', latitude) =>
      latitude === undefined ? indexSql(order, `(${first})[1]`, `(${first})[2]`) : indexSql(order, first, latitude),
  }),
  udf({
    name: 'ivo_healpix_center',
    signatures: [{ parameters: [ORDER, ...parameters(['hpxIndex', 'BIGINT'])], returns: 'POINT', result: POINT }],
    meaning: 'Centre of a HEALPix pixel (nested) at an order from 0 to 29; NULL if there is no such pixel.',
    postgresql: (order = '', index = '') => centreSql(order, index),
  }),
]

/** Steps that put a 0 between the bits of a number below 2^29: how far bits move, and which stay. */
const SPREAD = [
  [16, 0x0000_ffff_0000_ffffn],
  [8, 0x00ff_00ff_00ff_00ffn],
  [4, 0x0f0f_0f0f_0f0f_0f0fn],
  [2, 0x3333_3333_3333_3333n],
  [1, 0x5555_5555_5555_5555n],
] as const

/** A longitude that is hardly below 0 does not begin a fifth quarter. */
const BELOW_4 = 4 - Number.EPSILON * 2

function indexSql(order: string, longitude: string, latitude: string): string {
  const pixel = SPREAD.reduce(
    (from, [shift, mask]) => {
      const spread = (bits: string) => `(${bits} | (${bits} << ${shift})) & ${mask} as ${bits}`
      return `select k, face, ${spread('x')}, ${spread('y')} from (${from}) as h offset 0`
    },
    facePixelSql(order, longitude, latitude),
  )
  return `(select (face << (2 * k)) | x | (y << 1) from (${pixel}) as h)`
}

/**
 * Order k, face, x and y of a position. Within 2/3 of the equator pixels are squares in longitude and sine of latitude,
 * their sides running up (rise) and down (fall); nearer to a pole each quarter narrows toward it.
 */
function facePixelSql(order: string, longitude: string, latitude: string): string {
  const place = `select ${order} as k, ${latitude} as b, 0.75 * sin(radians(${latitude})) as z, least(${longitude} / 90 - 4 * floor(${longitude} / 360), ${BELOW_4}) as turn
    where ${order} between 0 and 29 and ${latitude} between -90 and 90 and ${longitude} between -360 and 360 offset 0`
  const quarter = `select k, z, turn, floor(turn)::integer as quarter, turn - floor(turn) as east, sqrt(6::float8) * sin(radians(90 - abs(b)) / 2) as width from (${place}) as h offset 0`
  const sides = `select k, z, quarter, abs(z) <= 0.5 as equatorial,
      case when abs(z) <= 0.5 then 0.5 + turn - z else east * width end as fall,
      case when abs(z) <= 0.5 then 0.5 + turn + z else (1 - east) * width end as rise
    from (${quarter}) as h offset 0`
  const onFace = `select k,
      case when not equatorial then case when z > 0 then quarter else quarter + 8 end
        when floor(fall) = floor(rise) then floor(fall)::integer | 4 when fall < rise then floor(fall)::integer else floor(rise)::integer + 8 end::bigint as face,
      case when equatorial then rise - floor(rise) when z > 0 then 1 - rise else fall end as x,
      case when equatorial then 1 + floor(fall) - fall when z > 0 then 1 - fall else rise end as y
    from (${sides}) as h offset 0`
  const pixel = (side: string) => `least(floor(${side} * (1::bigint << k)), (1::bigint << k) - 1)::bigint as ${side}`
  return `select k, face, ${pixel('x')}, ${pixel('y')} from (${onFace}) as h offset 0`
}

/** Backward: the bits of x and y are collected, then the ring and the place on it found. */
function centreSql(order: string, index: string): string {
  const face = `select ${order} as k, (1::bigint << ${order}) as n, (${index} >> (2 * ${order}))::integer as face, ${index} & ((1::bigint << (2 * ${order})) - 1) as w
    where ${order} between 0 and 29 and ${index} >= 0 and ${index} >> (2 * ${order}) < 12 offset 0`
  const bits = SPREAD[4][1]
  const apart = `select n, face, w & ${bits} as x, (w >> 1) & ${bits} as y from (${face}) as h offset 0`
  const masks = [
    ...SPREAD.slice(0, 4)
      .map(([, mask]) => mask)
      .toReversed(),
    0xffff_ffffn,
  ]
  const collected = masks.reduce((from, mask, step) => {
    const collect = (name: string) => `(${name} | (${name} >> ${2 ** step})) & ${mask} as ${name}`
    return `select n, face, ${collect('x')}, ${collect('y')} from (${from}) as h offset 0`
  }, apart)
  const ring = `select n::float8 as n, (2 + face / 4) * n - x - y - 1 as ring, 2 * (face % 4) + case when face / 4 = 1 then 0 else 1 end as eighth, x - y as east from (${collected}) as h offset 0`
  const width = `select n, ring, eighth, east, least(ring, 4 * n - ring, n) as width from (${ring}) as h offset 0`
  const longitude = 'mod((45 * (eighth * width + east) / width)::numeric + 360, 360)'
  const fromPole = '90 - degrees(2 * asin(width / (n * sqrt(6::float8))))'
  const latitude = `case when ring < n then ${fromPole} when ring > 3 * n then -(${fromPole}) else degrees(asin((2 * n - ring) * 2 / (3 * n))) end`
  return `(select array[${longitude}, ${latitude}]::float8[] from (${width}) as h)`
}
