import { describeValue, YamlFloat, type YamlMap, type YamlValue } from '../../yaml/values.ts'
import { deriveArraysize } from '../arraysize.ts'
import { DATATYPE_NAMES, DATATYPES, isDatatype } from '../datatypes.ts'
import { below, type Path } from '../location.ts'
import type { Column, DefaultValue } from '../model.ts'
import { type Fields, type Finding, objectReader, type Rule } from '../read-object.ts'
import { boolean, integer, notText, nullable, oneOf, refuseAll, text, toInteger, trim } from '../readers.ts'
import { type Reader, type Reading, report } from '../reading.ts'
import { checkRedundantType } from '../redundant-types/check-redundant-type.ts'
import { shaped, shapeOf } from '../shape.ts'
import { checkUnit } from '../units/check-unit.ts'
import { BASE_FIELDS, BASE_RULES } from './base.ts'
import { ucd } from './ucd.ts'

const flag = nullable(integer({ least: 0, most: 1 }))
const optionalText = nullable(text)

/** Text, or an integer, of which Felis makes text; 0 and false come to nothing there. */
const arraysize = shaped<Reader<string>>(
  (value, parent, key, reading) => {
    if (typeof value === 'string') return text(value, parent, key, reading)
    const number = typeof value === 'bigint' ? value : toInteger(value)
    if (typeof number !== 'object') return number === 0 ? '' : String(number)
    return refuseAll(reading, parent, key, [{ name: 'int', ...number }, notText(value)])
  },
  { kind: 'either', of: [shapeOf(text), shapeOf(integer())] },
)

const defaultValue = shaped<Reader<DefaultValue>>(
  (value, parent, key, reading) => {
    if (typeof value === 'string') return text(value, parent, key, reading)
    if (value === null || value instanceof YamlFloat || typeof value !== 'object') return value
    const found = describeValue(value)
    return refuseAll(reading, parent, key, [
      notText(value),
      { name: 'int', code: 'int_type', message: `expected an integer, found ${found}` },
      { name: 'float', code: 'float_type', message: `expected a number, found ${found}` },
      { name: 'bool', code: 'bool_type', message: `expected true or false, found ${found}` },
    ])
  },
  { kind: 'nullable', of: { kind: 'scalar' } },
)

const FIELDS: Fields<Column> = {
  ...BASE_FIELDS,
  datatype: { name: 'datatype', meaning: 'The type of its values.', tap: 'datatype', read: oneOf(DATATYPE_NAMES) },
  length: {
    name: 'length',
    meaning: 'How many characters or bytes a value may have; for the sized datatypes, which cannot be without.',
    read: nullable(integer({ above: 0 })),
    initial: null,
  },
  precision: {
    name: 'precision',
    meaning: 'How many digits of a second a timestamp has.',
    read: nullable(integer({ least: 0 })),
    initial: null,
  },
  nullable: { name: 'nullable', meaning: 'Whether it may be null.', read: boolean, initial: true },
  value: { name: 'value', meaning: 'The default value.', read: defaultValue, initial: null },
  autoincrement: {
    name: 'autoincrement',
    meaning: 'Whether the database counts it up by itself.',
    read: nullable(boolean),
    initial: null,
  },
  ucd: {
    name: 'ivoa_ucd',
    meaning: 'What kind of quantity it is, in words of UCD1+ 1.6.',
    tap: 'ucd',
    alias: 'ivoa:ucd',
    read: nullable(ucd),
    initial: null,
  },
  fitsUnit: {
    name: 'fits_tunit',
    meaning: 'The unit, if there is no ivoa:unit.',
    tap: 'unit',
    alias: 'fits:tunit',
    read: optionalText,
    initial: null,
  },
  ivoaUnit: {
    name: 'ivoa_unit',
    meaning: 'The unit of its values.',
    tap: 'unit',
    alias: 'ivoa:unit',
    read: optionalText,
    initial: null,
  },
  columnIndex: {
    name: 'tap_column_index',
    meaning: 'The place of the column among those of its table, for display.',
    tap: 'column_index',
    alias: 'tap:column_index',
    read: nullable(integer()),
    initial: null,
  },
  principal: {
    name: 'tap_principal',
    meaning: '1: it belongs to the columns that matter most, which clients show first.',
    tap: 'principal',
    alias: 'tap:principal',
    read: flag,
    initial: 0,
  },
  std: {
    name: 'tap_std',
    meaning: '1: it is defined by a standard of the IVOA.',
    tap: 'std',
    alias: 'tap:std',
    read: flag,
    initial: 0,
  },
  arraysize: {
    name: 'votable_arraysize',
    meaning:
      "How many characters or values a value has: '8', at most '8*', any number '*'. Worked out from datatype and length where it is not written.",
    tap: 'arraysize',
    alias: 'votable:arraysize',
    read: nullable(arraysize),
    initial: null,
  },
  xtype: {
    name: 'votable_xtype',
    meaning: 'What the values stand for beyond their datatype; timestamp for timestamps.',
    tap: 'xtype',
    alias: 'votable:xtype',
    read: optionalText,
    initial: null,
  },
  votableDatatype: {
    name: 'votable_datatype',
    meaning: 'Ignored: the datatype decides.',
    alias: 'votable:datatype',
    read: optionalText,
    initial: null,
  },
  mysqlDatatype: {
    name: 'mysql_datatype',
    meaning: 'The type in MySQL, where it is not the usual one of the datatype.',
    alias: 'mysql:datatype',
    read: optionalText,
    initial: null,
  },
  postgresqlDatatype: {
    name: 'postgresql_datatype',
    meaning: 'The type in PostgreSQL, where it is not the usual one of the datatype.',
    alias: 'postgresql:datatype',
    read: optionalText,
    initial: null,
  },
}

/** What a default value of each kind must be, and what Felis says when it is not. */
const VALUE_KINDS = {
  boolean: {
    holds: (value: DefaultValue) => typeof value === 'boolean',
    message: 'Default value must be a boolean for boolean columns',
  },
  integer: {
    holds: (value: DefaultValue) =>
      typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean',
    message: 'Default value must be an int for integer type columns',
  },
  decimal: {
    holds: (value: DefaultValue) => value instanceof YamlFloat,
    message: 'Default value must be a decimal number for float and double columns',
  },
  text: {
    holds: (value: DefaultValue) => typeof value === 'string',
    message: 'Default value must be a string for string columns',
  },
} as const

const RULES: readonly Rule<Column>[] = [
  ...BASE_RULES,
  { find: findWrongValue },
  {
    find: ({ fitsUnit, ivoaUnit }) =>
      fitsUnit && ivoaUnit
        ? [{ key: 'ivoa:unit', code: 'two_units', message: 'Column cannot have both FITS and IVOA units' }]
        : [],
  },
  { find: findWrongUnit },
  {
    find: ({ precision, datatype }) =>
      precision !== null && datatype !== 'timestamp'
        ? [
            {
              key: 'precision',
              code: 'precision_not_timestamp',
              message: 'Precision is only valid for timestamp columns',
            },
          ]
        : [],
  },
  { check: 'redundant-datatypes', find: findRedundantTypes },
]

const DIALECTS = ['mysql', 'postgresql'] as const

function findRedundantTypes({ datatype, length, mysqlDatatype, postgresqlDatatype }: Column): Finding[] {
  const overrides = { mysql: mysqlDatatype, postgresql: postgresqlDatatype }
  return DIALECTS.flatMap((dialect) => {
    const problem = checkRedundantType(dialect, overrides[dialect] ?? '', datatype, length)
    return problem === null ? [] : [{ key: `${dialect}:datatype`, code: 'datatype_override', ...problem }]
  })
}

/** Of two units the other rule speaks. */
function findWrongUnit({ fitsUnit, ivoaUnit }: Column, _: unknown, maySuggest: () => boolean): Finding[] {
  if (fitsUnit && ivoaUnit) return []
  const problem = checkUnit(ivoaUnit || fitsUnit || '', maySuggest)
  return problem === null ? [] : [{ key: ivoaUnit ? 'ivoa:unit' : 'fits:tunit', code: 'unit', ...problem }]
}

function findWrongValue({ value, autoincrement, datatype }: Column) {
  if (value === null) return []
  const finding = { key: 'value', code: 'default_value' }
  if (autoincrement === true)
    return [{ ...finding, message: 'Column cannot have both a default value and be autoincremented' }]
  const kind = DATATYPES[datatype].value
  if (kind === null) return []
  if (!VALUE_KINDS[kind].holds(value)) {
    const suggestion = kind === 'decimal' ? spellingOfFloat(value) : undefined
    return [{ ...finding, message: VALUE_KINDS[kind].message, ...(suggestion && { suggestion }) }]
  }
  return value === '' ? [{ ...finding, message: 'Default value must be a non-empty string for string columns' }] : []
}

/** How YAML writes what other languages call NaN and Infinity. */
function spellingOfFloat(value: DefaultValue): string | undefined {
  const [, sign, word] = typeof value === 'string' ? (/^([-+]?)(nan|inf)(?:inity)?$/i.exec(value) ?? []) : []
  if (word === undefined) return undefined
  return word.toLowerCase() === 'nan' ? '.nan' : `${sign}.inf`
}

function derive(written: YamlMap, loc: Path, reading: Reading): YamlMap | null {
  const derived = new Map<string, YamlValue>()
  const id = reading.generatedIds.get(written)
  if (id !== undefined) derived.set('@id', id)
  const arraysize = deriveArraysize(written, loc, reading)
  if (arraysize !== undefined) derived.set('votable:arraysize', arraysize)
  checkLength(written, id ?? written.get('@id') ?? null, loc, reading)
  return derived.size === 0 ? null : derived
}

function checkLength(written: YamlMap, id: YamlValue, loc: Path, reading: Reading): void {
  const datatype = written.get('datatype')
  if (!isDatatype(datatype)) return
  const length = written.get('length') ?? null
  const { sized } = DATATYPES[datatype]
  if (!sized && length !== null) {
    const message = `a column of type ${datatype} has no length; this one is ignored`
    report(reading, { loc: below(loc, 'length'), at: 'key', code: 'length_unused', severity: 'warning', message })
  }
  if (sized && length === null) {
    const place = typeof id === 'string' ? ` in column '${trim(id)}'` : ''
    report(reading, { loc, code: 'length_missing', message: `Length must be provided for type '${datatype}'${place}` })
  }
}

const readWritten = objectReader<Column>({
  noun: 'a column',
  fields: FIELDS,
  unknownKeys: 'refused',
  derive,
  rules: RULES,
})

export const readColumn = shaped<typeof readWritten>((value, loc, reading) => {
  const column = readWritten(value, loc, reading)
  if (typeof column === 'symbol' || column.datatype !== 'timestamp' || column.xtype !== null) return column
  return { ...column, xtype: 'timestamp' }
}, shapeOf(readWritten))
