import type pg from 'pg'
import { textSql } from '../adql/postgresql/names.ts'
import { quote } from '../tap-schema/slots.ts'
import { inTransaction } from '../tap-schema/transaction.ts'
import { ObscoreSourceError } from './failures.ts'
import { type KeyRange, keyRanges, rangeCondition } from './key-ranges.ts'
import type { ObscoreSource } from './mapping.ts'
import { findSource, sourceSql } from './source.ts'

export interface CopiedDocuments {
  readonly compared: number
  readonly written: number
  readonly deleted: number
}

const BATCH_ROWS = 5_000

/**
 * Makes the documents of one database those of another one, in a table of the same name, where replication cannot be had. All
 * are compared by key and checksum each time, so that no change is skipped, whenever it was committed; only what differs is
 * sent. A row that is deleted while it runs goes with the next run.
 *
 * @param from where the documents are written
 * @param to where they are published; the table must be there, with the same key
 * @throws ObscoreSourceError, DatabaseError
 */
export async function copyDocuments(
  from: pg.Pool,
  to: pg.Pool,
  source: ObscoreSource,
  batchRows = BATCH_ROWS,
): Promise<CopiedDocuments> {
  const { document } = source
  if (document === null)
    throw new ObscoreSourceError(`${source.schema}.${source.table}`, 'has no column of documents to copy')
  for (const pool of [from, to])
    await inTransaction(pool, 'looking at the source', (client) => findSource(client, source))
  const total = { compared: 0, written: 0, deleted: 0 }
  // Each side is walked by its own order: two databases may sort texts in different ways.
  for await (const range of keyRanges(from, source, batchRows)) {
    const wanted = await readChecksums(from, source, document, range)
    const present = await findChecksums(
      to,
      source,
      document,
      [...wanted.values()].map(({ key }) => key),
    )
    const changed = [...wanted].filter(([id, { sum }]) => present.get(id)?.sum !== sum).map(([, { key }]) => key)
    total.compared += wanted.size
    if (changed.length > 0) total.written += await copyRows(from, to, source, document, changed)
  }
  for await (const range of keyRanges(to, source, batchRows)) {
    const present = await readChecksums(to, source, document, range)
    const keys = [...present.values()].map(({ key }) => key)
    const wanted = await findChecksums(from, source, document, keys)
    const gone = [...present].filter(([id]) => !wanted.has(id)).map(([, { key }]) => key)
    if (gone.length > 0) total.deleted += await deleteRows(to, source, gone)
  }
  return total
}

interface Checksum {
  readonly key: readonly string[]
  readonly sum: string | null
}

type Checksums = ReadonlyMap<string, Checksum>

async function readChecksums(
  pool: pg.Pool,
  source: ObscoreSource,
  document: string,
  range: KeyRange,
): Promise<Checksums> {
  const { sql, values } = rangeCondition('d', source.key, range)
  return selectChecksums(pool, source, document, `where ${sql}`, values)
}

async function findChecksums(
  pool: pg.Pool,
  source: ObscoreSource,
  document: string,
  keys: readonly (readonly string[])[],
): Promise<Checksums> {
  return selectChecksums(pool, source, document, joinKeys(source), columnsOf(source, keys))
}

async function selectChecksums(
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

async function deleteRows(pool: pg.Pool, source: ObscoreSource, keys: readonly (readonly string[])[]): Promise<number> {
  const arrays = source.key.map((_, index) => `$${index + 1}::text[]`).join(', ')
  const names = source.key.map((_, index) => `k${index}`)
  const equal = source.key.map((column, index) => `d.${quote(column)}::text = k.k${index}`).join(' and ')
  const { rowCount } = await pool.query(
    `delete from ${sourceSql(source)} as d using unnest(${arrays}) as k(${names.join(', ')}) where ${equal}`,
    [...columnsOf(source, keys)],
  )
  return rowCount ?? 0
}
