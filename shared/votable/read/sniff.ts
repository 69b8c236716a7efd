import type { TableContext } from './table-context.ts'
import { unpack } from './unpack.ts'

export type TableFormat = 'votable' | 'csv' | 'tsv'

export interface Sniffed {
  readonly format: TableFormat
  /** Unpacked, from the first byte on. */
  readonly content: AsyncIterable<Uint8Array>
}

/** What is looked at. */
const START_BYTES = 1024

/** What begins like this is not read here, and what it is. */
const FOREIGN: readonly (readonly [start: string, what: string])[] = [
  ['SIMPLE  =', 'a FITS file'],
  ['PAR1', 'a Parquet file'],
  ['PK\x03\x04', 'a ZIP archive or a spreadsheet'],
  ['%PDF', 'a PDF file'],
  ['\xd0\xcf\x11\xe0', 'a spreadsheet'],
  ['\x89HDF', 'an HDF5 file'],
  ['{', 'JSON'],
]

/**
 * What a table is in, by its first bytes: gzip, then XML, or text with tabs or commas on its first line.
 *
 * @throws UploadError for what is not a table
 */
export async function sniff(
  bytes: AsyncIterable<Uint8Array>,
  contentType: string | null,
  context: TableContext,
): Promise<Sniffed> {
  let peeked = await peek(bytes)
  try {
    if (peeked.start[0] === 0x1f && peeked.start[1] === 0x8b) peeked = await peek(unpack(peeked.content, context))
    return choose(peeked, contentType, context)
  } catch (error) {
    await peeked.stop()
    throw error
  }
}

interface Peeked {
  readonly start: Buffer
  /** All of it, the start included. */
  readonly content: AsyncIterable<Uint8Array>
  readonly stop: () => Promise<void>
}

async function peek(bytes: AsyncIterable<Uint8Array>): Promise<Peeked> {
  const iterator = bytes[Symbol.asyncIterator]()
  const stop = async () => {
    await iterator.return?.()
  }
  const seen: Uint8Array[] = []
  let count = 0
  while (count < START_BYTES) {
    const { done, value } = await iterator.next()
    if (done === true) break
    seen.push(value)
    count += value.length
  }
  async function* replay(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* seen
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value
    } finally {
      await stop()
    }
  }
  return { start: Buffer.concat(seen).subarray(0, START_BYTES), content: replay(), stop }
}

function choose({ start, content }: Peeked, contentType: string | null, context: TableContext): Sniffed {
  const text = start.toString('latin1')
  const foreign = FOREIGN.find(([begin]) => text.startsWith(begin))
  if (foreign !== undefined) throw context.fault(`it is ${foreign[1]}; ${EXPECTED}`)
  // In UTF-8 or UTF-16, with a mark of the byte order or without.
  const isXml = /^(?:\xef\xbb\xbf|\xfe\xff\0?|\xff\xfe)?\s*</.test(text)
  if (isXml) return { format: 'votable', content }
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (/xml$/.test(type)) throw context.fault(`it is sent as ${type}, but is not XML; ${EXPECTED}`)
  if (text.trim() === '') throw context.fault(`it is empty; ${EXPECTED}`)
  const isTabbed = type === 'text/tab-separated-values' || (type !== 'text/csv' && /^[^\r\n]*\t/.test(text))
  return { format: isTabbed ? 'tsv' : 'csv', content }
}

const EXPECTED = 'send a VOTable, or CSV with a header'
