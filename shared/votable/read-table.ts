import { readDelimited } from './read/read-delimited.ts'
import { readVotable } from './read/read-votable.ts'
import { sniff } from './read/sniff.ts'
import { TableContext, type TableLimits } from './read/table-context.ts'
import type { UploadedTable } from './uploaded-table.ts'

export type { TableLimits } from './read/table-context.ts'
export type { UploadedTable } from './uploaded-table.ts'

export interface ReadOptions {
  /** How messages call the table. */
  readonly name: string
  /** What its sender says that it is; what it is shows in its first bytes. */
  readonly contentType: string | null
  readonly limits: TableLimits
}

/**
 * A table that a user sends: a VOTable of version 1.0 to 1.5 in TABLEDATA, BINARY or BINARY2, or lines of CSV or TSV, also
 * packed in gzip. Memory is bounded for VOTables; the bytes of CSV and TSV are held, because the types of their columns
 * are known at the end.
 *
 * @throws UploadError that names the table, and the row and column
 */
export async function readTable(
  bytes: Uint8Array | AsyncIterable<Uint8Array>,
  options: ReadOptions,
): Promise<UploadedTable> {
  const context = new TableContext(options.name, options.limits)
  const given = bytes instanceof Uint8Array ? once(bytes) : bytes
  const { format, content } = await sniff(given, options.contentType, context)
  return format === 'votable' ? readVotable(content, context) : readDelimited(content, format, context)
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes
}
