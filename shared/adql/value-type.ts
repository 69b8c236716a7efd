/** Primitive types of VOTable (VOTable 1.5 §2.1) that a TAP_SCHEMA column may have. */
export type Datatype =
  | 'boolean'
  | 'bit'
  | 'unsignedByte'
  | 'short'
  | 'int'
  | 'long'
  | 'char'
  | 'unicodeChar'
  | 'float'
  | 'double'
  | 'floatComplex'
  | 'doubleComplex'

/**
 * What can be done with a value. `region` is a shape of whatever kind (xtypes `shape`, `adql:REGION`); `null` is the
 * type of NULL itself; `array` and `other` (complex numbers, binaries) can be selected and tested for NULL, no more.
 */
export type ValueKind =
  | 'integer'
  | 'real'
  | 'text'
  | 'boolean'
  | 'timestamp'
  | 'point'
  | 'circle'
  | 'polygon'
  | 'region'
  | 'array'
  | 'other'
  | 'null'

/** Type of an expression or column, as FIELD and TAP_SCHEMA write it, with what it means. */
export interface ValueType {
  readonly kind: ValueKind
  readonly datatype: Datatype
  readonly arraysize?: string
  readonly xtype?: string
}

export const SHORT: ValueType = { kind: 'integer', datatype: 'short' }
export const INTEGER: ValueType = { kind: 'integer', datatype: 'int' }
export const BIGINT: ValueType = { kind: 'integer', datatype: 'long' }
export const REAL: ValueType = { kind: 'real', datatype: 'float' }
export const DOUBLE: ValueType = { kind: 'real', datatype: 'double' }
export const TEXT: ValueType = { kind: 'text', datatype: 'char', arraysize: '*' }
export const UNICODE_TEXT: ValueType = { kind: 'text', datatype: 'unicodeChar', arraysize: '*' }
export const TIMESTAMP: ValueType = { kind: 'timestamp', datatype: 'char', arraysize: '*', xtype: 'timestamp' }
export const BOOLEAN: ValueType = { kind: 'boolean', datatype: 'boolean' }
export const POINT: ValueType = { kind: 'point', datatype: 'double', arraysize: '2', xtype: 'point' }
export const CIRCLE: ValueType = { kind: 'circle', datatype: 'double', arraysize: '3', xtype: 'circle' }
export const POLYGON: ValueType = { kind: 'polygon', datatype: 'double', arraysize: '*', xtype: 'polygon' }
export const REGION: ValueType = { kind: 'region', datatype: 'char', arraysize: '*', xtype: 'shape' }
/** NULL alone; a FIELD has to be something, and text takes it. */
export const NULL: ValueType = { kind: 'null', datatype: 'char', arraysize: '*' }

/** Kinds by xtype, those of DALI and the older ones of TAP 1.0, in lower case. */
const KIND_OF_XTYPE: ReadonlyMap<string, ValueKind> = new Map([
  ['timestamp', 'timestamp'],
  ['adql:timestamp', 'timestamp'],
  ['point', 'point'],
  ['adql:point', 'point'],
  ['circle', 'circle'],
  ['adql:circle', 'circle'],
  ['polygon', 'polygon'],
  ['adql:polygon', 'polygon'],
  ['shape', 'region'],
  ['region', 'region'],
  ['adql:region', 'region'],
])

/** Those that DALI writes as numbers too; all others are text. */
const SHAPES_OF_NUMBERS: ReadonlySet<ValueKind> = new Set(['point', 'circle', 'polygon'])

const INTEGERS: ReadonlySet<Datatype> = new Set(['unsignedByte', 'short', 'int', 'long'])

/** The type of a column that TAP_SCHEMA describes by these three. */
export function valueTypeOf(datatype: Datatype, arraysize?: string | null, xtype?: string | null): ValueType {
  return {
    kind: kindOf(datatype, arraysize ?? undefined, xtype?.toLowerCase()),
    datatype,
    ...(arraysize == null ? {} : { arraysize }),
    ...(xtype == null ? {} : { xtype }),
  }
}

function kindOf(datatype: Datatype, arraysize: string | undefined, xtype: string | undefined): ValueKind {
  const isText = datatype === 'char' || datatype === 'unicodeChar'
  const known = KIND_OF_XTYPE.get(xtype ?? '')
  if (known !== undefined && (isText || (SHAPES_OF_NUMBERS.has(known) && isReal(datatype)))) return known
  if (isText) return arraysize?.includes('x') ? 'array' : 'text'
  if (arraysize !== undefined && arraysize !== '1') return 'array'
  if (INTEGERS.has(datatype)) return 'integer'
  if (isReal(datatype)) return 'real'
  return datatype === 'boolean' ? 'boolean' : 'other'
}

function isReal(datatype: Datatype): boolean {
  return datatype === 'float' || datatype === 'double'
}

/** A name for messages: `a number`, `text`, `a timestamp`. */
export const WORDS_FOR_KIND: Readonly<Record<ValueKind, string>> = {
  integer: 'an integer',
  real: 'a number',
  text: 'text',
  boolean: 'a boolean',
  timestamp: 'a timestamp',
  point: 'a point',
  circle: 'a circle',
  polygon: 'a polygon',
  region: 'a region',
  array: 'an array',
  other: 'a value of a type that ADQL does not know',
  null: 'NULL',
}

const GEOMETRIES: ReadonlySet<ValueKind> = new Set(['point', 'circle', 'polygon', 'region'])

export function isNumber(type: ValueType): boolean {
  return type.kind === 'integer' || type.kind === 'real'
}

export function isGeometry(type: ValueType): boolean {
  return GEOMETRIES.has(type.kind)
}

const ELEMENTS: ReadonlySet<Datatype> = new Set(['boolean', 'short', 'int', 'long', 'float', 'double'])

/** An array in one dimension of what are single values by themselves. */
export function isPlainArray({ kind, datatype, arraysize = '' }: ValueType): boolean {
  return kind === 'array' && ELEMENTS.has(datatype) && !arraysize.includes('x')
}

const WIDTH: Readonly<Partial<Record<Datatype, number>>> = {
  unsignedByte: 0,
  short: 1,
  int: 2,
  long: 3,
  float: 4,
  double: 5,
}

/**
 * The narrowest type that takes the values of all these; undefined if there is none. Integers wider than 16 bits and
 * a float have only double in common. NULL fits everything.
 */
export function commonType(types: readonly ValueType[]): ValueType | undefined {
  const known = types.filter((type) => type.kind !== 'null')
  const [first, ...others] = known
  if (first === undefined) return NULL
  return others.reduce<ValueType | undefined>((common, type) => common && commonOfTwo(common, type), first)
}

function commonOfTwo(a: ValueType, b: ValueType): ValueType | undefined {
  if (a.datatype === b.datatype && a.arraysize === b.arraysize && a.kind === b.kind) return a
  if (isNumber(a) && isNumber(b)) return commonNumber(a, b)
  if (a.kind === 'text' && b.kind === 'text') return textLike([a, b])
  if (a.kind === 'timestamp' && b.kind === 'timestamp') return TIMESTAMP
  return isGeometry(a) && isGeometry(b) ? REGION : undefined
}

function commonNumber(a: ValueType, b: ValueType): ValueType {
  const [narrow, wide] = (WIDTH[a.datatype] ?? 0) <= (WIDTH[b.datatype] ?? 0) ? [a, b] : [b, a]
  const exact = wide.datatype !== 'float' || narrow.datatype === 'short' || narrow.datatype === 'unsignedByte'
  return exact ? wide : DOUBLE
}

/** Text of any length, in unicodeChar where one of these is. */
export function textLike(types: readonly ValueType[]): ValueType {
  return types.some((type) => type.datatype === 'unicodeChar') ? UNICODE_TEXT : TEXT
}
