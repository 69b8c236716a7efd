/** Primitive types of VOTable (VOTable 1.4 §2.1). */
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

/** A column as FIELD describes it (VOTable 1.4 §3.2, §4.1). */
export interface Field {
  readonly name: string
  readonly datatype: Datatype
  readonly arraysize?: string
  readonly xtype?: string
  readonly unit?: string
  readonly ucd?: string
  readonly utype?: string
  readonly description?: string
  /** The XML ID, by which GROUPs and PARAMs refer to the column; unique in the document. */
  readonly id?: string
}

/** How many elements each cell of a column has. */
export interface ArrayShape {
  /** The number of elements of every cell; null where it differs from cell to cell. */
  readonly count: number | null
  /** Where the number differs, it is a multiple of this: the product of the dimensions that are fixed. */
  readonly multiple: number
}

const SCALAR: ArrayShape = { count: 1, multiple: 1 }

/** The most elements that every cell of a column may have, NULL too. */
const MAX_COUNT = 2 ** 24

/** What an arraysize says (VOTable 1.4 §2.2): `3`, `*`, `10*`, `2x3`, `2x*`; null: it is not one. */
export function parseArraysize(arraysize: string | undefined): ArrayShape | null {
  if (arraysize === undefined) return SCALAR
  const match = /^((?:[1-9][0-9]*x)*)(?:([1-9][0-9]*)|[1-9][0-9]*\*|\*)$/.exec(arraysize)
  if (match === null) return null
  const [, fixed = '', last] = match
  const multiple = fixed.split('x').reduce((product, size) => product * Number(size || 1), 1)
  const count = last === undefined ? null : multiple * Number(last)
  return (count ?? multiple) > MAX_COUNT ? null : { count, multiple }
}
