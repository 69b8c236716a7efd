import type pg from 'pg'
import { ColumnList, type ColumnMetadata, type TableMetadata } from '../../shared/adql/metadata.ts'
import { parseQuery } from '../../shared/adql/parse.ts'
import { type GeometryStrategy, POSTGRESQL_SETTINGS, toPostgresql } from '../../shared/adql/postgresql.ts'
import { type ResolveOptions, resolveQuery } from '../../shared/adql/resolve.ts'
import { TableSet } from '../../shared/adql/table-set.ts'
import { BIGINT, DOUBLE, INTEGER, TEXT, TIMESTAMP, type ValueType } from '../../shared/adql/value-type.ts'

const COLUMNS: Readonly<Record<string, ValueType>> = {
  id: INTEGER,
  a: DOUBLE,
  b: DOUBLE,
  n: INTEGER,
  big: BIGINT,
  s: TEXT,
  t: TIMESTAMP,
}

const list = Object.entries(COLUMNS).map(([text, type]): ColumnMetadata => ({ name: { text, delimited: false }, type }))
const TABLE: TableMetadata = {
  schema: { text: 'fn', delimited: false },
  name: { text: 'line', delimited: false },
  tapName: 'fn.line',
  columns: new ColumnList(list),
  positions: [],
}

/** `fn.line`, with columns of each common type, for functions to work on. */
export const LINE_TABLES: TableSet = new TableSet([TABLE])

export const CREATE_LINES = `create schema fn;
  create table fn.line (id integer, a float8, b float8, n integer, big bigint, s text, t timestamp)`

export interface Translation extends ResolveOptions {
  readonly geometry?: GeometryStrategy
}

/** SQL of a query on `fn.line`. */
export function sqlOn(adql: string, { geometry = 'portable', ...options }: Translation = {}): string {
  return toPostgresql(resolveQuery(parseQuery(adql), LINE_TABLES, options), { geometry })
}

/** The rows of a query on `fn.line`, numbers as numbers and bigints as text. */
export async function answer(pool: pg.Pool, adql: string, translation?: Translation): Promise<unknown[][]> {
  const settings = Object.entries(POSTGRESQL_SETTINGS).map(([name, value]) => `set ${name} = '${value}'`)
  const client = await pool.connect()
  try {
    await client.query(settings.join('; '))
    const { rows } = await client.query({ text: sqlOn(adql, translation), rowMode: 'array' })
    return rows
  } finally {
    client.release()
  }
}
