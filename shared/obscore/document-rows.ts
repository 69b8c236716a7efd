import type pg from 'pg'
import { textSql } from '../adql/postgresql/names.ts'
import { quote } from '../tap-schema/slots.ts'
import type { ObscoreSource } from './mapping.ts'
import { sourceSql } from './source.ts'

/** The key of a row, and what its document comes to. */
export interface Checksum {
  readonly key: readonly string[]
  readonly sum: string | null
}

export type Checksums = ReadonlyMap<string, Checksum>

/** Of the rows that have one of these keys. */
export async function findChecksums(
  pool: pg.Pool,
  source: ObscoreSource,
  document: string,
  keys: readonly (readonly string[])[],
): Promise<Checksums> {
  return selectChecksums(pool, source, document, joinKeys(source), columnsOf(source, keys))
}

export async function selectChecksums(
  pool: pg.Pool,
  source: ObscoreSource,
  document: string,
  condition: string,
  values: readonly unknown[],
): Promise<Checksums> {
  const { rows } = await pool.query<{ key: string[]; sum: string | null }>(
    `select array[${source.key.map((column) => `d.${quote(column)}::text`).join(', ')}] as key, md5(d.${quote(document)}::text) as sum
       from ${sourceSql(source)} as d ${condition}`,
    [...values],
  )
  return new Map(rows.map((row) => [JSON.stringify(row.key), row]))
}

/** Rows whose key is in the arrays that are the parameters. */
function joinKeys({ key }: ObscoreSource): string {
  const arrays = key.map((_, index) => `$${index + 1}::text[]`).join(', ')
  const equal = key.map((column, index) => `d.${quote(column)}::text = k.k${index}`).join(' and ')
  return `join unnest(${arrays}) as k(${key.map((_, index) => `k${index}`).join(', ')}) on ${equal}`
}

function columnsOf({ key }: ObscoreSource, keys: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return key.map((_, index) => keys.map((values) => values[index] ?? ''))
}

/** Writes those of the rows that `to` has not, or has with another document. @returns how many */
export async function copyDifferent(
  from: pg.Pool,
  to: pg.Pool,
  source: ObscoreSource,
  document: string,
  wanted: Checksums,
): Promise<number> {
  const keys = [...wanted.values()].map(({ key }) => key)
  const present = await findChecksums(to, source, document, keys)
  const changed = [...wanted].filter(([id, { sum }]) => present.get(id)?.sum !== sum).map(([, { key }]) => key)
  return changed.length === 0 ? 0 : copyRows(from, to, source, document, changed)
}

/** Whole rows, as PostgreSQL prints them: JavaScript would take 1.0 for 1. They have the columns that both tables have and that are not generated. */
async function copyRows(
  from: pg.Pool,
  to: pg.Pool,
  source: ObscoreSource,
  document: string,
  keys: readonly (readonly string[])[],
): Promise<number> {
  const columns = await commonColumns(from, to, source)
  const { rows } = await from.query<{ row: string }>(
    `select jsonb_build_object(${columns.map((column) => `${textSql(column)}, d.${quote(column)}`).join(', ')})::text as row
       from ${sourceSql(source)} as d ${joinKeys(source)}`,
    [...columnsOf(source, keys)],
  )
  const list = columns.map(quote).join(', ')
  const written = await to.query(
    `insert into ${sourceSql(source)} as d (${list})
     select ${columns.map((column) => `r.${quote(column)}`).join(', ')}
       from jsonb_populate_recordset(null::${sourceSql(source)}, $1) as r
     on conflict (${source.key.map(quote).join(', ')}) do update set ${quote(document)} = excluded.${quote(document)}`,
    [`[${rows.map(({ row }) => row).join(',')}]`],
  )
  return written.rowCount ?? 0
}

async function commonColumns(from: pg.Pool, to: pg.Pool, source: ObscoreSource): Promise<readonly string[]> {
  const read = async (pool: pg.Pool) => {
    const { rows } = await pool.query<{ name: string }>(
      `select attname::text as name from pg_catalog.pg_attribute
        where attrelid = $1::regclass and attnum > 0 and not attisdropped and attidentity = '' and attgenerated = ''`,
      [sourceSql(source)],
    )
    return rows.map(({ name }) => name)
  }
  const [own, other] = [await read(from), await read(to)]
  return own.filter((name) => other.includes(name))
}

export async function deleteRows(
  pool: pg.Pool,
  source: ObscoreSource,
  keys: readonly (readonly string[])[],
): Promise<number> {
  const arrays = source.key.map((_, index) => `$${index + 1}::text[]`).join(', ')
  const names = source.key.map((_, index) => `k${index}`)
  const equal = source.key.map((column, index) => `d.${quote(column)}::text = k.k${index}`).join(' and ')
  const { rowCount } = await pool.query(
    `delete from ${sourceSql(source)} as d using unnest(${arrays}) as k(${names.join(', ')}) where ${equal}`,
    [...columnsOf(source, keys)],
  )
  return rowCount ?? 0
}
