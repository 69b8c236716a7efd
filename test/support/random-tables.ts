import fc from 'fast-check'
import type { Field } from '../../shared/votable/field.ts'
import { copyBinary, type PgType, type PgValue } from './copy-binary.ts'

/** Characters that an XML document may hold, or an upload: no NUL, no half of a pair. */
const text = fc
  .string({ unit: 'binary', maxLength: 12 })
  .map((found) => found.replace(/[^\t\n\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, 'é'))
export const someText = text.filter((found) => found !== '')
const float = fc.float({ noDefaultInfinity: false })
const double = fc.double()
const short = fc.integer({ min: -32767, max: 32767 })
const int = fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 })
const long = fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n })
const nullable = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })

export interface Kind {
  readonly field: Omit<Field, 'name'>
  readonly type: PgType
  readonly value: fc.Arbitrary<PgValue>
}

const many = (value: fc.Arbitrary<PgValue>, minLength = 1) => fc.array(value, { minLength, maxLength: 5 })
const fixed = (value: fc.Arbitrary<PgValue>, length: number) =>
  fc.array(value, { minLength: length, maxLength: length })

export const KINDS: readonly Kind[] = [
  { field: { datatype: 'boolean' }, type: 'bool', value: fc.boolean() },
  { field: { datatype: 'unsignedByte' }, type: 'int2', value: fc.integer({ min: 0, max: 255 }) },
  { field: { datatype: 'short' }, type: 'int2', value: fc.integer({ min: -32768, max: 32767 }) },
  { field: { datatype: 'int' }, type: 'int4', value: fc.integer() },
  { field: { datatype: 'long' }, type: 'int8', value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) },
  { field: { datatype: 'float' }, type: 'float4', value: float },
  { field: { datatype: 'double' }, type: 'float8', value: double },
  { field: { datatype: 'char', arraysize: '*' }, type: 'text', value: someText },
  { field: { datatype: 'unicodeChar', arraysize: '*' }, type: 'text', value: someText },
  { field: { datatype: 'unicodeChar', arraysize: '40' }, type: 'text', value: someText },
  { field: { datatype: 'char', arraysize: '60' }, type: 'text', value: someText },
  { field: { datatype: 'bit', arraysize: '*' }, type: 'varbit', value: fc.stringMatching(/^[01]{1,20}$/) },
  {
    field: { datatype: 'unsignedByte', arraysize: '*' },
    type: 'bytea',
    value: fc.uint8Array({ minLength: 1, maxLength: 9 }),
  },
  { field: { datatype: 'boolean', arraysize: '*' }, type: 'bool[]', value: many(nullable(fc.boolean())) },
  { field: { datatype: 'short', arraysize: '3' }, type: 'int2[]', value: fixed(nullable(short), 3) },
  { field: { datatype: 'int', arraysize: '*' }, type: 'int4[]', value: many(nullable(int)) },
  { field: { datatype: 'long', arraysize: '2x2' }, type: 'int8[]', value: fixed(nullable(long), 4) },
  { field: { datatype: 'float', arraysize: '2x*' }, type: 'float4[]', value: fixed(float, 6) },
  { field: { datatype: 'double', arraysize: '5*' }, type: 'float8[]', value: many(double) },
  { field: { datatype: 'floatComplex' }, type: 'float4[]', value: fixed(float, 2) },
  { field: { datatype: 'doubleComplex', arraysize: '*' }, type: 'float8[]', value: fixed(double, 4) },
  { field: { datatype: 'double', arraysize: '2', xtype: 'point' }, type: 'float8[]', value: fixed(double, 2) },
  { field: { datatype: 'double', arraysize: '3', xtype: 'circle' }, type: 'float8[]', value: fixed(double, 3) },
  { field: { datatype: 'double', arraysize: '*', xtype: 'polygon' }, type: 'float8[]', value: fixed(double, 8) },
  { field: { datatype: 'double', arraysize: '2', xtype: 'interval' }, type: 'float8[]', value: fixed(double, 2) },
]

export interface Table {
  readonly fields: readonly Field[]
  readonly bytes: Buffer
}

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 10 })
  .filter((found) => found.trim() === found && found !== '')

/** Tables of columns of these kinds, in the bytes of COPY, with NULLs. */
export function tables(kinds: readonly Kind[], value = (kind: Kind) => nullable(kind.value)): fc.Arbitrary<Table> {
  return fc.uniqueArray(fc.constantFrom(...kinds), { minLength: 1, maxLength: kinds.length }).chain((chosen) => {
    const rows = fc.array(fc.tuple(...chosen.map(value)), { maxLength: 4 })
    const names = fc.array(name, { minLength: chosen.length, maxLength: chosen.length })
    return fc.tuple(names, rows).map(([named, found]) => ({
      fields: chosen.map(({ field }, index) => ({
        name: named[index]!,
        ...field,
        unit: 'deg/s',
        ucd: 'pos.eq;meta.main',
        utype: 'a<b:c',
        description: 'x & y',
      })),
      bytes: copyBinary(
        chosen.map(({ type }) => type),
        found,
      ),
    }))
  })
}
