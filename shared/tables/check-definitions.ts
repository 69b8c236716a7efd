import type { LoadedSchema } from '../felis/load.ts'
import { below, type Draft } from '../felis/location.ts'
import type { Column, FelisObject, ForeignKeyConstraint, Schema, Table } from '../felis/model.ts'
import type { Problem } from '../problem.ts'
import { columnType } from './column-type.ts'
import { columnsById, type NameCase, type Owned, primaryKeyIds, spell } from './lookup.ts'
import { isMysqlType } from './other-dialects/mysql.ts'
import { NAME_BYTES } from './sql.ts'

export type DialectName = 'postgresql' | 'mysql' | 'sqlite'

/** What a database takes for a definition, where they differ. */
interface DialectRules {
  readonly title: string
  /** How long a name is, and how long it may be. */
  readonly measure: (name: string) => number
  readonly most: number
  readonly unit: string
  /** Among which names one must be the only one; null: it need not be. */
  readonly spaceOf: (schema: string, name: string, kind: 'table' | 'index' | 'unique') => readonly string[] | null
  /** The type that is written in the schema and is none; null: it can be used. */
  readonly unknownType: (column: Column) => { readonly key: string; readonly text: string } | null
  /** Whether a table may be without columns. */
  readonly takesEmpty: boolean
}

const DIALECTS: Readonly<Record<DialectName, DialectRules>> = {
  postgresql: {
    title: 'PostgreSQL',
    measure: (name) => Buffer.byteLength(name),
    most: NAME_BYTES,
    unit: 'bytes',
    spaceOf: (schema, name) => [schema, name],
    unknownType: (column) =>
      columnType(column) === null ? { key: 'postgresql:datatype', text: column.postgresqlDatatype ?? '' } : null,
    takesEmpty: true,
  },
  mysql: {
    title: 'MySQL',
    measure: (name) => [...name].length,
    most: 64,
    unit: 'characters',
    // Indexes belong to their tables.
    spaceOf: (schema, name, kind) => (kind === 'table' ? [schema, name] : null),
    unknownType: ({ mysqlDatatype: text }) =>
      text === null || text === '' || isMysqlType(text) ? null : { key: 'mysql:datatype', text },
    takesEmpty: false,
  },
  sqlite: {
    title: 'SQLite',
    measure: () => 0,
    most: 0,
    unit: 'characters',
    // There are no schemas, and upper and lower case are the same.
    spaceOf: (_, name, kind) => (kind === 'unique' ? null : [name.toLowerCase()]),
    unknownType: () => null,
    takesEmpty: false,
  },
}

/**
 * What a database cannot make of schemas that Felis takes: names that it would cut, or that become one; keys and indexes
 * of columns that are not there; foreign keys to columns that are not unique; types that are none.
 */
export function checkDefinitions(
  loaded: readonly LoadedSchema[],
  names: NameCase,
  dialect: DialectName = 'postgresql',
): readonly Problem[] {
  const relations = new Map<string, string>()
  return loaded.flatMap(({ schema, place, file }) => {
    if (schema === null) return []
    const drafts: Draft[] = []
    const tell: Tell = (at, key, code, message) => {
      const loc = below(at.origin.loc, key)
      // What came from another file is told where it is used.
      const where = at.origin.file === file ? loc : schema.origin.loc
      drafts.push({ loc: where, at: 'value', code, severity: 'error', message })
    }
    checkSchema(schema, { names, relations, tell, columns: columnsById(schema), file, rules: DIALECTS[dialect] })
    return place(drafts)
  })
}

type Tell = (at: FelisObject, key: string, code: string, message: string) => void

interface Checking {
  readonly names: NameCase
  /** Tables and indexes of all schemas so far, by the names that they share, and what each is. */
  readonly relations: Map<string, string>
  readonly tell: Tell
  readonly columns: ReadonlyMap<string, Owned>
  readonly file: string
  readonly rules: DialectRules
}

function checkSchema(schema: Schema, checking: Checking): void {
  checkName(schema, checking)
  for (const table of schema.tables) {
    takeRelation(schema, table, 'table', `table ${table.name} of ${checking.file}`, checking)
    if (table.columns.length === 0 && !checking.rules.takesEmpty) {
      checking.tell(table, 'columns', 'table_empty', `a table of ${checking.rules.title} must have a column`)
    }
    checkColumns(table, checking)
    checkList(table, table, 'primaryKey', primaryKeyIds(table), checking)
    for (const index of table.indexes) {
      takeRelation(schema, index, 'index', `an index of table ${table.name}`, checking)
      checkList(table, index, 'columns', index.columns ?? [], checking)
    }
    for (const constraint of table.constraints) {
      if (constraint.kind === 'Unique') takeRelation(schema, constraint, 'unique', 'a unique constraint', checking)
      else checkName(constraint, checking)
      if (constraint.kind === 'ForeignKey') checkForeignKey(constraint, checking)
    }
  }
}

function checkName(thing: FelisObject, { names, tell, rules }: Checking): void {
  const name = spell(thing.name, names)
  if (name === '' || name.includes('\0'))
    tell(thing, 'name', 'name_unusable', `'${name}' cannot be a name in ${rules.title}`)
  const length = rules.measure(name)
  if (length <= rules.most) return
  const limit = `names of ${rules.title} have up to ${rules.most} ${rules.unit}`
  const message = `${limit}, and this one has ${length}: '${name.slice(0, 80)}'`
  tell(thing, 'name', 'name_too_long', message)
}

function takeRelation(
  schema: Schema,
  thing: FelisObject,
  kind: 'table' | 'index' | 'unique',
  what: string,
  checking: Checking,
): void {
  const { names, relations, tell, rules } = checking
  checkName(thing, checking)
  const space = rules.spaceOf(spell(schema.name, names), spell(thing.name, names), kind)
  if (space === null) return
  const name = JSON.stringify(space)
  const other = relations.get(name)
  relations.set(name, what)
  if (other === undefined) return
  tell(thing, 'name', 'names_collide', `${what} would be ${space.join('.')} in ${rules.title}, and so would ${other}`)
}

function checkColumns(table: Table, checking: Checking): void {
  const seen = new Map<string, string>()
  for (const column of table.columns) {
    checkName(column, checking)
    const name = spell(column.name, checking.names)
    const other = seen.get(name)
    if (other !== undefined) {
      checking.tell(column, 'name', 'names_collide', `columns ${other} and ${column.name} would both be ${name}`)
    }
    seen.set(name, column.name)
    const unknown = checking.rules.unknownType(column)
    if (unknown === null) continue
    const message = `'${unknown.text}' is not a type of ${checking.rules.title}`
    checking.tell(column, unknown.key, 'type_unknown', message)
  }
}

function checkList(
  table: Table,
  at: FelisObject,
  key: string,
  ids: readonly string[],
  { columns, tell }: Checking,
): void {
  for (const id of ids) {
    const owner = columns.get(id)
    if (owner === undefined) tell(at, key, 'column_missing', `'${id}' is not the id of a column`)
    else if (owner.table !== table) {
      tell(at, key, 'column_elsewhere', `column '${id}' belongs to table ${owner.table.name}, not to ${table.name}`)
    }
  }
}

function checkForeignKey(key: ForeignKeyConstraint, { columns, tell }: Checking): void {
  const targets = new Set(key.referencedColumns.map((id) => columns.get(id)?.table))
  const [target] = targets
  if (targets.size > 1 || target === undefined) {
    tell(
      key,
      'referencedColumns',
      'key_of_many_tables',
      'the columns that a foreign key refers to must be of one table',
    )
    return
  }
  const wanted = setOf(key.referencedColumns)
  const unique = [primaryKeyIds(target), ...target.constraints.flatMap((other) => uniqueIds(other))]
  if (unique.some((ids) => setOf(ids) === wanted)) return
  const message = `a foreign key must refer to the primary key or to a unique constraint of table ${target.name}`
  tell(key, 'referencedColumns', 'key_not_unique', message)
}

function uniqueIds(constraint: Table['constraints'][number]): readonly (readonly string[])[] {
  return constraint.kind === 'Unique' ? [constraint.columns] : []
}

function setOf(ids: readonly string[]): string {
  return JSON.stringify([...new Set(ids)].sort())
}
