import { boundaryOf, parseMultipart } from '../../shared/platform/http/multipart.ts'
import { badArgument, QservRefusal } from './envelope.ts'
import type { NewTable, TableColumn } from './user-tables.ts'

/** `POST /ingest/csv`: plain parts, then files, the last of them `rows` (spec/qserv.md §1.7). */
export function readIngestForm(body: Buffer, contentType: string): NewTable {
  if (!contentType.startsWith('multipart/form-data')) {
    throw new QservRefusal('failed to pass authorization requirements, ex: the request is not multipart/form-data')
  }
  const parameters: Record<string, string> = {}
  const files = new Map<string, Buffer>()
  for (const { name, isFile, content } of parseMultipart(body, boundaryOf(contentType), 100)) {
    if (files.has('rows')) throw badArgument(`part ${name} comes after rows`)
    if (!isFile && files.size > 0) throw badArgument(`part ${name} comes after a file`)
    if (!isFile) parameters[name] = content.toString()
    else if (['schema', 'indexes', 'rows'].includes(name)) files.set(name, content)
    else throw badArgument(`unexpected file part ${name}`)
  }
  const [schema, rows] = [files.get('schema'), files.get('rows')]
  if (schema === undefined || rows === undefined) throw badArgument('a file part schema or rows is missing')
  const { database = '', table = '' } = parameters
  const columns = JSON.parse(schema.toString()) as TableColumn[]
  return { database, table, columns, parameters, rows: readRows(rows.toString(), parameters) }
}

/** CSV without a header; `\N` is NULL. */
function readRows(text: string, parameters: Readonly<Record<string, string>>): (string | null)[][] {
  const { fields_terminated_by: separator = '\t', fields_enclosed_by: quote = '\0' } = parameters
  const { fields_escaped_by: escaper = '\\', lines_terminated_by: end = '\n' } = parameters
  const rows: (string | null)[][] = []
  let row: (string | null)[] = []
  let cell = ''
  let isNull = false
  let isQuoted = false
  const endCell = () => {
    row.push(isNull ? null : cell)
    cell = ''
    isNull = false
  }
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] as string
    if (letter === escaper) {
      const next = text[++at] ?? ''
      if (next === 'N') isNull = true
      else cell += { n: '\n', t: '\t', r: '\r', '0': '\0' }[next] ?? next
    } else if (letter === quote) isQuoted = !isQuoted
    else if (!isQuoted && letter === separator) endCell()
    else if (!isQuoted && letter === end) {
      endCell()
      rows.push(row)
      row = []
    } else cell += letter
  }
  if (cell !== '' || row.length > 0) {
    endCell()
    rows.push(row)
  }
  return rows
}
