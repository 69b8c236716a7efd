import fc from 'fast-check'
import type { Field } from '../../shared/votable/field.ts'
import type { PgType, PgValue } from './copy-binary.ts'
import type { Element, Value } from './read-votable.ts'

/** A sort of column: its FIELD without a name, the type that PostgreSQL has for it, and values that it may have. */
export interface ColumnSort {
  readonly field: Omit<Field, 'name'>
  readonly type: PgType
  readonly values: fc.Arbitrary<Exclude<PgValue, null>>
}

/** PostgreSQL's texts have all characters but U+0000. */
const text = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({
      unit: fc.constantFrom('\t', '\n', '\r', '"', ',', '\\', '<', '&', ']]>', ' ', 'a', 'ä', '🔭', '\uffff'),
    }),
    fc.constantFrom('', ' ', 'x'.repeat(1000), '\u0001', 'ä'.repeat(50)),
  )
  .map((value) => value.replaceAll('\0', ''))
const short = fc.integer({ min: -0x8000, max: 0x7fff })
const int = fc.integer({ min: -0x80000000, max: 0x7fffffff })
const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const float = fc.oneof(fc.float(), fc.float({ min: Math.fround(-1000), max: 1000 }), fc.integer().map(Math.fround))
const double = fc.oneof(fc.double(), fc.double({ min: -1000, max: 1000 }), fc.integer())
const bits = fc.string({ unit: fc.constantFrom('0', '1'), maxLength: 20 })
const some = (element: fc.Arbitrary<PgValue>, size?: number) =>
  fc.array(element, size === undefined ? { maxLength: 6 } : { minLength: size, maxLength: size })
const orNull = (element: fc.Arbitrary<PgValue>) => fc.option(element, { freq: 5 })

const sort = (
  datatype: Field['datatype'],
  arraysize: string | undefined,
  type: PgType,
  values: fc.Arbitrary<PgValue>,
): ColumnSort => ({
  field: { datatype, ...(arraysize === undefined ? {} : { arraysize }) },
  type,
  values: values as fc.Arbitrary<Exclude<PgValue, null>>,
})

export const COLUMN_SORTS: readonly ColumnSort[] = [
  sort('boolean', undefined, 'bool', fc.boolean()),
  sort('unsignedByte', undefined, 'int2', fc.integer({ min: 0, max: 255 })),
  sort('short', undefined, 'int2', short),
  sort('int', undefined, 'int4', int),
  sort('int', '1', 'int4', int),
  sort('long', undefined, 'int8', long),
  sort('float', undefined, 'float4', float),
  sort('double', undefined, 'float8', double),
  sort('char', '*', 'text', text),
  sort('char', '80*', 'text', text),
  sort('unicodeChar', '*', 'text', text),
  sort('bit', '*', 'varbit', bits),
  sort('bit', '5', 'varbit', fc.string({ unit: fc.constantFrom('0', '1'), minLength: 5, maxLength: 5 })),
  sort('unsignedByte', '*', 'bytea', fc.uint8Array({ maxLength: 100 })),
  sort('unsignedByte', '3', 'bytea', fc.uint8Array({ minLength: 3, maxLength: 3 })),
  sort('boolean', '*', 'bool[]', some(orNull(fc.boolean()))),
  sort('boolean', '2', 'bool[]', some(orNull(fc.boolean()), 2)),
  sort('short', '*', 'int2[]', some(orNull(short))),
  sort('int', '10*', 'int4[]', some(orNull(int))),
  sort('long', '*', 'int8[]', some(orNull(long))),
  sort('float', '2', 'float4[]', some(orNull(float), 2)),
  sort('double', '*', 'float8[]', some(orNull(double))),
  sort('double', '2x3', 'float8[]', some(some(double, 2), 3)),
  sort('double', '2x*', 'float8[]', fc.array(some(double, 2), { maxLength: 4 })),
  sort('floatComplex', undefined, 'float4[]', some(float, 2)),
  sort('doubleComplex', '*', 'float8[]', fc.array(some(double, 2), { maxLength: 4 })),
]

export interface TestTable {
  readonly fields: readonly Field[]
  readonly types: readonly PgType[]
  readonly rows: readonly (readonly PgValue[])[]
}

/** Tables of a few of these columns, with NULL anywhere. */
export const anyTable: fc.Arbitrary<TestTable> = fc
  .array(fc.constantFrom(...COLUMN_SORTS), { minLength: 1, maxLength: 12 })
  .chain((sorts) =>
    fc.record({
      fields: fc.constant(sorts.map(({ field }, index) => ({ name: `c${index}`, ...field }))),
      types: fc.constant(sorts.map(({ type }) => type)),
      rows: fc.array(fc.tuple(...sorts.map(({ values }) => fc.option(values as fc.Arbitrary<PgValue>))), {
        maxLength: 8,
      }),
    }),
  )

const NULL_ELEMENTS: Readonly<Record<string, Element>> = {
  boolean: null,
  short: -0x8000,
  int: -0x80000000,
  long: -(2n ** 63n),
}

/** A value as a reader of VOTables has it; with `nullElements`, NULL stays NULL inside arrays. */
export function readerValue({ datatype }: Field, value: PgValue, nullElements = false): Value {
  if (value === null || typeof value === 'string') return value
  if (value instanceof Uint8Array) return Array.from(value)
  if (!Array.isArray(value)) return value as Element
  const nullElement = nullElements ? null : NULL_ELEMENTS[datatype] === undefined ? Number.NaN : NULL_ELEMENTS[datatype]
  return value.flat(2).map((element) => (element === null ? nullElement : element) as Element)
}
