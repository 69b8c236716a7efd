import type { Field } from '../../votable/field.ts'
import { UploadError } from '../../votable/upload-error.ts'
import type { UploadedTable } from '../../votable/uploaded-table.ts'
import { CopyInput } from '../../votable/write/copy-input.ts'

/** A column as Qserv's ingest wants it. */
export interface IngestColumn {
  readonly name: string
  /** Of MariaDB. */
  readonly type: string
}

type WriteCell = (bytes: Buffer, at: number, length: number) => string

/** By PostgreSQL's type, in whose binary form the cells are. */
const CELLS: Readonly<Record<string, { readonly type: string; readonly write: WriteCell }>> = {
  boolean: { type: 'BOOLEAN', write: (bytes, at) => (bytes[at] === 0 ? '0' : '1') },
  smallint: { type: 'SMALLINT', write: (bytes, at) => String(bytes.readInt16BE(at)) },
  integer: { type: 'INT', write: (bytes, at) => String(bytes.readInt32BE(at)) },
  bigint: { type: 'BIGINT', write: (bytes, at) => String(bytes.readBigInt64BE(at)) },
  real: { type: 'FLOAT', write: (bytes, at) => realText(bytes.readFloatBE(at)) },
  float8: { type: 'DOUBLE', write: (bytes, at) => realText(bytes.readDoubleBE(at)) },
  text: { type: 'TEXT', write: (bytes, at, length) => escapeText(bytes.toString('utf8', at, at + length)) },
  timestamp: { type: 'DATETIME(6)', write: (bytes, at) => timestampText(bytes.readBigInt64BE(at)) },
}

/** The longest VARCHAR; beyond it TEXT, whose values cannot be compared as fast. */
const LONGEST_VARCHAR = 1024

/**
 * The columns of an uploaded table, c1, c2 …, with types of MariaDB.
 *
 * @throws UploadError for types that it does not have
 */
export function ingestColumns({
  fields,
  sqlTypes,
}: Pick<UploadedTable, 'fields' | 'sqlTypes'>): readonly IngestColumn[] {
  return fields.map((field, index) => ({ name: `c${index + 1}`, type: typeOf(field, sqlTypes[index] ?? '') }))
}

function typeOf({ name, datatype, arraysize = '' }: Field, sqlType: string): string {
  const cell = CELLS[sqlType]
  if (cell === undefined) {
    const message = `the column ${name} of a table that goes to Qserv with the query is an array, which it does not take: leave it out`
    throw new UploadError('upload_invalid', message)
  }
  if (datatype === 'unsignedByte') return 'TINYINT UNSIGNED'
  const [, length = ''] = /^(\d+)\*?$/.exec(arraysize) ?? []
  if (sqlType !== 'text' || length === '' || Number(length) > LONGEST_VARCHAR) return cell.type
  return `VARCHAR(${Math.max(1, Number(length))})`
}

/**
 * The rows for Qserv's ingest of CSV: fields with a tab between, the backslash escapes, `\N` is NULL.
 *
 * @throws UploadError
 */
export async function* writeIngestRows({ fields, sqlTypes, rows }: UploadedTable): AsyncGenerator<Buffer, void, void> {
  const writers = sqlTypes.map((sqlType) => CELLS[sqlType]?.write ?? (() => '\\N'))
  const input = new CopyInput(fields.length)
  for await (const chunk of rows) {
    input.push(chunk)
    const lines: string[] = []
    while (input.nextRow()) lines.push(writeRow(input, writers))
    if (lines.length > 0) yield Buffer.from(lines.join(''))
  }
}

function writeRow({ bytes, view, rowStart }: CopyInput, writers: readonly WriteCell[]): string {
  let at = rowStart
  const cells = writers.map((write) => {
    const length = view.getInt32(at)
    at += 4
    if (length < 0) return '\\N'
    const cell = write(bytes, at, length)
    at += length
    return cell
  })
  return `${cells.join('\t')}\n`
}

/** MariaDB has no NaN and no infinity. */
function realText(value: number): string {
  return Number.isFinite(value) ? String(value) : '\\N'
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r', '\0': '\\0' }

function escapeText(text: string): string {
  return text.replace(/[\\\t\n\r\0]/g, (character) => ESCAPES[character] ?? character)
}

/** Microseconds of PostgreSQL's epoch, 2000-01-01. */
function timestampText(microseconds: bigint): string {
  const whole = microseconds / 1_000_000n
  const rest = microseconds % 1_000_000n
  const seconds = rest < 0n ? whole - 1n : whole
  const fraction = rest < 0n ? rest + 1_000_000n : rest
  const date = new Date(Number(seconds) * 1000 + Date.UTC(2000, 0, 1)).toISOString().slice(0, 19)
  return `${date.replace('T', ' ')}.${String(fraction).padStart(6, '0')}`
}
