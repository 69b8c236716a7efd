import type pg from 'pg'
import { inTransaction } from '../tap-schema/transaction.ts'
import { type Checksums, copyDifferent, deleteRows, findChecksums, selectChecksums } from './document-rows.ts'
import { ObscoreSourceError } from './failures.ts'
import { type KeyRange, keyRanges, rangeCondition } from './key-ranges.ts'
import type { ObscoreSource } from './mapping.ts'
import { findSource } from './source.ts'

export interface CopiedDocuments {
  readonly compared: number
  readonly written: number
  readonly deleted: number
}

export const BATCH_ROWS = 5_000

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
  const document = await findDocuments(from, to, source)
  const total = { compared: 0, written: 0, deleted: 0 }
  // Each side is walked by its own order: two databases may sort texts in different ways.
  for await (const range of keyRanges(from, source, batchRows)) {
    const wanted = await readChecksums(from, source, document, range)
    total.compared += wanted.size
    total.written += await copyDifferent(from, to, source, document, wanted)
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

/** @returns the column of the documents, which both sides have */
export async function findDocuments(from: pg.Pool, to: pg.Pool, source: ObscoreSource): Promise<string> {
  const { document } = source
  if (document === null)
    throw new ObscoreSourceError(`${source.schema}.${source.table}`, 'has no column of documents to copy')
  for (const pool of [from, to])
    await inTransaction(pool, 'looking at the source', (client) => findSource(client, source))
  return document
}

async function readChecksums(
  pool: pg.Pool,
  source: ObscoreSource,
  document: string,
  range: KeyRange,
): Promise<Checksums> {
  const { sql, values } = rangeCondition('d', source.key, range)
  return selectChecksums(pool, source, document, `where ${sql}`, values)
}
