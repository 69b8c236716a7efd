import type { UploadedTable } from '../uploaded-table.ts'
import { BinaryRows } from './binary-rows.ts'
import { publishedField } from './read-field.ts'
import { decodeXml, slice } from './slices.ts'
import type { TableContext } from './table-context.ts'
import { unpack } from './unpack.ts'
import { type Serialization, VotableReader } from './votable-reader.ts'
import { XmlFeed } from './xml-feed.ts'

/** The document as far as it is read, and how to read on. */
interface Reading {
  readonly reader: VotableReader
  /** Reads one more piece. @throws UploadError at the end of the document */
  readonly advance: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** The first table of a VOTable of any version; `bytes` is read to the first row, the rest as the rows are asked for. */
export async function readVotable(bytes: AsyncIterable<Uint8Array>, context: TableContext): Promise<UploadedTable> {
  const reader = new VotableReader(context)
  const feed = new XmlFeed(reader, context)
  const texts = decodeXml(slice(bytes, context), context)
  const stop = async () => {
    await texts.return(undefined)
  }
  const advance = async () => {
    const { done, value } = await texts.next()
    if (done !== true) return feed.push(value)
    feed.end()
    throw reader.explainMissing()
  }
  try {
    while (!reader.hasHead) await advance()
  } catch (error) {
    await stop()
    throw error
  }
  const { columns, description } = reader
  return {
    fields: columns.map(({ field }) => publishedField(field)),
    sqlTypes: columns.map(({ sqlType }) => sqlType),
    ...(description === undefined ? {} : { description }),
    rows: readRows({ reader, advance, stop }, context),
    close: stop,
  }
}

async function* readRows(reading: Reading, context: TableContext): AsyncGenerator<Uint8Array, void, undefined> {
  const { reader, advance, stop } = reading
  const { rows, serialization } = reader
  try {
    if (serialization === 'TABLEDATA') {
      while (!reader.isDone) {
        await advance()
        yield* rows.takeParts()
      }
    } else if (serialization !== null) yield* readBinary(reading, serialization, context)
    yield rows.end()
  } finally {
    await stop()
  }
}

async function* readBinary(
  reading: Reading,
  serialization: Exclude<Serialization, 'TABLEDATA'>,
  context: TableContext,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { columns, rows, isPacked } = reading.reader
  const binary = new BinaryRows(columns, rows, serialization)
  const bytes = readStream(reading)
  for await (const chunk of isPacked ? unpack(bytes, context) : bytes) {
    binary.push(chunk)
    yield* rows.takeParts()
  }
  binary.end()
}

/** The bytes of the STREAM, as many as come at a time. */
async function* readStream({ reader, advance }: Reading): AsyncGenerator<Buffer, void, undefined> {
  for (;;) {
    yield* reader.stream.splice(0)
    if (reader.isDone) return
    await advance()
  }
}
