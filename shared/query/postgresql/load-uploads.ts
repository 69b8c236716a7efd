import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { TableMetadata } from '../../adql/metadata.ts'
import { UploadError } from '../../votable/upload-error.ts'
import { QueryServiceError } from '../errors.ts'
import type { Upload } from '../upload.ts'
import { describeUpload } from '../upload-metadata.ts'
import { sqlStateOf } from './explain.ts'

/** Where temporary tables are. Their names and those of their columns are our own: a user's are never part of SQL. */
const SCHEMA = 'pg_temp'

/** What a query can name its uploads by, `TAP_UPLOAD.name`, where `loadUploads` puts them. */
export function describeUploads(uploads: readonly Upload[]): readonly TableMetadata[] {
  return uploads.map((upload, index) => describeUpload(upload, { schema: SCHEMA, name: nameOf(index) }))
}

/**
 * Puts tables that come with a query into temporary tables of the transaction that is open, with statistics for the
 * planner; they are gone when it ends. Reads each table to its end, or closes it.
 *
 * @throws UploadError for the tables, QueryServiceError where the role may not have temporary tables, else what `pg` throws
 */
export async function loadUploads(client: pg.ClientBase, uploads: readonly Upload[]): Promise<void> {
  if (uploads.length === 0) return
  const tables = uploads.map(({ table }, index) => ({ table, sqlName: `${SCHEMA}.${nameOf(index)}` }))
  try {
    const creates = tables.map(({ table, sqlName }) => {
      const columns = table.sqlTypes.map((type, index) => `c${index + 1} ${type}`)
      return `create temporary table ${sqlName} (${columns.join(', ')}) on commit drop`
    })
    await client.query(creates.join(';\n')).catch(explainCreate)
    for (const { table, sqlName } of tables) {
      const copy = client.query(copyFrom(`copy ${sqlName} from stdin with (format binary)`))
      await pipeline(Readable.from(table.rows), copy).catch(explainCopy)
    }
    await client.query(`analyze ${tables.map(({ sqlName }) => sqlName).join(', ')}`)
  } finally {
    await Promise.all(uploads.map(({ table }) => table.close()))
  }
}

function nameOf(index: number): string {
  return `upload_${index + 1}`
}

function explainCreate(error: unknown): never {
  // Not allowed (42501), or the server is a replica that can only be read (25006).
  if (!['42501', '25006'].includes(sqlStateOf(error) ?? '')) throw error
  throw new QueryServiceError(
    'This service cannot take uploads: its database role may not create temporary tables there. Its operators can see it in the log.',
    error,
  )
}

function explainCopy(error: unknown): never {
  // A row that does not fit into a page (54000), which values of fixed length can do.
  if (!sqlStateOf(error)?.startsWith('54')) throw error
  throw new UploadError(
    'upload_too_large',
    'The rows of an uploaded table are too wide for the database: send fewer columns, or only those that the query needs.',
    error,
  )
}
