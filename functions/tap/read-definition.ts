import { MAX_COLUMNS } from '../../shared/user-tables/names.ts'
import { checkColumns, readVosiTable, type TableDefinition } from '../../shared/user-tables/table-definition.ts'
import { readTable } from '../../shared/votable/read-table.ts'

/** How much of a document is looked at to see what it is. */
const HEAD_BYTES = 4096

/**
 * The columns that a new table is to have, of whatever describes them: a VOSI table, or a table with or without rows,
 * which are left alone.
 *
 * @throws UserTableError, UploadError
 */
export async function readDefinition(
  body: Buffer,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  { name, rows, bytes }: { readonly name: string; readonly rows: number; readonly bytes: number },
): Promise<TableDefinition> {
  const [contentType = null] = [headers['content-type'] ?? []].flat()
  const head = body.subarray(0, HEAD_BYTES).toString('latin1')
  if (/<(?:[\w.-]+:)?(?:table|tableset)[\s>/]/.test(head) && !/<(?:[\w.-]+:)?VOTABLE/.test(head)) {
    return readVosiTable(body.toString('utf8'))
  }
  const limits = { rows, bytes, columns: MAX_COLUMNS }
  const table = await readTable(once(body), { name, contentType, limits })
  await table.close()
  const { description, fields, sqlTypes } = table
  const columns = fields.map((field, index) => ({ ...field, sqlType: sqlTypes[index] ?? 'text' }))
  return { ...(description === undefined ? {} : { description }), columns: checkColumns(columns) }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes
}
