import type { ChosenFormat, Serialization } from './formats.ts'
import { ResultFailure } from './result-failure.ts'
import { Binary2Writer } from './write/binary2-writer.ts'
import { CopyInput } from './write/copy-input.ts'
import { CSV, DelimitedWriter, TSV } from './write/delimited-writer.ts'
import type { ResultWriter } from './write/result-writer.ts'
import { TabledataWriter } from './write/tabledata-writer.ts'
import type { ResultHead } from './write/votable-head.ts'

export type { Info, ResultHead } from './write/votable-head.ts'
export { writeErrorDocument } from './write/votable-head.ts'

export interface ResultSummary {
  /** How many rows were written. */
  readonly rows: number
  /** Whether there would have been more. */
  readonly overflow: boolean
}

export interface WriteOptions {
  readonly format: ChosenFormat
  /** The most rows that are written; one more row means overflow. 0: the columns alone, which is an overflow too. */
  readonly maxRows: number
  /**
   * After the first byte, `document` ends a VOTable with the error (DALI 1.1 §4.4.1) and stops; other formats cannot say
   * it. They throw, as `throw` always does, and so does every error before the first byte.
   */
  readonly onError: 'document' | 'throw'
  /** Called before the last bytes of a complete document are given out. */
  onEnd?(summary: ResultSummary): void
  /** What the client is told of an error. */
  describeError(error: unknown): string
}

type OpenWriter = (head: ResultHead, parts: Uint8Array[]) => ResultWriter | Promise<ResultWriter>

const WRITERS: Readonly<Record<Serialization, OpenWriter>> = {
  binary2: (head, parts) => new Binary2Writer(head, parts),
  tabledata: (head, parts) => new TabledataWriter(head, parts),
  csv: (head, parts) => new DelimitedWriter(head, CSV, parts),
  tsv: (head, parts) => new DelimitedWriter(head, TSV, parts),
  async parquet(head, parts) {
    // Loaded when it is first needed: few ask for it, and a cold start waits for whatever is loaded.
    const { ParquetResultWriter } = await import('./write/parquet-writer.ts')
    return new ParquetResultWriter(head, parts)
  },
}

/**
 * A result document, in chunks of about 64 KiB, from the bytes of PostgreSQL's `copy (…) to stdout (format binary)`.
 * Nothing is given out before the first 64 KiB of rows are there, or their end: a query that fails early has no document.
 * `rows` is read no further than needed; with `maxRows` 0, not at all. Whoever stops early while it waits for rows has to
 * end them too: a generator cannot be left while it waits.
 */
export async function* writeResult(
  rows: AsyncIterable<Uint8Array>,
  head: ResultHead,
  { format, maxRows, onError, onEnd, describeError }: WriteOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const parts: Uint8Array[] = []
  const writer = await WRITERS[format.serialization](head, parts)
  const input = new CopyInput(head.fields.length)
  let written = 0
  let overflow = maxRows === 0
  let isStarted = false
  const takeParts = () => {
    isStarted = true
    return joinParts(parts)
  }
  try {
    if (!overflow) {
      for await (const chunk of rows) {
        input.push(chunk)
        while (input.nextRow()) {
          overflow = written === maxRows
          if (overflow) break
          writer.add(input)
          written++
          // The head waits for the first rows: what fails before there are 64 KiB of them can be a plain error.
          if (parts.length > (isStarted ? 0 : 1)) yield takeParts()
        }
        if (overflow) break
      }
      if (!overflow && !input.isComplete) throw new ResultFailure('PostgreSQL ended the rows before they were complete')
    }
    writer.end(overflow)
  } catch (error) {
    if (!isStarted || onError === 'throw' || !writer.fail(describeError(error))) throw error
    yield takeParts()
    return
  }
  onEnd?.({ rows: written, overflow })
  yield takeParts()
}

function joinParts(parts: Uint8Array[]): Uint8Array {
  const [first = new Uint8Array(0), ...others] = parts.splice(0)
  return others.length === 0 ? first : Buffer.concat([first, ...others])
}
