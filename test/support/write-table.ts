import type { Field } from '../../shared/votable/field.ts'
import { chooseFormat } from '../../shared/votable/formats.ts'
import { type ResultHead, writeResult } from '../../shared/votable/write-result.ts'
import { copyBinary, inChunks, type PgType, type PgValue } from './copy-binary.ts'

/** A column with what PostgreSQL calls its type, and its values. */
export type TestColumn = readonly [field: Field, type: PgType, ...values: PgValue[]]

/** The whole document of a result, in such a format. */
export async function writeWhole(
  rows: AsyncIterable<Uint8Array>,
  head: Partial<ResultHead>,
  format: string | undefined,
  maxRows = 1e9,
): Promise<Buffer> {
  const options = { format: chooseFormat(format)!, maxRows, onError: 'throw', describeError: String } as const
  const parts: Uint8Array[] = []
  for await (const part of writeResult(rows, { fields: [], infos: [], services: [], ...head }, options))
    parts.push(part)
  return Buffer.concat(parts)
}

export async function writeColumns(columns: readonly TestColumn[], format?: string): Promise<Buffer> {
  const [, , ...first] = columns[0]!
  const rows = first.map((_, row) => columns.map(([, , ...values]) => values[row]!))
  const types = columns.map(([, type]) => type)
  return writeWhole(inChunks(copyBinary(types, rows), [1000]), { fields: columns.map(([field]) => field) }, format)
}
