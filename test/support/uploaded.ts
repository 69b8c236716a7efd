import { readTable, type TableLimits } from '../../shared/votable/read-table.ts'
import type { UploadedTable } from '../../shared/votable/uploaded-table.ts'
import { inChunks } from './copy-binary.ts'

const LIMITS: TableLimits = { rows: 1000, bytes: 10_000_000, columns: 100 }

export interface UploadSetting {
  readonly contentType?: string
  readonly limits?: Partial<TableLimits>
  /** How the bytes come. */
  readonly sizes?: readonly number[]
}

/** A table called t, read as far as its columns. */
export function openUpload(bytes: Uint8Array | string, setting: UploadSetting = {}): Promise<UploadedTable> {
  const { contentType = null, limits = {}, sizes = [1000] } = setting
  return readTable(inChunks(Buffer.from(bytes as string), sizes), {
    name: 't',
    contentType,
    limits: { ...LIMITS, ...limits },
  })
}

/** All bytes of its rows. */
export async function collectRows({ rows }: UploadedTable): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of rows) parts.push(part)
  return Buffer.concat(parts)
}

/** NULL, or the bytes of a cell. */
export type RawCell = Buffer | null

/** The cells of binary COPY, row by row. */
export function splitCopy(bytes: Buffer): RawCell[][] {
  const rows: RawCell[][] = []
  for (let at = 19; bytes.readInt16BE(at) !== -1; ) {
    const row: RawCell[] = []
    const columns = bytes.readInt16BE(at)
    at += 2
    for (let column = 0; column < columns; column++) {
      const length = bytes.readInt32BE(at)
      at += 4
      row.push(length === -1 ? null : bytes.subarray(at, at + length))
      at += Math.max(length, 0)
    }
    rows.push(row)
  }
  return rows
}

/** The rows of a table whose columns are text, with NULLs. */
export async function textRows(bytes: Uint8Array | string, setting: UploadSetting = {}): Promise<(string | null)[][]> {
  const copied = await collectRows(await openUpload(bytes, setting))
  return splitCopy(copied).map((row) => row.map((cell) => (cell === null ? null : cell.toString())))
}

/** What is wrong with a table, or with one of its rows; fails where nothing is. */
export async function faultOf(bytes: Uint8Array | string, setting: UploadSetting = {}): Promise<string> {
  try {
    await collectRows(await openUpload(bytes, setting))
  } catch (error) {
    if (error instanceof Error && error.name === 'UploadError') return error.message
    throw error
  }
  throw new Error('nothing is wrong with this table')
}
