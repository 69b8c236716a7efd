import { isYamlMap, type YamlMap } from '../../yaml/values.ts'
import { DATATYPE_NAMES } from '../datatypes.ts'
import { below, type Path } from '../location.ts'
import type { ColumnOverrides, ColumnRef, ColumnRefs } from '../model.ts'
import { type Field, nested, type ObjectReader, objectReader } from '../read-object.ts'
import { boolean, exactText, integer, mapping, nullable, oneOf, text } from '../readers.ts'
import { INVALID, type Reader, type Reading, report } from '../reading.ts'
import { shaped, shapeOf } from '../shape.ts'

/** Overrides are not held to the ranges of the column's own fields. */
const OVERRIDES: { readonly [P in keyof ColumnOverrides]-?: Field<unknown> } = {
  datatype: {
    name: 'datatype',
    meaning: 'The datatype here.',
    read: nullable(oneOf(DATATYPE_NAMES)),
    initial: undefined,
  },
  length: { name: 'length', meaning: 'The length here.', read: nullable(integer()), initial: undefined },
  description: { name: 'description', meaning: 'The description here.', read: nullable(text), initial: undefined },
  nullable: { name: 'nullable', meaning: 'Whether it may be null here.', read: nullable(boolean), initial: undefined },
  principal: {
    name: 'tap_principal',
    meaning: 'Whether it is principal here.',
    alias: 'tap:principal',
    read: nullable(integer()),
    initial: undefined,
  },
  columnIndex: {
    name: 'tap_column_index',
    meaning: 'Its place among the columns here.',
    alias: 'tap:column_index',
    read: nullable(integer()),
    initial: undefined,
  },
}

/** Felis refuses null only under these keys; `tap:principal: null` goes through to the database. */
const NOT_NULL: ReadonlyMap<string, keyof ColumnOverrides> = new Map([
  ['datatype', 'datatype'],
  ['length', 'length'],
  ['nullable', 'nullable'],
  ['tap_principal', 'principal'],
] as const)

function refuseNulls(written: YamlMap, loc: Path, reading: Reading): null {
  const { errors } = reading
  for (const key of NOT_NULL.keys()) {
    if (written.get(key) !== null) continue
    const message = `The '${key}' field cannot be overridden to null`
    report(reading, {
      loc: below(loc, key),
      path: loc,
      code: 'override_null',
      message,
      notReportedByFelis: reading.errors > errors,
    })
  }
  return null
}

type AllOverrides = { readonly [P in keyof ColumnOverrides]-?: unknown } & { readonly origin: unknown }

const readAll = objectReader<AllOverrides>({
  noun: 'overrides',
  fields: OVERRIDES,
  unknownKeys: 'refused',
  derive: refuseNulls,
  rules: [],
})

const readOverrides = shaped<ObjectReader<ColumnOverrides>>((value, loc, reading) => {
  const all = readAll(value, loc, reading)
  if (all === INVALID) return INVALID
  const { origin: _, ...overrides } = all
  const refused = isYamlMap(value) ? [...NOT_NULL].filter(([key]) => value.get(key) === null) : []
  for (const [, property] of refused) delete overrides[property]
  return Object.fromEntries(Object.entries(overrides).filter(([, content]) => content !== undefined))
}, shapeOf(readAll))

const readRef = objectReader<ColumnRef>({
  noun: 'a column reference',
  fields: {
    refName: {
      name: 'ref_name',
      meaning: 'The name of the column there, where it has another one here.',
      read: nullable(exactText),
      initial: null,
    },
    overrides: {
      name: 'overrides',
      meaning: 'What is different here.',
      read: nullable(nested(readOverrides)),
      initial: null,
    },
  },
  unknownKeys: 'ignored',
  rules: [],
})

export const readColumnRefs: Reader<ColumnRefs> = mapping(mapping(mapping(nullable(nested(readRef)))))
