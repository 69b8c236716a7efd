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

type Group = 'mathematical' | 'trigonometrical'

/** Databases have most of them under ADQL's name; `sql` says what they have for the others. */
function row(
  group: Group,
  name: string,
  own: Signature,
  meaning: string,
  sql: { readonly postgresql?: SqlOfCall; readonly qserv?: SqlOfCall } = {},
): FunctionRow {
  const { postgresql = same(name.toLowerCase()), qserv = same(name) } = sql
  return { name, group, signatures: [own], meaning, sql: { postgresql, qserv } }
}

function mathematical(name: string, own: Signature, meaning: string, sql?: Parameters<typeof row>[4]): FunctionRow {
  return row('mathematical', name, own, meaning, sql)
}

export const MATHEMATICAL: readonly FunctionRow[] = [
  mathematical('ABS', signature([X], sameUnit), 'Absolute value.'),
  mathematical('CEILING', signature([X], sameUnit), 'Smallest integer that is not less than x.'),
  mathematical('DEGREES', signature([X], 'deg'), 'Radians to degrees.'),
  mathematical('EXP', signature([X]), 'Exponential function.'),
  mathematical('FLOOR', signature([X], sameUnit), 'Largest integer that is not greater than x.'),
  mathematical('LOG', signature([X]), 'Natural logarithm.', { postgresql: same('ln'), qserv: same('LN') }),
  mathematical('LOG10', signature([X]), 'Logarithm to base 10.', { postgresql: same('log') }),
  mathematical('MOD', signature([X, Y], sameUnit), 'Remainder of x / y, with the sign of x.', {
    postgresql: (x, y) => `mod((${x})::numeric, (${y})::numeric)::float8`,
  }),
  mathematical('PI', signature([]), 'The number π.'),
  mathematical('POWER', signature([X, Y]), 'x to the power of y.'),
  mathematical('RADIANS', signature([X], 'rad'), 'Degrees to radians.'),
  {
    ...mathematical(
      'RAND',
      signature([{ name: 'seed', type: 'DOUBLE' }], undefined, 1),
      'A random number from 0 to 1, another one in each row. A seed may be given and has no effect.',
      { postgresql: () => 'random()', qserv: () => 'RAND()' },
    ),
    volatile: true,
  },
  mathematical(
    'ROUND',
    signature([X, DIGITS], sameUnit, 1),
    'x rounded to n decimal places (none if n is left out); n may be negative. Halves are rounded away from zero.',
    { postgresql: toDigits('round'), qserv: (x, digits = '0') => `ROUND(${x}, ${digits})` },
  ),
  mathematical('SQRT', signature([X]), 'Square root.'),
  mathematical(
    'TRUNCATE',
    signature([X, DIGITS], sameUnit, 1),
    'x cut to n decimal places (none if n is left out); n may be negative.',
    { postgresql: toDigits('trunc'), qserv: (x, digits = '0') => `TRUNCATE(${x}, ${digits})` },
  ),
]

function trigonometrical(name: string, parameters: readonly Parameter[], meaning: string, unit?: string): FunctionRow {
  return row('trigonometrical', name, signature(parameters, unit), meaning)
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
