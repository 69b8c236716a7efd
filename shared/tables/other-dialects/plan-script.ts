import type { Column, Constraint, Index, Schema, Table } from '../../felis/model.ts'
import { type NameCase, primaryKeyIds, spell } from '../lookup.ts'
import { isNumbered } from '../structure/describe-structure.ts'
import { columnNames, type TableContext, tableContext } from '../table-context.ts'
import { type Dialect, defaultOf } from './dialect.ts'

export interface ScriptOptions {
  readonly names: NameCase
  readonly ifNotExists: boolean
  readonly drop: boolean
  /** `only`: the indexes of tables that are there; `none`: tables without them. */
  readonly indexes?: 'all' | 'only' | 'none'
}

/**
 * The statements that make the tables of schemas in a database other than PostgreSQL, in their order: the tables, keys,
 * checks and indexes that Felis's own `create` makes there. What the database does not know (deferred keys) is left out.
 */
export function planScript(schemas: readonly Schema[], dialect: Dialect, options: ScriptOptions): readonly string[] {
  const contexts = schemas.map((schema) => tableContext(schema, options.names, options.ifNotExists))
  const each = contexts.flatMap((context) => context.schema.tables.map((table) => ({ table, context })))
  const names = dialect.hasSchemas ? [...new Set(contexts.map(({ schema }) => spell(schema.name, options.names)))] : []
  const isTable = options.indexes !== 'only'
  const withIndexes = options.indexes !== 'none'
  const isApart = !isTable || !dialect.indexesInTable
  return [
    ...dialect.before,
    ...(isTable ? names.map((name) => `create database if not exists ${dialect.quote(name)}`) : []),
    ...(options.drop ? each.flatMap(({ table, context }) => drops(table, context, dialect, isTable)) : []),
    ...(isTable ? each.map(({ table, context }) => createTable(table, context, dialect, options)) : []),
    ...(withIndexes && isApart ? each.flatMap(({ table, context }) => createIndexes(table, context, dialect)) : []),
    ...dialect.after,
  ]
}

function drops(table: Table, context: TableContext, dialect: Dialect, isTable: boolean): readonly string[] {
  const name = tableName(table, context, dialect)
  if (isTable) return [`drop table if exists ${name}`]
  return table.indexes.map((index) => {
    const quoted = dialect.quote(spell(index.name, context.names))
    return dialect.indexesInTable ? `drop index ${quoted} on ${name}` : `drop index if exists ${quoted}`
  })
}

function tableName({ name }: Table, { schema, names }: TableContext, { quote, hasSchemas }: Dialect): string {
  const own = quote(spell(name, names))
  return hasSchemas ? `${quote(spell(schema.name, names))}.${own}` : own
}

function createTable(
  table: Table,
  context: TableContext,
  dialect: Dialect,
  { indexes = 'all' }: ScriptOptions,
): string {
  const keyIds = primaryKeyIds(table)
  const items = [
    ...table.columns.map((column) => columnSql(column, table, context, dialect)),
    ...(keyIds.length === 0 ? [] : [`primary key ${columnList(keyIds, context, dialect)}`]),
    ...table.constraints.flatMap((constraint) => constraintSql(constraint, context, dialect)),
    ...(dialect.indexesInTable && indexes === 'all'
      ? table.indexes.map((index) => `index ${indexSql(index, context, dialect)}`)
      : []),
  ]
  const create = context.ifNotExists ? 'create table if not exists' : 'create table'
  const body = items.length === 0 ? '' : `\n  ${items.join(',\n  ')}\n`
  return `${create} ${tableName(table, context, dialect)} (${body}) ${dialect.tableOptions(table)}`.trimEnd()
}

function columnSql(column: Column, table: Table, context: TableContext, dialect: Dialect): string {
  const value = defaultOf(column, dialect)
  return [
    dialect.quote(spell(column.name, context.names)),
    dialect.type(column),
    ...(column.nullable ? [] : ['not null']),
    ...(value === null ? [] : [`default ${value}`]),
    ...(isNumbered(column, table) && INTEGERS.test(dialect.type(column)) ? [dialect.autoincrement] : []),
    dialect.columnComment(column.description),
  ]
    .filter((part) => part !== '')
    .join(' ')
}

const INTEGERS = /^(?:tiny|small|medium|big)?int(?:eger)?\b/i

function columnList(ids: readonly string[], context: TableContext, { quote }: Dialect): string {
  return `(${columnNames(ids, context).map(quote).join(', ')})`
}

function constraintSql(constraint: Constraint, context: TableContext, dialect: Dialect): readonly string[] {
  const name = `constraint ${dialect.quote(spell(constraint.name, context.names))}`
  switch (constraint.kind) {
    case 'Unique':
      return [`${name} unique ${columnList(constraint.columns, context, dialect)}`]
    case 'Check':
      return [`${name} check (${constraint.expression})`]
    case 'ForeignKey': {
      const target = context.columns.get(constraint.referencedColumns[0] ?? '')?.table
      if (target === undefined) return []
      const { columns, referencedColumns, onDelete, onUpdate } = constraint
      const parts = [
        `${name} foreign key ${columnList(columns, context, dialect)}`,
        `references ${tableName(target, context, dialect)} ${columnList(referencedColumns, context, dialect)}`,
        ...(onDelete === null ? [] : [`on delete ${onDelete.toLowerCase()}`]),
        ...(onUpdate === null ? [] : [`on update ${onUpdate.toLowerCase()}`]),
      ]
      return [parts.join(' ')]
    }
  }
}

/** The name of an index and what it is on. */
function indexSql({ name, columns, expressions }: Index, context: TableContext, dialect: Dialect): string {
  const parts =
    columns === null
      ? `(${(expressions ?? []).map((expression) => `(${expression})`).join(', ')})`
      : columnList(columns, context, dialect)
  return `${dialect.quote(spell(name, context.names))} ${parts}`
}

function createIndexes(table: Table, context: TableContext, dialect: Dialect): readonly string[] {
  const create = context.ifNotExists && !dialect.indexesInTable ? 'create index if not exists' : 'create index'
  return table.indexes.map((index) => {
    const quoted = dialect.quote(spell(index.name, context.names))
    const on = indexSql(index, context, dialect).slice(quoted.length + 1)
    return `${create} ${quoted} on ${tableName(table, context, dialect)} ${on}`
  })
}
