import { nearMiss } from '../../near-miss.ts'
import { type Datatype, type Field, parseArraysize } from '../field.ts'
import { shown } from './cell-fault.ts'

const DATATYPES: readonly Datatype[] = [
  'boolean',
  'bit',
  'unsignedByte',
  'short',
  'int',
  'long',
  'char',
  'unicodeChar',
  'float',
  'double',
  'floatComplex',
  'doubleComplex',
]

/**
 * A column from the attributes of its FIELD (VOTable 1.4 §3.2, §4.1); a text: what is wrong with them. xtypes whose values
 * the datatype cannot hold are left out: then the column is what its datatype says.
 *
 * @param index from 0
 */
export function readField(attributes: Readonly<Record<string, string>>, index: number): Field | string {
  const name = given(attributes.name) ?? given(attributes.ID)
  if (name === undefined) return `FIELD ${index + 1} has no name`
  const { datatype } = attributes
  const called = `FIELD ${shown(name)}`
  if (datatype === undefined) return `${called} has no datatype`
  if (!isDatatype(datatype)) {
    const meant = nearMiss(datatype, DATATYPES)
    const hint = meant === undefined ? `there are ${DATATYPES.join(', ')}` : `did you mean ${meant}?`
    return `${called} has the unknown datatype ${shown(datatype)}: ${hint}`
  }
  const arraysize = given(attributes.arraysize)
  if (parseArraysize(arraysize) === null) {
    return `${called} has the arraysize ${shown(arraysize ?? '')}, expected 3, *, 10*, 2x3 or 2x*, of less than 2^24 elements`
  }
  return {
    name,
    ...typeOf(datatype, arraysize, given(attributes.xtype)),
    ...optional('unit', attributes.unit),
    ...optional('ucd', attributes.ucd),
    ...optional('utype', attributes.utype),
  }
}

/** The column as results show it: the text of a timestamp is as long as it has to be, however it came. */
export function publishedField(field: Field): Field {
  return field.xtype === 'timestamp' ? { ...field, datatype: 'char', arraysize: '*' } : field
}

function isDatatype(text: string): text is Datatype {
  return (DATATYPES as readonly string[]).includes(text)
}

function given(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text.trim()
}

function optional<Key extends string>(key: Key, text: string | undefined): { readonly [K in Key]?: string } {
  const value = given(text)
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]: string })
}

type FieldType = Pick<Field, 'datatype' | 'arraysize' | 'xtype'>

/** How many numbers the shapes of DALI have; 0: an even number of them. */
const SHAPES: Readonly<Record<string, number>> = { point: 2, circle: 3, polygon: 0 }

/** The xtypes of TAP 1.0 (`adql:…`) become those of DALI, but for shapes as text, which may be STC-S. */
function typeOf(datatype: Datatype, arraysize: string | undefined, xtype: string | undefined): FieldType {
  const isText = datatype === 'char' || datatype === 'unicodeChar'
  const plain = { datatype, ...(arraysize === undefined ? {} : { arraysize }) }
  const isOneText = isText && !arraysize?.includes('x')
  const known = xtype?.toLowerCase().replace(/^adql:/, '') ?? ''
  if (xtype === undefined) return plain
  if (known === 'timestamp') return isOneText ? { ...plain, xtype: 'timestamp' } : plain
  const numbers = SHAPES[known]
  if (numbers !== undefined && !isText) {
    const count = parseArraysize(arraysize)?.count
    const fits = numbers === 0 ? count === null || (count ?? 1) % 2 === 0 : count === numbers
    return (datatype === 'double' || datatype === 'float') && fits ? { ...plain, xtype: known } : plain
  }
  const isShape = numbers !== undefined || known === 'shape' || known === 'region'
  return isShape && !isOneText ? plain : { ...plain, xtype }
}
