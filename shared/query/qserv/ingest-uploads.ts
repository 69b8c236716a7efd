import type { TableMetadata } from '../../adql/metadata.ts'
import { type QservClient, workerErrorsOf } from '../../qserv/client.ts'
import { QservRefusedError, QservUnavailableError } from '../../qserv/errors.ts'
import { UploadError } from '../../votable/upload-error.ts'
import type { LiveTables } from '../live-tables.ts'
import type { Upload } from '../upload.ts'
import { describeUpload } from '../upload-metadata.ts'
import type { QservPlan } from './plan.ts'
import { placeUpload } from './upload-placement.ts'
import { ingestColumns, writeIngestRows } from './upload-table.ts'

/**
 * A database of its own for each query (spec/qserv.md §1.7): tables that are loaded into one at once collide.
 *
 * @param id of the job, or of the entry in the ledger of sync queries
 */
export function uploadDatabase(id: string): string {
  return `user_tap_${id}`
}

/** What a query can name its uploads by. Their names and those of their columns are ours: t1, c1. */
export function describeQservUploads(uploads: readonly Upload[], database: string): readonly TableMetadata[] {
  return uploads.map((upload, index) => describeUpload(upload, { schema: database, name: `t${index + 1}` }))
}

/**
 * Loads the uploaded tables of a query into a database of Qserv. Each table is read to its end, once.
 *
 * @param tables as `describeQservUploads` made them, in the same order
 * @throws UploadError, QservUnavailableError
 */
export async function ingestUploads<Release extends LiveTables>(
  client: QservClient,
  database: string,
  uploads: readonly Upload[],
  tables: readonly TableMetadata[],
  { resolved }: Pick<QservPlan<Release>, 'resolved'>,
  signal?: AbortSignal,
): Promise<void> {
  for (const [index, { name, table }] of uploads.entries()) {
    const described = tables[index]
    if (described === undefined) continue
    const schema = JSON.stringify(ingestColumns(table))
    const fields = {
      ...{ database, table: `t${index + 1}`, fields_terminated_by: '\t', lines_terminated_by: '\n' },
      ...{ fields_escaped_by: '\\', charset_name: 'utf8mb4', collation_name: 'utf8mb4_bin' },
      ...placeUpload(resolved, described),
    }
    const form = () => ({
      fields,
      files: [
        { name: 'schema', content: schema },
        { name: 'rows', content: writeIngestRows(table) },
      ],
    })
    await client.ingestCsv(form, signal).catch((error: unknown) => {
      // The table itself ended the request.
      if (error instanceof QservUnavailableError && error.cause instanceof UploadError) throw error.cause
      if (!(error instanceof QservRefusedError)) throw error
      const reason = workerErrorsOf(error) ?? error.message
      throw new UploadError('upload_invalid', `Qserv could not load the table ${name}: ${reason}`, error)
    })
  }
}
