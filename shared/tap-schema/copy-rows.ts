import { finished } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { qualified } from './ddl.ts'
import type { LoaderOptions } from './options.ts'
import type { TapRow, TapSchemaRows } from './rows.ts'
import { quote, tableName } from './slots.ts'
import { columnsOf, TAP_TABLES } from './tables.ts'

/** Fills the five tables of a slot with COPY, one statement a table. */
export async function copyRows(
  client: pg.PoolClient,
  schema: string,
  rows: TapSchemaRows,
  options: LoaderOptions,
): Promise<void> {
  for (const table of TAP_TABLES) {
    const columns = columnsOf(table, options).map((column) => quote(column.name))
    const target = qualified(schema, tableName(table.name, options.postfix))
    const stream = client.query(copyFrom(`copy ${target} (${columns.join(', ')}) from stdin`))
    stream.end(copyText(rows[table.name]))
    await finished(stream)
  }
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
