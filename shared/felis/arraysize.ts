import { describeValue, writeFloat, YamlFloat, type YamlMap, type YamlValue } from '../yaml/values.ts'
import { DATATYPES, isDatatype } from './datatypes.ts'
import { below, type Path } from './location.ts'
import { type Reading, report } from './reading.ts'

/**
 * The arraysize that a column as it was written gets (VOTable 1.4 §2.2): one made from datatype and length where none
 * is given, text where an integer is given; undefined: nothing changes.
 */
export function deriveArraysize(written: YamlMap, loc: Path, reading: Reading): string | undefined {
  const datatype = written.get('datatype')
  if ((written.get('name') ?? null) === null || (datatype ?? null) === null) return undefined
  const given = written.get('votable:arraysize') ?? null
  if (given !== null) return isInteger(given) ? writeInteger(given, loc, reading) : undefined
  const length = written.get('length') ?? null
  if (typeof length === 'string' && length !== '') {
    // Felis itself stops with a traceback here, although the field would take '7' for 7.
    const message = `expected an integer, found ${describeValue(length)}; write it without quotes`
    report(reading, { loc: below(loc, 'length'), code: 'int_type', message })
    return undefined
  }
  return isDatatype(datatype)
    ? automaticArraysize(DATATYPES[datatype], length, reading.context.unboundedArraysize)
    : undefined
}

/** The arraysize of a column that gives none: from its datatype and length. */
export function automaticArraysize(
  rules: (typeof DATATYPES)[keyof typeof DATATYPES],
  length: YamlValue,
  unbounded: boolean,
): string | undefined {
  const number = length instanceof YamlFloat ? length.value : Number(isInteger(length) ? length : 0)
  if (!(number > 1)) return rules.lengthless ?? undefined
  if (rules.arraysize === null) return undefined
  const size = length instanceof YamlFloat ? writeFloat(length.value) : String(length)
  if (rules.arraysize === 'fixed') return size
  return unbounded ? '*' : `${size}*`
}

function isInteger(value: YamlValue): value is number | bigint | boolean {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
}

/** Python's booleans are integers, too: `true` becomes `True`. */
function writeInteger(value: number | bigint | boolean, loc: Path, reading: Reading): string {
  const written = typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value)
  report(reading, {
    loc: below(loc, 'votable:arraysize'),
    code: 'arraysize_not_text',
    severity: 'warning',
    message: isVotableShape(written) ? `arraysize is text; write '${written}' in quotes` : 'arraysize is text',
  })
  return written
}

/** VOTable 1.4 §2.2: numbers joined by x, of which the last may be followed by *, or be * alone. */
export function isVotableShape(arraysize: string): boolean {
  return /^(?:\d+x)*(?:\d+\*?|\*)$/.test(arraysize)
}
