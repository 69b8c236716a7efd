import { abridge } from '../yaml/values.ts'
import { automaticArraysize, isVotableShape } from './arraysize.ts'
import { DATATYPES } from './datatypes.ts'
import { lintColumnNames, lintOtherNames, lintSchemaName, lintTableName } from './lint-names.ts'
import { below, type Path } from './location.ts'
import type { Column, Schema, Table } from './model.ts'
import { idOfNamedColumn } from './name-for-id.ts'
import { type Reading, type Report, report } from './reading.ts'

/** A table with its referenced columns, and what is known around it. */
interface Subject {
  readonly table: Table
  /** How many of the columns are the table's own. */
  readonly ownColumns: number
  /** Whether the schema has a column of this id, as far as is known. */
  readonly hasColumn: (id: string) => boolean
}

type Warning = Omit<Report, 'severity'>

/** What Felis accepts, but was probably not meant. */
const RULES: readonly ((subject: Subject) => readonly Warning[])[] = [
  lintPrimaryKey,
  lintIndexes,
  lintColumnIndexes,
  lintDatatypes,
  lintArraysizes,
  lintTableName,
  lintColumnNames,
  lintOtherNames,
]

/** Warns of what is allowed and yet looks wrong. `written` is the schema before its references were expanded. */
export function lintSchema(schema: Schema, written: Schema, reading: Reading): void {
  const ids = new Set(schema.tables.flatMap((table) => table.columns.map(({ id }) => id)))
  const hasColumn = (id: string): boolean => ids.has(id) || reading.idsUnknown || reading.brokenIds.has(id)
  for (const warning of lintSchemaName(schema)) report(reading, { ...warning, severity: 'warning' })
  for (const [index, table] of schema.tables.entries()) {
    const subject = { table, ownColumns: written.tables[index]?.columns.length ?? 0, hasColumn }
    for (const find of RULES) for (const warning of find(subject)) report(reading, { ...warning, severity: 'warning' })
  }
}

/** An override of datatype or length leaves the arraysize that was made from the old ones. */
export function warnOfStaleArraysize(source: Column, taken: Column, reading: Reading): void {
  const kept = source.arraysize
  const expected = (column: Column): string | null =>
    automaticArraysize(DATATYPES[column.datatype], column.length, reading.context.unboundedArraysize) ?? null
  if (kept !== expected(source) || kept === expected(taken)) return
  const message = `the arraysize is still that of the source column (${kept ?? 'none'}), although ${taken.datatype} of length ${taken.length ?? 'none'} would have ${expected(taken) ?? 'none'}`
  report(reading, { loc: taken.origin.loc, at: 'key', code: 'arraysize_stale', severity: 'warning', message })
}

function lintPrimaryKey({ table, hasColumn }: Subject): Warning[] {
  const { primaryKey, origin } = table
  const loc = below(origin.loc, 'primaryKey')
  const isList = Array.isArray(primaryKey)
  return idsOf(primaryKey).flatMap((id, index) =>
    hasColumn(id) ? [] : [dangling(table, id, isList ? below(loc, index) : loc, 'primary_key_dangling')],
  )
}

function lintIndexes({ table, hasColumn }: Subject): Warning[] {
  return table.indexes.flatMap((index) => {
    const loc = below(index.origin.loc, 'columns')
    return idsOf(index.columns).flatMap((id, position) =>
      hasColumn(id) ? [] : [dangling(table, id, below(loc, position), 'index_dangling')],
    )
  })
}

function idsOf(ids: string | readonly string[] | null): readonly string[] {
  if (ids === null) return []
  return typeof ids === 'string' ? [ids] : ids
}

function dangling(table: Table, id: string, loc: Path, code: string): Warning {
  const candidates = (): string[] => table.columns.map((column) => column.id)
  return {
    loc,
    code,
    message: `the schema has no column '${id}'`,
    nearMiss: { word: id, candidates, named: () => idOfNamedColumn(id, [table]) },
  }
}

function lintColumnIndexes({ table }: Subject): Warning[] {
  const byIndex = Map.groupBy(
    table.columns.filter(({ columnIndex }) => columnIndex !== null),
    ({ columnIndex }) => columnIndex,
  )
  return [...byIndex].flatMap(([columnIndex, columns]) => {
    const second = columns[1]
    if (second === undefined) return []
    const names = columns.slice(0, MOST_NAMES).map(({ name }) => `'${name}'`)
    const rest = columns.length > MOST_NAMES ? ` and ${columns.length - MOST_NAMES} more` : ''
    const message = `columns ${names.join(', ')}${rest} all have the column_index ${columnIndex}: their order is undefined`
    return [{ loc: below(second.origin.loc, 'tap:column_index'), code: 'column_index_repeated', message }]
  })
}

const MOST_NAMES = 5

/** A referenced column has been checked in its own file. */
function lintDatatypes({ table, ownColumns }: Subject): Warning[] {
  return table.columns.slice(0, ownColumns).flatMap(({ votableDatatype, datatype, origin }) =>
    votableDatatype === null
      ? []
      : [
          {
            loc: below(origin.loc, 'votable:datatype'),
            code: 'votable_datatype_ignored',
            message: `votable:datatype is ignored: TAP_SCHEMA will have ${DATATYPES[datatype].votable}, for ${datatype}`,
          },
        ],
  )
}

/** TAP_SCHEMA holds any text, but a VOTable with another arraysize is refused by its readers. */
function lintArraysizes({ table, ownColumns }: Subject): Warning[] {
  return table.columns.slice(0, ownColumns).flatMap(({ arraysize, origin }) => {
    if (!arraysize || isVotableShape(arraysize)) return []
    const message = `the arraysize '${abridge(arraysize)}' is not a VOTable shape (8, 8*, *, 3x3, 3x*): clients cannot read results with this column`
    return [{ loc: below(origin.loc, 'votable:arraysize'), code: 'arraysize_shape', message }]
  })
}
