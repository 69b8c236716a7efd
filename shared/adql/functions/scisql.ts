import { DOUBLE, INTEGER } from '../value-type.ts'
import type { FunctionRow, Parameter, SqlRule } from './row.ts'

function doubles(...names: readonly string[]): Parameter[] {
  return names.map((name) => ({ name, type: 'DOUBLE' }))
}

interface Scisql {
  readonly name: string
  readonly parameters: readonly Parameter[]
  readonly meaning: string
  readonly unit?: string
  readonly postgresql: SqlRule
}

/** A function of Qserv's scisql library, called there by its own name, which Qserv compares with case. */
function scisql({ name, parameters, meaning, unit, postgresql }: Scisql): FunctionRow {
  return {
    name,
    group: 'udf',
    signatures: [{ parameters, returns: 'DOUBLE', result: DOUBLE, ...(unit === undefined ? {} : { unit }) }],
    meaning,
    sql: { postgresql, qserv: (...values) => `${name}(${values.join(', ')})` },
  }
}

/** Where the logarithm of a flux is asked for, that of none or less is NULL. */
function magnitude(zeroPoint: string): SqlRule {
  return (flux) => `case when ${flux} > 0 then -2.5 * log(${flux}) ${zeroPoint} end`
}

const SIGMA: SqlRule = (flux, sigma) => `case when ${flux} > 0 then 2.5 / ln(10::float8) * ${sigma} / ${flux} end`

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
  {
    name: 'scisql_s2PtInCircle',
    group: 'udf',
    signatures: [{ parameters: doubles('ra', 'dec', 'ra0', 'dec0', 'radius'), returns: 'INTEGER', result: INTEGER }],
    meaning: '1 if a position is in a circle, else 0. CONTAINS does the same on every service.',
    sql: {
      postgresql: { refused: 'Write CONTAINS(POINT(ra, dec), CIRCLE(ra0, dec0, radius)).' },
      qserv: {
        refused:
          'Write CONTAINS(POINT(ra, dec), CIRCLE(ra0, dec0, radius)): Qserv misreads this function in some places.',
      },
    },
  },
]
