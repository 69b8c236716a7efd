import type { GeometryStrategy } from '../adql/postgresql.ts'
import type { Schema, Table } from '../felis/model.ts'
import { EVERYBODY, quote } from '../tap-schema/slots.ts'
import { indexStatements, positionIndexNames, positionStatements } from './index-statements.ts'
import { type NameCase, spell } from './lookup.ts'
import { qualified } from './sql.ts'
import { type TableContext, tableContext, tableSql } from './table-context.ts'
import { commentStatements, createTable, foreignKeyStatements } from './table-statements.ts'

export interface TableOptions {
  readonly geometry: GeometryStrategy
  readonly names: NameCase
  /** What is there already stays as it is. */
  readonly ifNotExists: boolean
  /** The tables are dropped first, with their rows. */
  readonly drop: boolean
  /** `only`: the indexes of tables that are there; `none`: tables without them. Default: all. */
  readonly indexes?: 'all' | 'only' | 'none'
  /** Roles that may read the tables. */
  readonly readers: readonly string[]
}

/** The statements that make the tables of some schemas, in their order. */
export interface TablePlan {
  /** The PostgreSQL schemas, as they are spelt there; they are made where they are missing. */
  readonly schemas: readonly string[]
  readonly tables: number
  readonly indexes: number
  /** Without those that make the schemas. */
  readonly statements: readonly string[]
  /** Statements too, of which nothing in the schemas is taken as SQL; they come last. */
  readonly comments: readonly string[]
}

/** Schemas must have passed `checkTables`. */
export function planTables(schemas: readonly Schema[], options: TableOptions): TablePlan {
  const contexts = schemas.map((schema) => tableContext(schema, options.names, options.ifNotExists))
  const each = contexts.flatMap((context) => context.schema.tables.map((table) => ({ table, context })))
  const isTable = options.indexes !== 'only'
  const created = isTable ? each.map(({ table, context }) => createTable(table, context)) : []
  // What refers to other tables, or costs less when rows are there, comes last.
  const indexed = options.indexes === 'none' ? [] : each
  const indexes = indexed.flatMap(({ table, context }) => [
    ...indexStatements(table, context),
    ...positionStatements(table, options.geometry, context),
  ])
  const keys = isTable ? each.flatMap(({ table, context }) => foreignKeyStatements(table, context)) : []
  const names = contexts.map(({ schema }) => spell(schema.name, options.names))
  const tables = each.map(({ table, context }) => tableSql(table, context))
  return {
    schemas: isTable ? names : [],
    tables: created.length,
    indexes: indexes.length,
    statements: [
      ...(options.drop ? dropStatements(isTable, tables, indexes.length > 0 ? each : [], options) : []),
      ...created,
      ...indexes,
      ...keys,
      ...(isTable ? grantStatements(names, tables, options.readers) : []),
    ],
    comments: isTable ? each.flatMap(({ table, context }) => commentStatements(table, context)) : [],
  }
}

interface Planned {
  readonly table: Table
  readonly context: TableContext
}

function dropStatements(
  isTable: boolean,
  tables: readonly string[],
  each: readonly Planned[],
  { geometry, names }: TableOptions,
): readonly string[] {
  if (isTable) return tables.length === 0 ? [] : [`drop table if exists ${tables.join(', ')}`]
  return each.flatMap(({ table, context }) => {
    const named = table.indexes.map(({ name }) => spell(name, names))
    const schema = spell(context.schema.name, names)
    return [...named, ...positionIndexNames(table, geometry, context)].map(
      (name) => `drop index if exists ${qualified(schema, name)}`,
    )
  })
}

export function createSchema(name: string): string {
  return `create schema if not exists ${quote(name)}`
}

function grantStatements(
  schemas: readonly string[],
  tables: readonly string[],
  readers: readonly string[],
): readonly string[] {
  if (readers.length === 0) return []
  const roles = readers.map((reader) => (reader === EVERYBODY ? EVERYBODY : quote(reader))).join(', ')
  return [
    `grant usage on schema ${schemas.map(quote).join(', ')} to ${roles}`,
    ...(tables.length === 0 ? [] : [`grant select on ${tables.join(', ')} to ${roles}`]),
  ]
}
