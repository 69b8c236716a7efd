import pg from 'pg'
import type { LoaderOptions } from './options.ts'
import { quote, tableName } from './slots.ts'
import { columnsOf, TAP_TABLES } from './tables.ts'

/** Tables without their constraints, so that rows are copied into plain heaps and indexes are built once. */
export function createTables(schema: string, options: LoaderOptions): string {
  return TAP_TABLES.map((table) => {
    const name = qualified(schema, tableName(table.name, options.postfix))
    const columns = columnsOf(table, options)
    const definitions = columns.map(
      (column) => `  ${quote(column.name)} ${column.type}${column.nullable ? '' : ' not null'}`,
    )
    const comments = columns
      .filter((column) => column.comment !== null)
      .map((column) => `comment on column ${name}.${quote(column.name)} is ${literal(column.comment ?? '')};`)
    return [
      `create table ${name} (\n${definitions.join(',\n')}\n);`,
      `comment on table ${name} is ${literal(table.comment)};`,
      ...comments,
    ].join('\n')
  }).join('\n')
}

/** Primary and foreign keys, with the names that Felis gives them. */
export function addConstraints(schema: string, options: LoaderOptions): string {
  const primaryKeys = TAP_TABLES.filter((table) => table.primaryKey.length > 0).map((table) => {
    const name = tableName(table.name, options.postfix)
    const columns = table.primaryKey.map(quote).join(', ')
    return `alter table ${qualified(schema, name)} add constraint ${quote(`${name}_pkey`)} primary key (${columns});`
  })
  const foreignKeys = TAP_TABLES.flatMap((table) =>
    table.foreignKeys.map((key) => {
      const from = qualified(schema, tableName(table.name, options.postfix))
      const target = qualified(schema, tableName(key.target, options.postfix))
      return `alter table ${from} add constraint ${key.name} foreign key (${quote(key.column)}) references ${target} (${quote(key.targetColumn)});`
    }),
  )
  return [...primaryKeys, ...foreignKeys].join('\n')
}

/** With a postfix, views give the five tables their standard names as well. */
export function createViews(schema: string, options: LoaderOptions): string {
  if (options.postfix === '') return ''
  return TAP_TABLES.map((table) => {
    const source = qualified(schema, tableName(table.name, options.postfix))
    return `create view ${qualified(schema, table.name)} as select * from ${source};`
  }).join('\n')
}

/**
 * `versions` says what the slot holds and is moved with it through every swap; `version` is the same under the name and
 * with the columns that Repertoire uses.
 */
export function createVersions(schema: string): string {
  const versions = qualified(schema, 'versions')
  return `
create table ${versions} (
  version varchar not null primary key,
  loaded_at timestamptz not null default now(),
  bucket text not null,
  object text not null,
  generation numeric not null,
  sha256 text not null,
  bytes bigint not null,
  staged_by text not null,
  history_id bigint not null
);
comment on table ${versions} is 'The release that this TAP_SCHEMA was loaded from, and the entry of almagest.history for it';
create view ${qualified(schema, 'version')} as select version, loaded_at from ${versions};`
}

/** What a stage says in `versions`, in this order. */
export const VERSION_COLUMNS: readonly string[] = [
  'version',
  'bucket',
  'object',
  'generation',
  'sha256',
  'bytes',
  'staged_by',
  'history_id',
]

export function grantReaders(schema: string, readers: readonly string[]): string {
  if (readers.length === 0) return ''
  const names = readers.map(quote).join(', ')
  return `grant usage on schema ${quote(schema)} to ${names};\ngrant select on all tables in schema ${quote(schema)} to ${names};`
}

export function qualified(schema: string, name: string): string {
  return `${quote(schema)}.${quote(name)}`
}

const literal: (text: string) => string = pg.escapeLiteral
