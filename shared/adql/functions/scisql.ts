import { BIGINT, type Datatype, DOUBLE, INTEGER, type ValueType } from '../value-type.ts'
import type { FunctionRow, Parameter, SqlRule } from './row.ts'

function doubles(...names: readonly string[]): Parameter[] {
  return names.map((name) => ({ name, type: 'DOUBLE' }))
}

interface Scisql {
  readonly name: string
  readonly parameters: readonly Parameter[]
  readonly result?: ValueType
  readonly meaning: string
  readonly unit?: string
  readonly postgresql: SqlRule
}

const NAMES_OF_TYPES: Readonly<Partial<Record<Datatype, string>>> = { int: 'INTEGER', long: 'BIGINT' }

/** A function of Qserv's scisql library, called there by its own name, which Qserv compares with case. */
function scisql({ name, parameters, result = DOUBLE, meaning, unit, postgresql }: Scisql): FunctionRow {
  const returns = NAMES_OF_TYPES[result.datatype] ?? 'DOUBLE'
  return {
    name,
    group: 'udf',
    signatures: [{ parameters, returns, result, ...(unit === undefined ? {} : { unit }) }],
    meaning,
    sql: { postgresql, qserv: (...values) => `${name}(${values.join(', ')})` },
  }
}

/** Where the logarithm of a flux is asked for, that of none or less is NULL. */
function magnitude(zeroPoint: string): SqlRule {
  return (flux) => `case when ${flux} > 0 then -2.5 * log(${flux}) ${zeroPoint} end`
}

const SIGMA: SqlRule = (flux, sigma) => `case when ${flux} > 0 then 2.5 / ln(10::float8) * ${sigma} / ${flux} end`

/** erg/s/cm²/Hz of AB magnitude 0. */
const FLUX_0 = 10 ** (-48.6 / 2.5)
const SIGMA_OF_MAGNITUDE = 2.5 / Math.LN10

function quadrature(a: string, b: string): string {
  return `sqrt(power(${a}, 2) + power(${b}, 2))`
}

/** Counts (DN) beside those of a source of magnitude 0, which NULL stands for where they are 0. */
const COUNTS: readonly FunctionRow[] = [
  scisql({
    name: 'scisql_dnToFlux',
    parameters: doubles('dn', 'fluxMag0'),
    meaning: 'Flux in erg/s/cm²/Hz of counts; fluxMag0 are the counts of magnitude 0.',
    postgresql: (dn, zero) => `${dn} * ${FLUX_0}::float8 / nullif(${zero}, 0)`,
  }),
  scisql({
    name: 'scisql_dnToFluxSigma',
    parameters: doubles('dn', 'dnSigma', 'fluxMag0', 'fluxMag0Sigma'),
    meaning: 'Error of the flux of counts, from the errors of both.',
    postgresql: (dn, sigma, zero, zeroSigma) =>
      `${FLUX_0}::float8 * ${quadrature(`${sigma}`, `${dn} * ${zeroSigma} / nullif(${zero}, 0)`)} / nullif(abs(${zero}), 0)`,
  }),
  scisql({
    name: 'scisql_dnToAbMag',
    parameters: doubles('dn', 'fluxMag0'),
    meaning: 'AB magnitude of counts; NULL where their quotient is 0 or less.',
    unit: 'mag',
    postgresql: (dn, zero) => `case when ${dn} / nullif(${zero}, 0) > 0 then -2.5 * log(${dn} / ${zero}) end`,
  }),
  scisql({
    name: 'scisql_dnToAbMagSigma',
    parameters: doubles('dn', 'dnSigma', 'fluxMag0', 'fluxMag0Sigma'),
    meaning: 'Error of the AB magnitude of counts, from the errors of both.',
    unit: 'mag',
    postgresql: (dn, sigma, zero, zeroSigma) =>
      `${SIGMA_OF_MAGNITUDE}::float8 * ${quadrature(`${sigma} / nullif(${dn}, 0)`, `${zeroSigma} / nullif(${zero}, 0)`)}`,
  }),
  scisql({
    name: 'scisql_fluxToDn',
    parameters: doubles('flux', 'fluxMag0'),
    meaning: 'Counts of a flux in erg/s/cm²/Hz.',
    postgresql: (flux, zero) => `${flux} * ${zero} / ${FLUX_0}::float8`,
  }),
  scisql({
    name: 'scisql_fluxToDnSigma',
    parameters: doubles('flux', 'fluxSigma', 'fluxMag0', 'fluxMag0Sigma'),
    meaning: 'Error of the counts of a flux, from the errors of both.',
    postgresql: (flux, sigma, zero, zeroSigma) =>
      `${quadrature(`${flux} / ${FLUX_0}::float8 * ${zeroSigma}`, `${sigma} / ${FLUX_0}::float8 * ${zero}`)}`,
  }),
]

function areaTest(
  name: string,
  parameters: readonly Parameter[],
  where: string,
  instead: string,
  repeats = 0,
): FunctionRow {
  return {
    name,
    group: 'udf',
    signatures: [{ parameters, repeats, returns: 'INTEGER', result: INTEGER }],
    meaning: `1 if a position is ${where}, else 0.`,
    sql: {
      postgresql: { refused: `Write ${instead}.` },
      qserv: { refused: `Write ${instead}: Qserv misreads this function in some places.` },
    },
  }
}

/** Rubin's functions: the same query runs on Qserv and on PostgreSQL. */
export const SCISQL: readonly FunctionRow[] = [
  scisql({
    name: 'scisql_nanojanskyToAbMag',
    parameters: doubles('flux'),
    meaning: 'AB magnitude of a flux in nJy; NULL for a flux of 0 or less.',
    unit: 'mag',
    postgresql: magnitude('+ 31.4'),
  }),
  scisql({
    name: 'scisql_nanojanskyToAbMagSigma',
    parameters: doubles('flux', 'sigma'),
    meaning: 'Error of the AB magnitude of a flux in nJy, from its error.',
    unit: 'mag',
    postgresql: SIGMA,
  }),
  scisql({
    name: 'scisql_abMagToNanojansky',
    parameters: doubles('mag'),
    meaning: 'Flux in nJy of an AB magnitude.',
    unit: 'nJy',
    postgresql: (mag) => `power(10::float8, (31.4 - ${mag}) / 2.5)`,
  }),
  scisql({
    name: 'scisql_abMagToNanojanskySigma',
    parameters: doubles('mag', 'sigma'),
    meaning: 'Error of the flux in nJy of an AB magnitude, from its error.',
    unit: 'nJy',
    postgresql: (mag, sigma) => `power(10::float8, (31.4 - ${mag}) / 2.5) * ln(10::float8) / 2.5 * ${sigma}`,
  }),
  scisql({
    name: 'scisql_fluxToAbMag',
    parameters: doubles('flux'),
    meaning: 'AB magnitude of a flux in erg/s/cm²/Hz; NULL for a flux of 0 or less.',
    unit: 'mag',
    postgresql: magnitude('- 48.6'),
  }),
  scisql({
    name: 'scisql_fluxToAbMagSigma',
    parameters: doubles('flux', 'sigma'),
    meaning: 'Error of the AB magnitude of a flux, from its error.',
    unit: 'mag',
    postgresql: SIGMA,
  }),
  scisql({
    name: 'scisql_abMagToFlux',
    parameters: doubles('mag'),
    meaning: 'Flux in erg/s/cm²/Hz of an AB magnitude.',
    postgresql: (mag) => `power(10::float8, -0.4 * (${mag} + 48.6))`,
  }),
  scisql({
    name: 'scisql_angSep',
    parameters: doubles('ra1', 'dec1', 'ra2', 'dec2'),
    meaning: 'Distance of two positions, in degrees. DISTANCE does the same on every service.',
    unit: 'deg',
    postgresql: { refused: 'Write DISTANCE(ra1, dec1, ra2, dec2).' },
  }),
  ...COUNTS,
  scisql({
    name: 'scisql_s2HtmId',
    parameters: [...doubles('lon', 'lat'), { name: 'level', type: 'INTEGER' }],
    result: BIGINT,
    meaning: 'Trixel of the Hierarchical Triangular Mesh that a position is in, at a level from 0 to 24.',
    postgresql: { refused: 'PostgreSQL has no HTM; ivo_healpix_index numbers pieces of the sky too.' },
  }),
  scisql({
    name: 'scisql_s2HtmLevel',
    parameters: [{ name: 'htmId', type: 'BIGINT' }],
    result: INTEGER,
    meaning: 'Level of a trixel of the Hierarchical Triangular Mesh.',
    postgresql: { refused: 'PostgreSQL has no HTM.' },
  }),
  areaTest(
    'scisql_s2PtInCircle',
    doubles('ra', 'dec', 'ra0', 'dec0', 'radius'),
    'in a circle',
    'CONTAINS(POINT(ra, dec), CIRCLE(ra0, dec0, radius))',
  ),
  areaTest(
    'scisql_s2PtInCPoly',
    doubles('ra', 'dec', 'l1', 'b1', 'l2', 'b2', 'l3', 'b3'),
    'in a convex polygon',
    'CONTAINS(POINT(ra, dec), POLYGON(l1, b1, l2, b2, l3, b3, …))',
    2,
  ),
  areaTest(
    'scisql_s2PtInBox',
    doubles('ra', 'dec', 'lonMin', 'latMin', 'lonMax', 'latMax'),
    'in a range of both coordinates',
    'ra BETWEEN lonMin AND lonMax AND dec BETWEEN latMin AND latMax',
  ),
  areaTest(
    'scisql_s2PtInEllipse',
    doubles('ra', 'dec', 'ra0', 'dec0', 'smaa', 'smia', 'pa'),
    'in an ellipse',
    'CONTAINS(POINT(ra, dec), CIRCLE(ra0, dec0, smaa / 3600.0)) or a POLYGON: ADQL has no ellipses',
  ),
]
