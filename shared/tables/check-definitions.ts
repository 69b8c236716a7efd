import type { LoadedSchema } from '../felis/load.ts'
import { below, type Draft } from '../felis/location.ts'
import type { FelisObject, ForeignKeyConstraint, Schema, Table } from '../felis/model.ts'
import type { Problem } from '../problem.ts'
import { columnType } from './column-type.ts'
import { columnsById, type NameCase, type Owned, primaryKeyIds, spell } from './lookup.ts'
import { NAME_BYTES } from './sql.ts'

/**
 * What PostgreSQL cannot make of schemas that Felis takes: names that it would cut, or that become one; keys and indexes
 * of columns that are not there; foreign keys to columns that are not unique; types that are none.
 */
export function checkDefinitions(loaded: readonly LoadedSchema[], names: NameCase): readonly Problem[] {
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
    checkSchema(schema, { names, relations, tell, columns: columnsById(schema), file })
    return place(drafts)
  })
}

type Tell = (at: FelisObject, key: string, code: string, message: string) => void

interface Checking {
  readonly names: NameCase
  /** Tables and indexes of all schemas so far, which share their names in PostgreSQL, and what each is. */
  readonly relations: Map<string, string>
  readonly tell: Tell
  readonly columns: ReadonlyMap<string, Owned>
  readonly file: string
}

function checkSchema(schema: Schema, checking: Checking): void {
  checkName(schema, checking)
  for (const table of schema.tables) {
    takeRelation(schema, table, `table ${table.name} of ${checking.file}`, checking)
    checkColumns(table, checking)
    checkList(table, table, 'primaryKey', primaryKeyIds(table), checking)
    for (const index of table.indexes) {
      takeRelation(schema, index, `an index of table ${table.name}`, checking)
      checkList(table, index, 'columns', index.columns ?? [], checking)
    }
    for (const constraint of table.constraints) {
      if (constraint.kind === 'Unique') takeRelation(schema, constraint, 'a unique constraint', checking)
      else checkName(constraint, checking)
      if (constraint.kind === 'ForeignKey') checkForeignKey(constraint, checking)
    }
  }
}

function checkName(thing: FelisObject, { names, tell }: Checking): void {
  const name = spell(thing.name, names)
  if (name === '' || name.includes('\0'))
    tell(thing, 'name', 'name_unusable', `'${name}' cannot be a name in PostgreSQL`)
  const bytes = Buffer.byteLength(name)
  if (bytes <= NAME_BYTES) return
  const message = `PostgreSQL cuts names at ${NAME_BYTES} bytes, and this one has ${bytes}: '${name.slice(0, 80)}'`
  tell(thing, 'name', 'name_too_long', message)
}

function takeRelation(schema: Schema, thing: FelisObject, what: string, checking: Checking): void {
  const { names, relations, tell } = checking
  checkName(thing, checking)
  const name = JSON.stringify([spell(schema.name, names), spell(thing.name, names)])
  const other = relations.get(name)
  relations.set(name, what)
  if (other === undefined) return
  const shown = `${spell(schema.name, names)}.${spell(thing.name, names)}`
  tell(thing, 'name', 'names_collide', `${what} would be ${shown} in PostgreSQL, and so would ${other}`)
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
    if (columnType(column) !== null) continue
    const message = `'${column.postgresqlDatatype}' is not a type of PostgreSQL`
    checking.tell(column, 'postgresql:datatype', 'type_unknown', message)
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
