import type { GeometryStrategy } from '../adql/postgresql.ts'
import type { Datatype, ValueType } from '../adql/value-type.ts'
import type { RelationColumn } from './relations.ts'

const INTEGERS = ['smallint', 'integer', 'bigint'] as const
const REALS = ['real', 'double precision', 'numeric', ...INTEGERS]
/** What is text, or becomes text without a loss. */
const TEXTS = [
  'text',
  'character varying',
  'character',
  'name',
  '"char"',
  'citext',
  'uuid',
  'json',
  'jsonb',
  'xml',
  'inet',
  'cidr',
]

/** For each datatype, the types of PostgreSQL whose values it can hold; Felis makes double precision of float. */
const SCALARS: Readonly<Record<Datatype, readonly string[]>> = {
  boolean: ['boolean'],
  bit: ['bit', 'bit varying'],
  unsignedByte: ['smallint'],
  short: ['smallint'],
  int: ['smallint', 'integer'],
  long: INTEGERS,
  float: REALS,
  double: REALS,
  char: TEXTS,
  unicodeChar: TEXTS,
  floatComplex: ['real[]', 'double precision[]'],
  doubleComplex: ['real[]', 'double precision[]'],
}

const TIMES = ['timestamp without time zone', 'timestamp with time zone', 'date']

/** The types in which shapes are stored. */
const SHAPES: Readonly<
  Record<GeometryStrategy, Readonly<Record<'point' | 'circle' | 'polygon' | 'region', readonly string[]>>>
> = {
  portable: { point: [], circle: [], polygon: [], region: [] },
  pgsphere: {
    point: ['spoint'],
    circle: ['scircle'],
    polygon: ['spoly'],
    region: ['spoint', 'scircle', 'spoly', 'sbox'],
  },
  postgis: {
    point: ['geography', 'geometry'],
    circle: ['geography', 'geometry'],
    polygon: ['geography', 'geometry'],
    region: ['geography', 'geometry'],
  },
}

const COORDINATES = ['double precision[]', 'real[]']

/** Whether the values of a column of PostgreSQL are what TAP_SCHEMA says of them. */
export function fits(type: ValueType, { type: stored, isEnum }: RelationColumn, geometry: GeometryStrategy): boolean {
  const { kind, datatype } = type
  switch (kind) {
    case 'timestamp':
      return TIMES.includes(stored)
    case 'point':
    case 'circle':
    case 'polygon':
      return [...SHAPES[geometry][kind], ...(isText(datatype) ? TEXTS : COORDINATES)].includes(stored)
    case 'region':
      return [...SHAPES[geometry].region, ...TEXTS].includes(stored)
    case 'array':
      return arrayTypes(datatype).includes(stored)
    default:
      return SCALARS[datatype].includes(stored) || (isText(datatype) && isEnum)
  }
}

/** Arrays of texts, bits and bytes are one value of PostgreSQL; an array of complex numbers is one of numbers. */
function arrayTypes(datatype: Datatype): readonly string[] {
  if (datatype === 'unsignedByte') return ['bytea']
  const isWhole = isText(datatype) || datatype === 'bit' || datatype.endsWith('Complex')
  return isWhole ? SCALARS[datatype] : SCALARS[datatype].map((element) => `${element}[]`)
}

function isText(datatype: Datatype): boolean {
  return datatype === 'char' || datatype === 'unicodeChar'
}

/** How many characters TAP_SCHEMA says a text may have; null: any. */
export function declaredLength({ kind, arraysize }: ValueType): number | null {
  if (kind !== 'text') return null
  const [, length] = /^(\d+)\*?$/.exec(arraysize ?? '1') ?? []
  return length === undefined ? null : Number(length)
}
