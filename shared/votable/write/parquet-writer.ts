import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { type ColumnPlan, planColumn, TEXT } from './column-plan.ts'
import type { CopyInput } from './copy-input.ts'
import { parquetSchema } from './parquet-schema.ts'
import { type ParquetValue, readValue } from './parquet-values.ts'
import type { ResultWriter } from './result-writer.ts'
import { closeResults, openResults, type ResultHead } from './votable-head.ts'

/** A row group is held in memory, in several times the room: it ends with so many bytes from PostgreSQL, or rows. */
const GROUP_BYTES = 768 * 1024
const GROUP_ROWS = 65_536

/** Bytes that are written are parts of the document after each row group. */
class PartWriter extends ByteWriter {
  readonly #parts: Uint8Array[]

  constructor(parts: Uint8Array[]) {
    super()
    this.#parts = parts
  }

  flush(): void {
    this.#parts.push(Buffer.from(this.getBytes()))
    this.index = 0
  }

  override finish(): void {
    this.flush()
  }
}

/**
 * A Parquet file with the head of the VOTable in its footer (IVOA Note VOParquet 1.0). The footer comes last: a file that
 * is broken off cannot be read.
 */
export class ParquetResultWriter implements ResultWriter {
  readonly #head: ResultHead
  readonly #columns: readonly ColumnPlan[]
  readonly #writer: ParquetWriter
  /** By column, those of the row group that is being filled. */
  #values: ParquetValue[][]
  #bytes = 0

  constructor(head: ResultHead, parts: Uint8Array[]) {
    this.#head = head
    this.#columns = head.fields.map(planColumn)
    this.#values = this.#columns.map(() => [])
    const writer = new PartWriter(parts)
    // The statistics would help who reads a part of the rows by their values; a result is read as a whole.
    this.#writer = new ParquetWriter({ writer, schema: parquetSchema(this.#columns), statistics: false })
    writer.flush()
  }

  add({ bytes, view, rowStart, rowEnd }: CopyInput): void {
    let position = rowStart
    for (let index = 0; index < this.#columns.length; index++) {
      const length = view.getInt32(position)
      position += 4
      const column = this.#columns[index] as ColumnPlan
      const values = this.#values[index] as ParquetValue[]
      if (length < 0) values.push(null)
      else {
        values.push(readValue(column, bytes, view, position, length))
        position += length
      }
    }
    this.#bytes += rowEnd - rowStart
    if (this.#bytes >= GROUP_BYTES || this.#values[0]?.length === GROUP_ROWS) this.#writeGroup()
  }

  end(overflow: boolean): void {
    if (this.#bytes > 0) this.#writeGroup()
    this.#writer.kvMetadata = [
      { key: 'IVOA.VOTable-Parquet.version', value: '1.0' },
      { key: 'IVOA.VOTable-Parquet.content', value: describeTable(this.#head, overflow) },
    ]
    this.#writer.finish()
  }

  fail(): boolean {
    return false
  }

  #writeGroup(): void {
    const columnData = this.#columns.map(({ field, element }, index) => ({
      name: field.name,
      data: this.#values[index] ?? [],
      codec: codecOf(element),
    }))
    this.#writer.write({ columnData, rowGroupSize: GROUP_ROWS })
    this.#values = this.#columns.map(() => [])
    this.#bytes = 0
  }
}

/** A VOTable whose table has no DATA, and whose FIELDs describe the columns in their order. */
function describeTable(head: ResultHead, overflow: boolean): string {
  const writer = openResults(head)
  return closeResults(writer.close(), head, overflow)
}

/** Random digits of numbers do not become shorter, but take their time. */
function codecOf(element: number): 'SNAPPY' | 'UNCOMPRESSED' {
  return element === TEXT ? 'SNAPPY' : 'UNCOMPRESSED'
}
