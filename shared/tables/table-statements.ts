import type { Column, Constraint, Schema, Table } from '../felis/model.ts'
import { quote } from '../tap-schema/slots.ts'
import { columnType, serialType } from './column-type.ts'
import { defaultSql } from './default-value.ts'
import { columnsById, type NameCase, type Owned, primaryKeyIds, spell } from './lookup.ts'
import { columnList, literal, qualified } from './sql.ts'

/** What a schema is to become in the database. */
export interface TableContext {
  readonly schema: Schema
  readonly names: NameCase
  /** What is there already stays as it is. */
  readonly ifNotExists: boolean
  readonly columns: ReadonlyMap<string, Owned>
}

export function tableContext(schema: Schema, names: NameCase, ifNotExists: boolean): TableContext {
  return { schema, names, ifNotExists, columns: columnsById(schema) }
}

export function tableSql({ name }: Table, { schema, names }: TableContext): string {
  return qualified(spell(schema.name, names), spell(name, names))
}

/** The columns with these ids, by their names in the database. */
export function columnNames(ids: readonly string[], { columns, names }: TableContext): readonly string[] {
  return ids.flatMap((id) => {
    const found = columns.get(id)
    return found === undefined ? [] : [spell(found.column.name, names)]
  })
}

/** `create table` with its columns, primary key, unique constraints and checks; foreign keys follow when all are there. */
export function createTable(table: Table, context: TableContext): string {
  const keyIds = primaryKeyIds(table)
  const key = columnList(columnNames(keyIds, context))
  const items = [
    ...table.columns.map((column) => columnSql(column, table, context)),
    ...(keyIds.length === 0 ? [] : [`primary key ${key}`]),
    ...table.constraints.flatMap((constraint) => constraintSql(constraint, context)),
  ]
  const create = context.ifNotExists ? 'create table if not exists' : 'create table'
  const body = items.length === 0 ? '' : `\n  ${items.join(',\n  ')}\n`
  return `${create} ${tableSql(table, context)} (${body})`
}

function columnSql(column: Column, table: Table, { names }: TableContext): string {
  const type = columnType(column) ?? column.datatype
  const serial = isNumbered(column, table) ? serialType(type) : null
  const keyIds = primaryKeyIds(table)
  const value = defaultSql(column)
  return [
    quote(spell(column.name, names)),
    serial ?? type,
    ...(column.nullable && !keyIds.includes(column.id) ? [] : ['not null']),
    ...(value === null ? [] : [`default ${value}`]),
  ].join(' ')
}

/**
 * Whether new rows number themselves: as in Felis, a primary key of one column of integers without a default value that
 * refers to nothing, and a part of a longer one that asks for it.
 */
function isNumbered({ id, autoincrement, value }: Column, table: Table): boolean {
  const keyIds = primaryKeyIds(table)
  if (!keyIds.includes(id) || autoincrement === false || value !== null) return false
  if (autoincrement === true) return true
  const refers = table.constraints.some(({ kind, ...rest }) => {
    return kind === 'ForeignKey' && 'columns' in rest && rest.columns.includes(id)
  })
  return keyIds.length === 1 && !refers
}

function constraintSql(constraint: Constraint, context: TableContext): string[] {
  const name = quote(spell(constraint.name, context.names))
  if (constraint.kind === 'Unique') {
    const columns = columnList(columnNames(constraint.columns, context))
    return [`constraint ${name} unique ${columns}${deferral(constraint)}`]
  }
  // PostgreSQL does not defer checks.
  return constraint.kind === 'Check' ? [`constraint ${name} check (${constraint.expression})`] : []
}

function deferral({ deferrable, initially }: Constraint): string {
  if (!deferrable) return ''
  return ` deferrable${initially === null ? '' : ` initially ${initially.toLowerCase()}`}`
}

/** Comments on a table, its columns and its constraints. */
export function commentStatements(table: Table, context: TableContext): readonly string[] {
  const name = tableSql(table, context)
  const comment = (what: string, text: string | null) =>
    text === null || text === '' ? [] : [`comment on ${what} is ${literal(text)}`]
  return [
    ...comment(`table ${name}`, table.description),
    ...table.columns.flatMap((column) =>
      comment(`column ${name}.${quote(spell(column.name, context.names))}`, column.description),
    ),
    ...table.constraints.flatMap(({ name: constraint, description }) =>
      comment(`constraint ${quote(spell(constraint, context.names))} on ${name}`, description),
    ),
  ]
}

/** The foreign keys of a table. */
export function foreignKeyStatements(table: Table, context: TableContext): readonly string[] {
  return table.constraints.flatMap((key) => {
    const target = key.kind === 'ForeignKey' ? context.columns.get(key.referencedColumns[0] ?? '')?.table : undefined
    if (key.kind !== 'ForeignKey' || target === undefined) return []
    const parts = [
      `alter table ${tableSql(table, context)} add constraint ${quote(spell(key.name, context.names))}`,
      ` foreign key ${columnList(columnNames(key.columns, context))}`,
      ` references ${tableSql(target, context)} ${columnList(columnNames(key.referencedColumns, context))}`,
      ...(key.onDelete === null ? [] : [` on delete ${key.onDelete.toLowerCase()}`]),
      ...(key.onUpdate === null ? [] : [` on update ${key.onUpdate.toLowerCase()}`]),
      deferral(key),
    ]
    const add = parts.join('')
    return [context.ifNotExists ? unlessThere(add) : add]
  })
}

/** `add constraint` has no `if not exists`. */
function unlessThere(statement: string): string {
  const tag = statement.includes('$key$') ? '$foreign_key$' : '$key$'
  return `do ${tag} begin ${statement}; exception when duplicate_object then null; end ${tag}`
}
