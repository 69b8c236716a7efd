import type { LoadedSchema } from '../felis/load.ts'
import { below, type Draft } from '../felis/location.ts'
import type { FelisObject, Schema } from '../felis/model.ts'
import type { Problem } from '../problem.ts'
import { abridge } from '../yaml/values.ts'
import type { LoaderOptions } from './options.ts'
import { type CellCheck, checkOf } from './row-limits.ts'
import { type Cell, columnRows, fieldOf, keyRows, type RowSource, schemaRow, tableRow } from './schema-rows.ts'
import { describeItself, SELF_NAME } from './self-description.ts'
import { columnsOf, type TapRow, type TapSchemaRows, type TapTableName, tapTable } from './tables.ts'

export interface BuiltRows {
  readonly rows: TapSchemaRows
  /** What the tables could not hold, in all schemas at once, and warnings of names that are too much alike. */
  readonly problems: readonly Problem[]
}

/**
 * The rows of TAP_SCHEMA (TAP 1.1 §4) for a list of schemas in their order, after the rows with which TAP_SCHEMA
 * describes itself. Schemas with errors have no rows; what can be read of them is still held against the tables, so
 * that one look at the problems is enough.
 */
export function buildRows(schemas: readonly LoadedSchema[], options: LoaderOptions): BuiltRows {
  const rows = describeItself(options)
  const building: Building = {
    options,
    tables: {
      schemas: startTable('schemas', rows.schemas, options),
      tables: startTable('tables', rows.tables, options),
      columns: startTable('columns', rows.columns, options),
      keys: startTable('keys', rows.keys, options),
      key_columns: startTable('key_columns', rows.key_columns, options),
    },
    schemaNames: new Map([[SELF_NAME, SELF_NAME]]),
  }
  const problems = schemas.flatMap((loaded, position) => {
    const schema = loaded.schema ?? loaded.readable
    if (schema === null) return []
    const index = options.firstSchemaIndex === null ? null : options.firstSchemaIndex + position
    const addition: Addition = { file: loaded.file, isWhole: loaded.schema !== null, errors: [], warnings: [] }
    addSchema(building, addition, schema, index)
    return loaded
      .place([...addition.errors, ...addition.warnings])
      .map((problem) => ({ ...problem, file: loaded.file }))
  })
  const { tables } = building
  return {
    rows: {
      schemas: tables.schemas.rows,
      tables: tables.tables.rows,
      columns: tables.columns.rows,
      keys: tables.keys.rows,
      key_columns: tables.key_columns.rows,
    },
    problems,
  }
}

interface Building {
  readonly options: LoaderOptions
  readonly tables: Readonly<Record<TapTableName, TableInProgress>>
  readonly schemaNames: Names
}

/** Names in lower case → as they were written first. */
type Names = Map<string, string>

interface TableInProgress {
  readonly name: TapTableName
  readonly cells: readonly { readonly name: string; readonly check: CellCheck | null }[]
  /** Columns whose values together can be there only once; none: no such rule. */
  readonly unique: readonly string[]
  /** The file in which each unique value was found; null: TAP_SCHEMA's own. */
  readonly owners: Map<string, string | null>
  readonly rows: TapRow[]
}

function startTable(name: TapTableName, own: readonly TapRow[], options: LoaderOptions): TableInProgress {
  const table = tapTable(name)
  const columns = columnsOf(table, options)
  // What is copied from another table is checked there, so that one mistake is reported once.
  const copied = new Set(table.foreignKeys.map((key) => key.column))
  const cells = columns.map((column) => ({
    name: column.name,
    check: copied.has(column.name) || column.extension ? null : checkOf(column, name),
  }))
  const positions = table.primaryKey.map((column) => columns.findIndex((candidate) => candidate.name === column))
  const owners = new Map(own.map((row) => [uniqueValue(positions.map((position) => row[position] ?? null)), null]))
  return { name, cells, unique: table.primaryKey, owners, rows: [...own] }
}

/** More than anybody reads. */
const MOST_DRAFTS = 2_000

/** One schema on its way into the tables. */
interface Addition {
  readonly file: string
  /** Whether there is nothing wrong with it; otherwise its rows are only checked. */
  readonly isWhole: boolean
  readonly errors: Draft[]
  readonly warnings: Draft[]
}

function tell(drafts: Draft[], draft: Draft): void {
  if (drafts.length < MOST_DRAFTS) drafts.push(draft)
}

function addSchema(building: Building, addition: Addition, schema: Schema, index: number | null): void {
  const add = (source: RowSource): boolean => addRow(building, addition, source)
  // Of a second schema of one name nothing is added: that is one mistake, not one for each of its tables.
  if (!add(schemaRow(schema, index))) return
  warnOfCase('schema', schema, building.schemaNames, addition)
  const tableNames: Names = new Map()
  for (const table of schema.tables) {
    if (!add(tableRow(schema, table))) continue
    warnOfCase('table', table, tableNames, addition)
    columnRows(schema, table).forEach(add)
    const columnNames: Names = new Map()
    for (const column of table.columns) warnOfCase('column', column, columnNames, addition)
  }
  // Keys are made of what they refer to, which may be missing only because it is broken.
  if (!addition.isWhole) return
  for (const [key, ...pairs] of keyRows(schema, building.options)) {
    if (add(key)) pairs.forEach(add)
  }
}

/** Adds one row and reports what is wrong with it; false: a row of this name is there already. */
function addRow(building: Building, addition: Addition, source: RowSource): boolean {
  const { file, isWhole, errors } = addition
  const table = building.tables[source.table]
  // What is there twice inside a schema that is not whole is reported with its other problems.
  if (table.unique.length > 0 && (isWhole || source.table === 'schemas')) {
    const values = table.unique.map((name) => source.cells[name] ?? null)
    const value = isTooLong(values) ? null : uniqueValue(values)
    const owner = value === null ? undefined : table.owners.get(value)
    if (owner !== undefined) {
      tell(errors, repeatedName(building.options, file, source, owner))
      return false
    }
    if (value !== null) table.owners.set(value, file)
  }
  if (source.from.name === '' && source.table !== 'key_columns') tell(errors, emptyName(source))
  if (source.problem !== undefined) {
    tell(errors, { loc: source.from.origin.loc, at: 'value', severity: 'error', ...source.problem })
  }
  const row: Cell[] = []
  for (const { name, check } of table.cells) {
    const cell = source.cells[name] ?? null
    row.push(cell)
    const problem = check?.(cell)
    if (problem == null) continue
    const loc = below(source.from.origin.loc, fieldOf(name, source))
    tell(errors, { loc, at: 'value', severity: 'error', ...problem })
  }
  if (isWhole) table.rows.push(row)
  return true
}
/** Names in ADQL that are not in quotes know no upper and lower case (ADQL §2.1.2). */
function warnOfCase(noun: string, { name, origin }: FelisObject, seen: Names, { warnings }: Addition): void {
  const caseless = name.toLowerCase()
  const first = seen.get(caseless)
  if (first === undefined) seen.set(caseless, name)
  if (first === undefined || first === name) return
  const message = `the ${noun} name '${abridge(name)}' differs from '${abridge(first)}' in upper and lower case only: a query that names either without quotes is ambiguous; rename one of them`
  const loc = below(origin.loc, 'name')
  tell(warnings, { loc, at: 'value', severity: 'warning', code: 'names_differ_in_case', message })
}

function emptyName({ table, from }: RowSource): Draft {
  const message = `the name is empty: a row of tap_schema.${table} needs one, and TAP servers stop at a row without`
  return { loc: below(from.origin.loc, 'name'), at: 'value', severity: 'error', code: 'name_empty', message }
}

function repeatedName(options: LoaderOptions, file: string, source: RowSource, owner: string | null): Draft {
  const { noun, name, advice } = REPEATED[source.table](source.cells, options)
  const place =
    owner === null ? 'belongs to TAP_SCHEMA itself' : `is in ${owner === file ? 'this file' : owner} already`
  return {
    loc: below(source.from.origin.loc, 'name'),
    at: 'value',
    severity: 'error',
    code: `${source.table}_repeated`,
    message: `${noun} '${name}' ${place}; ${advice}`,
  }
}

interface Repetition {
  readonly noun: string
  readonly name: Cell | undefined
  readonly advice: string
}

/** How each table's repetitions are reported. */
const REPEATED: Readonly<Record<TapTableName, (cells: RowSource['cells'], options: LoaderOptions) => Repetition>> = {
  schemas: (cells) => ({
    noun: 'the schema name',
    name: cells.schema_name,
    advice: 'a TAP server can have one schema of a name: take one of them off the list, or rename it',
  }),
  tables: (cells) => ({ noun: 'the table', name: cells.table_name, advice: 'rename one of them' }),
  columns: (cells) => ({
    noun: 'the column',
    name: `${cells.table_name}.${cells.column_name}`,
    advice: 'rename one of them',
  }),
  keys: (cells, { uniqueKeys }) => ({
    noun: 'the key_id',
    name: cells.key_id,
    advice: uniqueKeys
      ? 'rename one of the constraints'
      : 'rename one of the constraints, or turn on uniqueKeys to put the schema in front',
  }),
  key_columns: (cells) => ({ noun: 'the key', name: cells.key_id, advice: 'rename one of them' }),
}

/** Far longer than what any table holds, which is reported; a name of a table is in the row of each of its columns. */
function isTooLong(values: readonly Cell[]): boolean {
  return values.some((value) => typeof value === 'string' && value.length > 10_000)
}

function uniqueValue(values: readonly Cell[]): string {
  return values.join('\0')
}
