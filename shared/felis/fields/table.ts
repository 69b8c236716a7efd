import { describeValue, isYamlList } from '../../yaml/values.ts'
import { below } from '../location.ts'
import type { FelisObject, Table } from '../model.ts'
import { type Fields, type Finding, nested, objectReader, type Rule } from '../read-object.ts'
import { integer, list, notText, nullable, refuseAll, text } from '../readers.ts'
import { INVALID, type Reader, report, spendItems } from '../reading.ts'
import { shaped, shapeOf } from '../shape.ts'
import { BASE_FIELDS, BASE_RULES, deriveId } from './base.ts'
import { readColumn } from './column.ts'
import { readColumnRefs } from './column-refs.ts'
import { readConstraint } from './constraint.ts'
import { memberId, readColumnGroup } from './group.ts'
import { readIndex } from './table-index.ts'

/** A list whose items have names, each its own. `idsOf`: all that is repeated when the name is. */
export function namedList<T extends FelisObject>(
  item: Reader<T>,
  message: string,
  idsOf: (item: T) => readonly string[],
): Reader<readonly T[]> {
  const read = list(item)
  return shaped<Reader<readonly T[]>>((value, parent, key, reading) => {
    const { errors } = reading
    const items = read(value, parent, key, reading)
    if (items === INVALID) {
      reading.idsUnknown = true
      return INVALID
    }
    const path = below(parent, key)
    for (const second of repeated(items, ({ name }) => name)) {
      for (const id of idsOf(second)) reading.repeatedIds.add(id)
      const loc = below(second.origin.loc, 'name')
      const found = `${message}: there is a '${second.name}' before this one`
      report(reading, {
        loc,
        path,
        code: 'names_not_unique',
        message: found,
        notReportedByFelis: reading.errors > errors,
      })
    }
    return items
  }, shapeOf(read))
}

/** The items that have the key of an earlier one. */
export function repeated<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  const seen = new Set<string>()
  return items.filter((item) => {
    const key = keyOf(item)
    if (seen.has(key)) return true
    seen.add(key)
    return false
  })
}

const LIST = 'list[constrained-str]'

const primaryKey = shaped<Reader<Table['primaryKey']>>(
  (value, parent, key, reading) => {
    if (value === null) return null
    if (typeof value === 'string') return text(value, parent, key, reading)
    if (!isYamlList(value)) {
      const message = `expected the id of a column, or a list of ids; found ${describeValue(value)}`
      return refuseAll(reading, parent, key, [{ name: LIST, code: 'list_type', message }, notText(value)])
    }
    const loc = below(parent, key, `${key}.${LIST}`)
    if (!spendItems(reading, value.length, loc)) return INVALID
    const { errors } = reading
    const ids = value.map((item, index) => text(item, loc, index, reading)).filter((id) => id !== INVALID)
    if (reading.errors > errors) refuseAll(reading, parent, key, [notText(value)])
    return ids
  },
  { kind: 'nullable', of: { kind: 'either', of: [shapeOf(text), shapeOf(list(text))] } },
)

const FIELDS: Fields<Table> = {
  ...BASE_FIELDS,
  primaryKey: {
    name: 'primary_key',
    meaning:
      'The id of the column of the primary key; a list where it is made of several. Only a single id, not in a list, makes its column indexed in TAP_SCHEMA.',
    alias: 'primaryKey',
    read: primaryKey,
    initial: null,
  },
  tableIndex: {
    name: 'tap_table_index',
    meaning: 'The place of the table among those of the schema, for display.',
    tap: 'table_index',
    alias: 'tap:table_index',
    read: nullable(integer()),
    initial: null,
  },
  mysqlEngine: {
    name: 'mysql_engine',
    meaning: 'The storage engine in MySQL.',
    alias: 'mysql:engine',
    read: nullable(text),
    initial: 'MyISAM',
  },
  mysqlCharset: {
    name: 'mysql_charset',
    meaning: 'The character set in MySQL.',
    alias: 'mysql:charset',
    read: nullable(text),
    initial: null,
  },
  columnRefs: {
    name: 'column_refs',
    meaning: 'Columns of other schemas that the table takes over: resource, then table, then the name here.',
    alias: 'columnRefs',
    read: readColumnRefs,
    initial: new Map(),
  },
  columns: {
    name: 'columns',
    meaning: 'The columns of the table, apart from those it takes over.',
    read: namedList(nested(readColumn), 'Column names must be unique', ({ id }) => [id]),
    initial: [],
  },
  columnGroups: {
    name: 'column_groups',
    meaning: 'Columns that belong together.',
    alias: 'columnGroups',
    read: list(readColumnGroup),
    initial: [],
  },
  constraints: { name: 'constraints', meaning: 'Keys and checks.', read: list(readConstraint), initial: [] },
  indexes: { name: 'indexes', meaning: 'Indexes for the database.', read: list(readIndex), initial: [] },
}

const RULES: readonly Rule<Table>[] = [
  ...BASE_RULES,
  {
    check: 'tap-table-indexes',
    find: ({ tableIndex }) =>
      tableIndex === null ? [{ code: 'table_index_missing', message: 'Table is missing a TAP table index' }] : [],
  },
  {
    check: 'tap-principal',
    find: ({ name, columns }) =>
      columns.some(({ principal }) => principal === 1)
        ? []
        : [
            {
              code: 'principal_missing',
              message: `Table '${name}' is missing at least one column designated as 'tap:principal'`,
            },
          ],
  },
  { find: findForeignGroupMembers },
]

/** Column groups see the table's own columns only, never referenced ones. */
function findForeignGroupMembers({ name, columns, columnGroups }: Table): Finding[] {
  if (columnGroups.length === 0) return []
  const ids = new Set(columns.map(({ id }) => id))
  return columnGroups.flatMap((group) =>
    group.columns
      .filter((member) => typeof member === 'string' && !ids.has(member))
      .map((member) => ({
        code: 'group_column_unknown',
        message: `Column '${memberId(member)}' not found in table '${name}'`,
      })),
  )
}

export const readTable = nested(
  objectReader<Table>({ noun: 'a table', fields: FIELDS, unknownKeys: 'refused', derive: deriveId, rules: RULES }),
)
