import { repeated } from './fields/table.ts'
import { below, type Path } from './location.ts'
import type { Column, Constraint, FelisObject, Schema, Table } from './model.ts'
import { idOfNamedColumn } from './name-for-id.ts'
import { type Reading, type Report, report } from './reading.ts'

type Add = (problem: Report) => void

interface SchemaRule {
  /** Whether Felis reports only the first thing that breaks the rule. */
  readonly once: boolean
  readonly apply: (schema: Schema, reading: Reading, add: Add) => void
}

/** Rules about a whole schema, with all its referenced columns in place; of these Felis reports the first broken one. */
const SCHEMA_RULES: readonly SchemaRule[] = [
  { once: true, apply: findRepeatedTableIndexes },
  {
    once: true,
    apply: (schema, reading, add) => findRepeatedNames(schema, 'constraints', 'constraint', reading, add),
  },
  { once: true, apply: (schema, reading, add) => findRepeatedNames(schema, 'indexes', 'index', reading, add) },
  { once: true, apply: findRepeatedIds },
  { once: false, apply: checkConstraintColumns },
]

export function checkSchema(schema: Schema, reading: Reading): void {
  for (const { once, apply } of SCHEMA_RULES) {
    const { errors } = reading
    apply(schema, reading, (problem) => {
      const notReportedByFelis = errors > 0 || (once && reading.errors > errors)
      report(reading, { path: null, ...problem, notReportedByFelis })
    })
  }
}

function findRepeatedTableIndexes(schema: Schema, reading: Reading, add: Add): void {
  if (!reading.context.checks.has('tap-table-indexes')) return
  const seen = new Map<number, string>()
  for (const { tableIndex, name, origin } of schema.tables) {
    if (tableIndex === null) continue
    const other = seen.get(tableIndex)
    seen.set(tableIndex, name)
    if (other === undefined) continue
    const message = `Duplicate 'tap:table_index' value ${tableIndex} found in schema: tables '${other}' and '${name}'`
    add({ loc: below(origin.loc, 'tap:table_index'), code: 'table_index_repeated', message })
  }
}

function findRepeatedNames(
  schema: Schema,
  list: 'constraints' | 'indexes',
  noun: string,
  reading: Reading,
  add: Add,
): void {
  const things = schema.tables.flatMap((table): readonly FelisObject[] => table[list])
  for (const { name, id, origin } of repeated(things, (thing) => thing.name)) {
    reading.repeatedIds.add(id)
    const message = `Duplicate ${noun} names found in schema: there is a '${name}' before this one`
    add({ loc: below(origin.loc, 'name'), code: `${noun}_names_repeated`, message })
  }
}

/** Ids of schema, tables, columns and constraints; those of indexes and column groups are nobody's business. */
function findRepeatedIds(schema: Schema, reading: Reading, add: Add): void {
  const owners = new Map<string, () => string>()
  const take = (thing: FelisObject, describe: () => string): void => {
    const first = owners.get(thing.id)
    if (first === undefined) owners.set(thing.id, describe)
    else if (!reading.repeatedIds.has(thing.id)) {
      const message = `Duplicate IDs found in schema: '${thing.id}' is the id of ${first()} and of ${describe()}`
      add({ loc: thing.origin.loc, code: 'ids_repeated', message })
    }
  }
  take(schema, () => 'the schema')
  for (const table of schema.tables) {
    take(table, () => `table '${table.name}'`)
    for (const column of table.columns) take(column, () => `column '${column.name}' of table '${table.name}'`)
  }
  for (const table of schema.tables) {
    for (const constraint of table.constraints) take(constraint, () => `constraint '${constraint.name}'`)
  }
}

/** Columns of constraints: each must exist, be a column, and (but for referenced ones) be of the same table. */
function checkConstraintColumns(schema: Schema, reading: Reading, add: Add): void {
  const lookup = lookUpIds(schema)
  for (const table of schema.tables) {
    if (table.constraints.length === 0) continue
    const own: Scope = { table, ids: new Set(table.columns.map(({ id }) => id)) }
    const others = schema.tables.filter((other) => other !== table)
    for (const constraint of table.constraints) {
      if (constraint.kind === 'Check') continue
      checkList(constraint, 'columns', constraint.columns, { own, named: [table], lookup, reading, add })
      if (constraint.kind === 'ForeignKey') {
        checkList(constraint, 'referencedColumns', constraint.referencedColumns, {
          own: null,
          named: others,
          lookup,
          reading,
          add,
        })
      }
    }
  }
}

/** The table that columns must be of. */
interface Scope {
  readonly table: Table
  readonly ids: ReadonlySet<string>
}

interface Surroundings {
  /** null: any table. */
  readonly own: Scope | null
  /** Where a column is looked for whose name was written in place of its id. */
  readonly named: readonly Table[]
  readonly lookup: ReadonlyMap<string, Column | null>
  readonly reading: Reading
  readonly add: Add
}

function checkList(constraint: Constraint, list: string, ids: readonly string[], surroundings: Surroundings): void {
  const shown = list === 'referencedColumns' ? 'referenced_columns' : list
  const listLoc = below(untagged(constraint.origin.loc), list, shown)
  for (const [index, id] of ids.entries()) checkId(id, below(listLoc, index, id), surroundings)
}

/** Felis leaves the constraint's type out of these paths. */
function untagged(loc: Path): Path {
  return loc === null ? null : below(loc.parent, loc.key)
}

function checkId(id: string, loc: Path, { own, named, lookup, reading, add }: Surroundings): void {
  const found = lookup.get(id)
  if (found === undefined && (reading.idsUnknown || reading.brokenIds.has(id))) return
  const nearMiss = {
    word: id,
    candidates: () => own?.ids ?? columnIds(lookup),
    named: () => idOfNamedColumn(id, named),
  }
  const place = { loc, path: loc, nearMiss }
  if (found === undefined) {
    add({ ...place, code: 'column_not_found', message: `Column ID '${id}' not found in schema` })
  } else if (found === null) {
    add({ ...place, code: 'not_a_column', message: `ID '${id}' does not refer to a Column object` })
  }
  if (own !== null && !own.ids.has(id)) {
    add({
      loc,
      path: loc,
      code: 'column_not_in_table',
      message: `Column '${id}' not found in table '${own.table.name}'`,
    })
  }
}

function columnIds(lookup: ReadonlyMap<string, Column | null>): string[] {
  return [...lookup].filter(([, column]) => column !== null).map(([id]) => id)
}

/** The first thing of each id; null: it is not a column. */
function lookUpIds(schema: Schema): ReadonlyMap<string, Column | null> {
  const lookup = new Map<string, Column | null>([[schema.id, null]])
  const add = (id: string, thing: Column | null): void => {
    if (!lookup.has(id)) lookup.set(id, thing)
  }
  for (const table of schema.tables) {
    add(table.id, null)
    for (const column of table.columns) add(column.id, column)
    for (const constraint of table.constraints) add(constraint.id, null)
  }
  return lookup
}
