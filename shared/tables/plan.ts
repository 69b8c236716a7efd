import type { GeometryStrategy } from '../adql/postgresql.ts'
import type { Schema } from '../felis/model.ts'
import { EVERYBODY, quote } from '../tap-schema/slots.ts'
import { indexStatements, positionStatements } from './index-statements.ts'
import { type NameCase, spell } from './lookup.ts'
import { tableContext, tableSql } from './table-context.ts'
import { commentStatements, createTable, foreignKeyStatements } from './table-statements.ts'

export interface TableOptions {
  readonly geometry: GeometryStrategy
  readonly names: NameCase
  /** What is there already stays as it is. */
  readonly ifNotExists: boolean
  /** The tables are dropped first, with their rows. */
  readonly drop: boolean
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
  const created = each.map(({ table, context }) => createTable(table, context))
  // What refers to other tables, or costs less when rows are there, comes last.
  const indexes = each.flatMap(({ table, context }) => [
    ...indexStatements(table, context),
    ...positionStatements(table, options.geometry, context),
  ])
  const keys = each.flatMap(({ table, context }) => foreignKeyStatements(table, context))
  const names = contexts.map(({ schema }) => spell(schema.name, options.names))
  const tables = each.map(({ table, context }) => tableSql(table, context))
  return {
    schemas: names,
    tables: tables.length,
    indexes: indexes.length,
    statements: [
      ...(options.drop && tables.length > 0 ? [`drop table if exists ${tables.join(', ')}`] : []),
      ...created,
      ...indexes,
      ...keys,
      ...grantStatements(names, tables, options.readers),
    ],
    comments: each.flatMap(({ table, context }) => commentStatements(table, context)),
  }
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
