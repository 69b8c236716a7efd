import type pg from 'pg'
import { quote } from '../tap-schema/slots.ts'
import { ObscoreSourceError } from './failures.ts'
import type { ObscoreSource } from './mapping.ts'

/** The table with the records, as SQL names it. */
export function sourceSql({ schema, table }: ObscoreSource): string {
  return `${quote(schema)}.${quote(table)}`
}

export interface FoundSource {
  readonly oid: number
  /** Whether it can have a trigger: a view cannot, and is only read when the table is built anew. */
  readonly isTable: boolean
}

/**
 * Looks whether the source is there and is what the mapping says.
 *
 * @throws ObscoreSourceError
 */
export async function findSource(client: pg.ClientBase, source: ObscoreSource): Promise<FoundSource> {
  const name = `${source.schema}.${source.table}`
  const { rows } = await client.query<{ oid: number; relkind: string }>(
    `select c.oid::integer as oid, c.relkind
       from pg_catalog.pg_class c
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p', 'v', 'm', 'f')`,
    [source.schema, source.table],
  )
  const [found] = rows
  if (found === undefined) throw new ObscoreSourceError(name, 'is not there')
  await checkColumns(client, found.oid, source, name)
  const isTable = found.relkind === 'r' || found.relkind === 'p'
  if (isTable) await checkKey(client, found.oid, source, name)
  return { oid: found.oid, isTable }
}

async function checkColumns(client: pg.ClientBase, oid: number, source: ObscoreSource, name: string): Promise<void> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `select attname::text as name, atttypid::regtype::text as type
       from pg_catalog.pg_attribute
      where attrelid = $1 and attnum > 0 and not attisdropped`,
    [oid],
  )
  const types = new Map(rows.map((row) => [row.name, row.type]))
  const missing = [...source.key, ...(source.document === null ? [] : [source.document])].find(
    (column) => !types.has(column),
  )
  if (missing !== undefined) throw new ObscoreSourceError(name, `has no column ${JSON.stringify(missing)}`)
  const type = source.document === null ? 'jsonb' : types.get(source.document)
  if (type !== 'jsonb') throw new ObscoreSourceError(name, `has ${type} in the column ${source.document}, not jsonb`)
}

/** Two records with one key would write one row by turns. */
async function checkKey(client: pg.ClientBase, oid: number, { key }: ObscoreSource, name: string): Promise<void> {
  const { rowCount } = await client.query(
    `select from pg_catalog.pg_index i
      where i.indrelid = $1 and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
        and (select array_agg(a.attname::text order by a.attname::text)
               from pg_catalog.pg_attribute a
              where a.attrelid = i.indrelid and a.attnum = any ((i.indkey::smallint[])[0:i.indnkeyatts - 1]))
            = $2::text[]`,
    [oid, [...key].sort()],
  )
  if (rowCount === 0) throw new ObscoreSourceError(name, `has no unique constraint on (${key.join(', ')})`)
}
