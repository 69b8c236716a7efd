export type Datatype =
  | 'boolean'
  | 'byte'
  | 'short'
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'char'
  | 'string'
  | 'unicode'
  | 'text'
  | 'binary'
  | 'timestamp'

export interface DatatypeRules {
  /** The VOTable datatype, as TAP_SCHEMA.columns.datatype holds it (VOTable 1.4 §2.1). */
  readonly votable: string
  /** Whether a column of this type must say its length. */
  readonly sized: boolean
  /** What an automatic arraysize is made of, for a length above 1: a fixed size, an upper bound, or nothing. */
  readonly arraysize: 'fixed' | 'bounded' | null
  /** The automatic arraysize without a length above 1. */
  readonly lengthless: '*' | null
  /** What kind of default value a column may have; null: anything. */
  readonly value: 'boolean' | 'integer' | 'decimal' | 'text' | null
}

function rules(
  votable: string,
  value: DatatypeRules['value'],
  size: Partial<Omit<DatatypeRules, 'votable' | 'value'>> = {},
): DatatypeRules {
  return { votable, value, sized: false, arraysize: null, lengthless: null, ...size }
}

/** Felis's datatypes: one row of this table is all that is known about one. */
export const DATATYPES: { readonly [name in Datatype]: DatatypeRules } = {
  boolean: rules('boolean', 'boolean'),
  byte: rules('unsignedByte', 'integer'),
  short: rules('short', 'integer'),
  int: rules('int', 'integer'),
  long: rules('long', 'integer'),
  float: rules('float', 'decimal'),
  double: rules('double', 'decimal'),
  char: rules('char', 'text', { sized: true, arraysize: 'fixed' }),
  string: rules('char', 'text', { sized: true, arraysize: 'bounded' }),
  unicode: rules('unicodeChar', 'text', { sized: true, arraysize: 'bounded' }),
  text: rules('char', 'text', { lengthless: '*' }),
  binary: rules('unsignedByte', null, { sized: true, arraysize: 'bounded' }),
  timestamp: rules('char', null, { lengthless: '*' }),
}

export const DATATYPE_NAMES = Object.keys(DATATYPES) as readonly Datatype[]

export function isDatatype(name: unknown): name is Datatype {
  return typeof name === 'string' && Object.hasOwn(DATATYPES, name)
}
