import { BIGINT, commonType, DOUBLE, isNumber, NULL, TEXT, textLike, type ValueType } from '../value-type.ts'
import type { FunctionRow, Parameter, Signature, Typed } from './row.ts'

const VALUE: Parameter = { name: 'x', type: 'ANY' }
const NUMBER: Parameter = { name: 'x', type: 'NUMERIC' }
const STRING: Parameter = { name: 's', type: 'TEXT' }

function sameUnit(values: readonly Typed[]): string | undefined {
  return values[0]?.unit
}

/** The unit that all values have; NULL has any. */
export function unitOfAll(values: readonly Typed[]): string | undefined {
  const units = new Set(values.filter(({ type }) => type.kind !== 'null').map(({ unit }) => unit))
  return units.size === 1 ? [...units][0] : undefined
}

/** Text loses its length: MAX of CHAR(2) is text. */
function sameType([type = NULL]: readonly ValueType[]): ValueType {
  return type.kind === 'text' ? textLike([type]) : type
}

/** The type that takes the values of all these, which have been checked to have one. */
export function oneType(types: readonly ValueType[]): ValueType {
  return (types.every(isNumber) ? commonType(types) : commonType(types.map((type) => sameType([type])))) ?? TEXT
}

function sumType([type]: readonly ValueType[]): ValueType {
  return type?.kind === 'integer' ? BIGINT : DOUBLE
}

const CASE_SIGNATURE: Signature = { parameters: [STRING], returns: 'TEXT', result: textLike }
const EXTREME: Signature = { parameters: [VALUE], returns: 'same', result: sameType, unit: sameUnit }

export const STRING_FUNCTIONS: readonly FunctionRow[] = [
  {
    name: 'LOWER',
    group: 'string',
    signatures: [CASE_SIGNATURE],
    meaning: 'Text in lower case.',
    sql: { postgresql: (s) => `lower(${s})`, qserv: (s) => `LOWER(${s})` },
  },
  {
    name: 'UPPER',
    group: 'string',
    signatures: [CASE_SIGNATURE],
    meaning: 'Text in upper case.',
    sql: { postgresql: (s) => `upper(${s})`, qserv: (s) => `UPPER(${s})` },
  },
]

/** COUNT(*), DISTINCT and the casts that PostgreSQL's own result types ask for are the dialects' business. */
export const AGGREGATES: readonly FunctionRow[] = [
  {
    name: 'AVG',
    group: 'aggregate',
    signatures: [{ parameters: [NUMBER], returns: 'DOUBLE', result: DOUBLE, unit: sameUnit }],
    meaning: 'Mean of the values that are not NULL.',
    aggregate: true,
    sql: { postgresql: 'own', qserv: 'own' },
  },
  {
    name: 'COUNT',
    group: 'aggregate',
    signatures: [{ parameters: [VALUE], returns: 'BIGINT', result: BIGINT }],
    meaning: 'Number of values that are not NULL; COUNT(*): number of rows.',
    aggregate: true,
    sql: { postgresql: 'own', qserv: 'own' },
  },
  {
    name: 'MAX',
    group: 'aggregate',
    signatures: [EXTREME],
    meaning: 'Greatest value.',
    aggregate: true,
    sql: { postgresql: 'own', qserv: 'own' },
  },
  {
    name: 'MIN',
    group: 'aggregate',
    signatures: [EXTREME],
    meaning: 'Least value.',
    aggregate: true,
    sql: { postgresql: 'own', qserv: 'own' },
  },
  {
    name: 'SUM',
    group: 'aggregate',
    signatures: [{ parameters: [NUMBER], returns: 'BIGINT or DOUBLE', result: sumType, unit: sameUnit }],
    meaning: 'Sum of the values that are not NULL; NULL if there are none.',
    aggregate: true,
    sql: { postgresql: 'own', qserv: 'own' },
  },
]

export const GENERAL: readonly FunctionRow[] = [
  {
    name: 'COALESCE',
    group: 'conditional',
    signatures: [
      {
        parameters: [VALUE],
        repeats: 1,
        returns: 'same',
        result: oneType,
        unit: unitOfAll,
      },
    ],
    meaning: 'The first argument that is not NULL. All are of one type.',
    sql: {
      postgresql: (...values) => `coalesce(${values.join(', ')})`,
      qserv: (...values) => `COALESCE(${values.join(', ')})`,
    },
  },
  {
    name: 'IN_UNIT',
    group: 'unit',
    signatures: [
      {
        parameters: [
          { name: 'x', type: 'NUMERIC' },
          { name: 'unit', type: 'TEXT', literal: true },
        ],
        returns: 'DOUBLE',
        result: DOUBLE,
      },
    ],
    meaning: 'x in another unit (VOUnits). The unit of x must be known and measure the same.',
    sql: { postgresql: 'own', qserv: 'own' },
  },
]
