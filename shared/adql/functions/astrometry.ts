import { FRAME_NAMES } from '../sphere/frames.ts'
import { POINT, type ValueType } from '../value-type.ts'
import type { FunctionRow, Parameter, Signature } from './row.ts'
import { alias, parameters, udf } from './udf.ts'

const MOTION = parameters(
  ['ra', 'DOUBLE'],
  ['dec', 'DOUBLE'],
  ['parallax', 'DOUBLE'],
  ['pmra', 'DOUBLE'],
  ['pmdec', 'DOUBLE'],
  ['radial_velocity', 'DOUBLE'],
  ['ref_epoch', 'DOUBLE'],
  ['out_epoch', 'DOUBLE'],
)

const SIX: ValueType = { kind: 'array', datatype: 'double', arraysize: '6' }

const UNITS =
  'Degrees, mas, mas/yr (pmra with the cosine of dec), km/s, Julian years. A parallax that is NULL or below 0 is one of 0, other NULLs of the motion are 0; a NULL position or epoch is an error.'

const EPOCH_PROP_POS = udf({
  name: 'ivo_epoch_prop_pos',
  signatures: [{ parameters: MOTION, returns: 'POINT', result: POINT }],
  meaning: `Position at out_epoch of a star that was at ra, dec at ref_epoch and moves uniformly. ${UNITS}`,
  postgresql: (...values) => movedSql('ivo_epoch_prop_pos', values, 'array[longitude, latitude]::float8[]'),
})

const EPOCH_PROP = udf({
  name: 'EPOCH_PROP',
  signatures: [{ parameters: MOTION, returns: 'DOUBLE[6]', result: SIX }],
  meaning: `Position, parallax, proper motion and radial velocity at out_epoch, in the order and units of the arguments. ${UNITS}`,
  postgresql: (...values) =>
    movedSql('EPOCH_PROP', values, `array[longitude, latitude, parallax / distance, pmra, pmdec, velocity]::float8[]`),
})

function frame(name: string): Parameter {
  return { name, type: 'TEXT', literal: true, values: FRAME_NAMES }
}

const OF_SHAPE: Signature = {
  parameters: [frame('from_sys'), frame('to_sys'), { name: 'geo', type: 'GEOMETRY' }],
  returns: 'GEOMETRY',
  result: ([, , geometry]) => geometry ?? POINT,
}

const TRANSFORM = udf({
  name: 'ivo_geom_transform',
  signatures: [OF_SHAPE],
  meaning: `The shape in another reference frame. Frames, as literals: ${FRAME_NAMES.join(', ')}; FK5 and ECLIPTIC are of J2000, FK4 is of B1950 and without the E-terms of aberration (below 0.4 arcseconds).`,
  postgresql: 'own',
})

export const ASTROMETRY: readonly FunctionRow[] = [
  EPOCH_PROP_POS,
  alias(EPOCH_PROP_POS, 'EPOCH_PROP_POS'),
  EPOCH_PROP,
  TRANSFORM,
  alias(TRANSFORM, 'gavo_transform'),
]

/** Radians in a milliarcsecond. */
const MAS = Math.PI / 180 / 3_600_000
/** Astronomical units a year in km/s. */
const AU_PER_YEAR = 4.740470446

/**
 * The motion in space (Hipparcos Catalogue vol. 1, §1.5.5; Butkevich & Lindegren 2014 without light time). In units of the distance at ref_epoch
 * the star is at (1 + radial * t, east * t, north * t) in the directions away, east and north of where it was. `ahead` is
 * what of that lies in the plane of the equator towards the old longitude, `up` what lies along the pole; a d in front
 * marks their changes in a year.
 */
function movedSql(name: string, values: readonly string[], result: string): string {
  const [ra = '', dec = '', parallax = '', pmra = '', pmdec = '', velocity = '', from = '', to = ''] = values
  const missing = `${name} needs a position and two epochs, but has `
  const given = `select ${ra} as ra, ${dec} as "dec", greatest(${parallax}, 0) as parallax, coalesce(${pmra}, 0) * ${MAS}::float8 as east, coalesce(${pmdec}, 0) * ${MAS}::float8 as north, coalesce(${velocity}, 0) as velocity, ${from} as from_epoch, ${to} as to_epoch offset 0`
  const checked = `select *, case when ra + "dec" + from_epoch + to_epoch is not null then to_epoch - from_epoch
      else ('${missing}' || concat_ws(', ', coalesce(ra::text, 'NULL'), coalesce("dec"::text, 'NULL'), coalesce(from_epoch::text, 'NULL'), coalesce(to_epoch::text, 'NULL')))::float8 end as t,
      velocity * parallax * ${MAS / AU_PER_YEAR}::float8 as radial, sin(radians("dec")) as s, cos(radians("dec")) as c from (${given}) as g offset 0`
  const moved = `select *, 1 + radial * t as away, c * (1 + radial * t) - s * north * t as ahead, c * radial - s * north as dahead, east * t as aside, s * (1 + radial * t) + c * north * t as up, s * radial + c * north as dup from (${checked}) as g offset 0`
  const placed = `select *, greatest(sqrt(ahead * ahead + aside * aside), 1e-300) as level, sqrt(ahead * ahead + aside * aside + up * up) as distance from (${moved}) as g offset 0`
  const turned = `select ra, parallax, distance, mod((ra + degrees(atan2(aside, ahead)))::numeric + 360, 360) as longitude, degrees(atan2(up, level)) as latitude,
      (ahead * east - aside * dahead) / (distance * level * ${MAS}::float8) as pmra,
      (level * dup - up * (ahead * dahead + aside * east) / level) / (distance * distance * ${MAS}::float8) as pmdec,
      case when parallax > 0 then (ahead * dahead + aside * east + up * dup) / (distance * parallax * ${MAS / AU_PER_YEAR}::float8) else velocity end as velocity
    from (${placed}) as g offset 0`
  return `(select ${result} from (${turned}) as g)`
}
