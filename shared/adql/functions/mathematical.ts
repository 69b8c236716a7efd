import { DOUBLE } from '../value-type.ts'
import type { FunctionRow, Parameter, Signature, SqlOfCall, Typed } from './row.ts'

const X: Parameter = { name: 'x', type: 'DOUBLE' }
const Y: Parameter = { name: 'y', type: 'DOUBLE' }
const DIGITS: Parameter = { name: 'n', type: 'INTEGER' }

/** The functions of ADQL 2.1 table 1 and 2: all give doubles. */
function signature(parameters: readonly Parameter[], unit?: Signature['unit'], optional?: number): Signature {
  return {
    parameters,
    returns: 'DOUBLE',
    result: DOUBLE,
    ...(unit === undefined ? {} : { unit }),
    ...(optional === undefined ? {} : { optional }),
  }
}

function sameUnit(values: readonly Typed[]): string | undefined {
  return values[0]?.unit
}

function same(name: string): SqlOfCall {
  return (...values) => `${name}(${values.join(', ')})`
}

/** PostgreSQL has ROUND and TRUNC to digits for numerics only; one digit path for both keeps ROUND(x) = ROUND(x, 0). */
function toDigits(name: string): SqlOfCall {
  return (x, digits = '0') => `${name}((${x})::numeric, ${digits})::float8`
}

export const MATHEMATICAL: readonly FunctionRow[] = [
  {
    name: 'ABS',
    group: 'mathematical',
    signatures: [signature([X], sameUnit)],
    meaning: 'Absolute value.',
    sql: { postgresql: same('abs'), qserv: same('ABS') },
  },
  {
    name: 'CEILING',
    group: 'mathematical',
    signatures: [signature([X], sameUnit)],
    meaning: 'Smallest integer that is not less than x.',
    sql: { postgresql: same('ceil'), qserv: same('CEILING') },
  },
  {
    name: 'DEGREES',
    group: 'mathematical',
    signatures: [signature([X], 'deg')],
    meaning: 'Radians to degrees.',
    sql: { postgresql: same('degrees'), qserv: same('DEGREES') },
  },
  {
    name: 'EXP',
    group: 'mathematical',
    signatures: [signature([X])],
    meaning: 'Exponential function.',
    sql: { postgresql: same('exp'), qserv: same('EXP') },
  },
  {
    name: 'FLOOR',
    group: 'mathematical',
    signatures: [signature([X], sameUnit)],
    meaning: 'Largest integer that is not greater than x.',
    sql: { postgresql: same('floor'), qserv: same('FLOOR') },
  },
  {
    name: 'LOG',
    group: 'mathematical',
    signatures: [signature([X])],
    meaning: 'Natural logarithm.',
    sql: { postgresql: same('ln'), qserv: same('LN') },
  },
  {
    name: 'LOG10',
    group: 'mathematical',
    signatures: [signature([X])],
    meaning: 'Logarithm to base 10.',
    sql: { postgresql: same('log'), qserv: same('LOG10') },
  },
  {
    name: 'MOD',
    group: 'mathematical',
    signatures: [signature([X, Y], sameUnit)],
    meaning: 'Remainder of x / y, with the sign of x.',
    sql: { postgresql: (x, y) => `mod((${x})::numeric, (${y})::numeric)::float8`, qserv: same('MOD') },
  },
  {
    name: 'PI',
    group: 'mathematical',
    signatures: [signature([])],
    meaning: 'The number π.',
    sql: { postgresql: same('pi'), qserv: same('PI') },
  },
  {
    name: 'POWER',
    group: 'mathematical',
    signatures: [signature([X, Y])],
    meaning: 'x to the power of y.',
    sql: { postgresql: same('power'), qserv: same('POWER') },
  },
  {
    name: 'RADIANS',
    group: 'mathematical',
    signatures: [signature([X], 'rad')],
    meaning: 'Degrees to radians.',
    sql: { postgresql: same('radians'), qserv: same('RADIANS') },
  },
  {
    name: 'RAND',
    group: 'mathematical',
    signatures: [signature([{ name: 'seed', type: 'DOUBLE' }], undefined, 1)],
    meaning: 'A random number from 0 to 1, another one in each row. A seed may be given and has no effect.',
    volatile: true,
    sql: { postgresql: () => 'random()', qserv: () => 'RAND()' },
  },
  {
    name: 'ROUND',
    group: 'mathematical',
    signatures: [signature([X, DIGITS], sameUnit, 1)],
    meaning:
      'x rounded to n decimal places (none if n is left out); n may be negative. Halves are rounded away from zero.',
    sql: { postgresql: toDigits('round'), qserv: (x, digits = '0') => `ROUND(${x}, ${digits})` },
  },
  {
    name: 'SQRT',
    group: 'mathematical',
    signatures: [signature([X])],
    meaning: 'Square root.',
    sql: { postgresql: same('sqrt'), qserv: same('SQRT') },
  },
  {
    name: 'TRUNCATE',
    group: 'mathematical',
    signatures: [signature([X, DIGITS], sameUnit, 1)],
    meaning: 'x cut to n decimal places (none if n is left out); n may be negative.',
    sql: { postgresql: toDigits('trunc'), qserv: (x, digits = '0') => `TRUNCATE(${x}, ${digits})` },
  },
]

function trigonometrical(name: string, parameters: readonly Parameter[], meaning: string, unit?: string): FunctionRow {
  return {
    name,
    group: 'trigonometrical',
    signatures: [signature(parameters, unit)],
    meaning,
    sql: { postgresql: same(name.toLowerCase()), qserv: same(name) },
  }
}

export const TRIGONOMETRICAL: readonly FunctionRow[] = [
  trigonometrical('ACOS', [X], 'Arc cosine, in radians from 0 to π.', 'rad'),
  trigonometrical('ASIN', [X], 'Arc sine, in radians from -π/2 to π/2.', 'rad'),
  trigonometrical('ATAN', [X], 'Arc tangent, in radians from -π/2 to π/2.', 'rad'),
  trigonometrical('ATAN2', [Y, X], 'Arc tangent of y/x in its quadrant, in radians from -π to π.', 'rad'),
  trigonometrical('COS', [X], 'Cosine of an angle in radians.'),
  trigonometrical('COT', [X], 'Cotangent of an angle in radians.'),
  trigonometrical('SIN', [X], 'Sine of an angle in radians.'),
  trigonometrical('TAN', [X], 'Tangent of an angle in radians.'),
]
