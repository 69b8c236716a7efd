import { MAX_COLUMNS } from '../../shared/user-tables/names.ts'
import { checkColumns, readVosiTable, type TableDefinition } from '../../shared/user-tables/table-definition.ts'
import { readTable } from '../../shared/votable/read-table.ts'
import type { UploadedTable } from '../../shared/votable/uploaded-table.ts'

/** How much of a document is looked at to see what it is. */
const HEAD_BYTES = 4096

/** What a new table is to be. */
export interface NewContent {
  readonly definition: TableDefinition
  /** To be read to its end, or closed. null: it is to be empty. */
  readonly rows: UploadedTable | null
}

export interface ContentLimits {
  /** How messages call the table. */
  readonly name: string
  readonly rows: number
  readonly bytes: number
}

/**
 * What a document makes of a new table: a VOSI table its columns, a VOTable, CSV or TSV also its rows.
 *
 * @throws UserTableError, UploadError
 */
export async function readContent(
  body: Buffer,
  contentType: string | null,
  limits: ContentLimits,
): Promise<NewContent> {
  const head = body.subarray(0, HEAD_BYTES).toString('latin1')
  if (/<(?:[\w.-]+:)?(?:table|tableset)[\s>/]/.test(head) && !/<(?:[\w.-]+:)?VOTABLE/.test(head)) {
    return { definition: readVosiTable(body.toString('utf8')), rows: null }
  }
  return readRows(body, contentType, limits)
}

/** The same of a table alone, which may come bit by bit. @throws UserTableError, UploadError */
export async function readRows(
  bytes: Uint8Array | AsyncIterable<Uint8Array>,
  contentType: string | null,
  { name, ...limits }: ContentLimits,
): Promise<NewContent & { readonly rows: UploadedTable }> {
  const rows = await readTable(bytes, { name, contentType, limits: { ...limits, columns: MAX_COLUMNS } })
  try {
    const { description, fields, sqlTypes } = rows
    const columns = fields.map((field, index) => ({ ...field, sqlType: sqlTypes[index] ?? 'text' }))
    return {
      definition: { ...(description === undefined ? {} : { description }), columns: checkColumns(columns) },
      rows,
    }
  } catch (error) {
    await rows.close()
    throw error
  }
}
