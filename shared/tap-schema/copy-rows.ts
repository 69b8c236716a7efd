import { finished } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { qualified } from './ddl.ts'
import type { LoaderOptions } from './options.ts'
import { quote, tableName } from './slots.ts'
import { columnsOf, TAP_TABLES, type TapRow, type TapSchemaRows } from './tables.ts'

/** Fills the five tables of a slot, one statement a table, in the transaction that has made them. */
export async function copyRows(
  client: pg.PoolClient,
  schema: string,
  rows: TapSchemaRows,
  options: LoaderOptions,
): Promise<void> {
  for (const table of TAP_TABLES) {
    const columns = columnsOf(table, options).map((column) => column.name)
    await copyInto(client, qualified(schema, tableName(table.name, options.postfix)), columns, rows[table.name])
  }
}

/**
 * Fills a table that this transaction has made. With FREEZE its rows are seen by every snapshot: a transaction in
 * REPEATABLE READ finds the tables of a new release by name, however old its snapshot is, and must not find them empty
 * (PostgreSQL documentation, MVCC: Caveats).
 */
export async function copyInto(
  client: pg.PoolClient,
  table: string,
  columns: readonly string[],
  rows: readonly TapRow[],
): Promise<void> {
  const stream = client.query(
    copyFrom(`copy ${table} (${columns.map(quote).join(', ')}) from stdin with (freeze, encoding 'UTF8')`),
  )
  stream.end(copyText(rows))
  await finished(stream)
}

/** COPY's text format (PostgreSQL documentation, COPY: File Formats). */
export function copyText(rows: readonly TapRow[]): string {
  return rows.map((row) => `${row.map(copyField).join('\t')}\n`).join('')
}

function copyField(value: string | number | null): string {
  if (value === null) return '\\N'
  if (typeof value === 'number') return String(value)
  return SPECIAL.test(value) ? value.replace(ALL_SPECIAL, (character) => ESCAPES[character] ?? character) : value
}

const SPECIAL = /[\\\t\n\r\b\f\v]/
const ALL_SPECIAL = /[\\\t\n\r\b\f\v]/g
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\b': '\\b',
  '\f': '\\f',
  '\v': '\\v',
}
