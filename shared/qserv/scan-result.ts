import { isRecord } from '../is-record.ts'
import { type Envelope, refusal } from './envelope.ts'
import { brokenResult, QservAnswerError, QservSchemaError } from './errors.ts'
import { COMMA, findQuote, QUOTE, skipSpace } from './json-bytes.ts'
import { isBinaryKind, type ResultColumn, TYPES_OF_KIND } from './result-column.ts'
import { INCOMPLETE, RowScanner } from './row-scanner.ts'

export interface ScanOptions {
  /** Types of the columns, in their order, from the resolved query. */
  readonly columns: readonly ResultColumn[]
  /** Rows that are wanted; one more tells an overflow, and comes only when the whole document has been checked. */
  readonly maxRows: number
  /** Whether the text `NULL` in a column of text is NULL: Qserv writes both alike (spec/qserv.md §1.6). */
  readonly nullText: boolean
  /** Called with the number of rows when the document was found in order. */
  readonly onEnd?: (rows: number) => void
}

/** How PostgreSQL's binary COPY begins, and how it ends. */
const COPY_HEAD = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
const COPY_END = Buffer.from([0xff, 0xff])

/** What is given out at a time. */
const PART_BYTES = 64 * 1024

/**
 * The rows of a result of Qserv (spec/qserv.md §1.6), as PostgreSQL's `copy … to stdout (format binary)` would send them.
 * The document is scanned as bytes, whatever its size. Its end says whether it is a result at all, and what types it has:
 * only then do these rows end; what is wrong throws instead.
 *
 * @throws QservRefusedError for `success: 0`, QservSchemaError, QservAnswerError, and what `document` throws
 */
export async function* scanResult(
  document: AsyncIterable<Buffer>,
  options: ScanOptions,
): AsyncGenerator<Buffer, void, void> {
  const scanner = new ResultScanner(options)
  yield COPY_HEAD
  for await (const chunk of document) {
    scanner.push(chunk)
    if (scanner.ready >= PART_BYTES) yield scanner.take()
  }
  scanner.end()
  yield scanner.take()
  yield COPY_END
}

type State = 'start' | 'key' | 'value' | 'first-row' | 'row' | 'after-row' | 'after-value' | 'end'

class ResultScanner {
  readonly #options: ScanOptions
  readonly #rows: RowScanner
  readonly #envelope: Record<string, unknown> = {}
  #bytes: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(128 * 1024)
  #start = 0
  #end = 0
  /** Not worth another look before there are so many bytes. */
  #enough = 0
  #state: State = 'start'
  #key = ''
  #count = 0
  #hasRows = false
  /** Where the row that tells the overflow begins in the scanner's output; -1: there is none. */
  #held = -1

  constructor(options: ScanOptions) {
    this.#options = options
    this.#rows = new RowScanner(options.columns, options.nullText)
  }

  /** Bytes that can be taken. */
  get ready(): number {
    return this.#held < 0 ? this.#rows.length : this.#held
  }

  take(): Buffer {
    const { out, length } = this.#rows
    const ready = this.ready
    const part = Buffer.from(out.subarray(0, ready))
    out.copyWithin(0, ready, length)
    this.#rows.length = length - ready
    if (this.#held >= 0) this.#held = 0
    return part
  }

  push(chunk: Uint8Array): void {
    this.#append(chunk)
    if (this.#end - this.#start < this.#enough) return
    const bytes = this.#bytes
    const end = this.#end
    let p = this.#start
    for (;;) {
      if (this.#state !== 'row' && this.#state !== 'after-row') p = skipSpace(bytes, p, end)
      if (p >= end) break
      const next = this.#step(bytes, p, end)
      if (next === INCOMPLETE) break
      p = next
    }
    this.#start = p
    // Twice as many, so that a long row is not begun anew for each chunk.
    this.#enough = p < end ? 2 * (end - p) : 0
    if (this.#enough > 2 * MOST_BYTES) throw brokenResult(`a row or a value has more than ${MOST_BYTES} bytes`)
    if (this.#enough < 4 * PART_BYTES) this.#enough = 0
  }

  /** @throws unless the document was a result, with the columns that are expected */
  end(): void {
    this.#enough = 0
    // Blanks after the end mean nothing, and let the scanner look ahead of the last value.
    this.push(Buffer.from('        '))
    const { success, error } = this.#envelope
    if (this.#state !== 'end') throw brokenResult('it does not end')
    if (typeof success !== 'number') throw brokenResult('it does not say `success`')
    if (success === 0 || (typeof error === 'string' && error !== '')) throw refusal(this.#envelope)
    if (!this.#hasRows) throw brokenResult('it has no `rows`')
    checkSchema(this.#envelope.schema, this.#options.columns)
    this.#held = -1
    this.#options.onEnd?.(this.#count)
  }

  #append(chunk: Uint8Array): void {
    const kept = this.#end - this.#start
    if (this.#end + chunk.length > this.#bytes.length) {
      const needed = kept + chunk.length
      if (needed > this.#bytes.length) {
        const bytes = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length))
        this.#bytes.copy(bytes, 0, this.#start, this.#end)
        this.#bytes = bytes
      } else this.#bytes.copyWithin(0, this.#start, this.#end)
      this.#start = 0
      this.#end = kept
    }
    this.#bytes.set(chunk, this.#end)
    this.#end += chunk.length
  }

  /** One step of the document; INCOMPLETE: it needs more bytes. */
  #step(bytes: Buffer, p: number, end: number): number {
    const byte = bytes[p]
    switch (this.#state) {
      case 'row':
        return this.#row(bytes, p, end)
      case 'after-row':
        if (byte === COMMA) return this.#to('row', p + 1)
        if (byte === 0x5d) return this.#to('after-value', p + 1)
        if (skipSpace(bytes, p, end) > p) return skipSpace(bytes, p, end)
        throw brokenResult(`after row ${this.#count} stands neither another one nor their end`)
      case 'start':
        if (byte !== 0x7b) throw brokenResult('it is not a JSON object')
        return this.#to('key', p + 1)
      case 'key':
        return this.#readKey(bytes, p, end)
      case 'value':
        return this.#readValue(bytes, p, end)
      case 'first-row':
        return byte === 0x5d ? this.#to('after-value', p + 1) : this.#to('row', p)
      case 'after-value':
        if (byte === COMMA) return this.#to('key', p + 1)
        if (byte === 0x7d) return this.#to('end', p + 1)
        throw brokenResult('a key of its top level does not end')
      case 'end':
        throw brokenResult('there is more after its end')
    }
  }

  #to(state: State, p: number): number {
    this.#state = state
    return p
  }

  #row(bytes: Buffer, p: number, end: number): number {
    const { maxRows } = this.#options
    const start = skipSpace(bytes, p, end)
    if (start >= end) return INCOMPLETE
    const before = this.#rows.length
    const next = this.#rows.scan(bytes, start, end)
    if (next === INCOMPLETE) return INCOMPLETE
    this.#count += 1
    if (this.#count === maxRows + 1) this.#held = before
    // Qserv has a LIMIT of one more; should it send others, they are of no use.
    else if (this.#count > maxRows + 1) this.#rows.length = before
    return this.#to('after-row', next)
  }

  #readKey(bytes: Buffer, p: number, end: number): number {
    if (bytes[p] !== QUOTE) throw brokenResult('a key of its top level is not in quotes')
    const quote = findQuote(bytes, p + 1, end)
    if (quote < 0) return INCOMPLETE
    const colon = skipSpace(bytes, quote + 1, end)
    if (colon >= end) return INCOMPLETE
    if (bytes[colon] !== 0x3a) throw brokenResult('a key of its top level has no value')
    this.#key = bytes.toString('utf8', p + 1, quote)
    return this.#to('value', colon + 1)
  }

  #readValue(bytes: Buffer, p: number, end: number): number {
    if (this.#key === 'rows' && bytes[p] === 0x5b) {
      if (this.#hasRows) throw brokenResult('it has `rows` twice')
      this.#hasRows = true
      const { error } = this.#envelope
      if (typeof error === 'string' && error !== '') throw refusal(this.#envelope)
      return this.#to('first-row', p + 1)
    }
    const next = endOfValue(bytes, p, end)
    if (next < 0) return INCOMPLETE
    try {
      this.#envelope[this.#key] = JSON.parse(bytes.toString('utf8', p, next))
    } catch (error) {
      throw brokenResult(`its key ${this.#key} has a value that is not JSON`, error)
    }
    return this.#to('after-value', next)
  }
}

/** The most bytes of one row, or of one other value. */
const MOST_BYTES = 64 << 20

/** After a value of whatever kind; -1: it does not end here. */
function endOfValue(bytes: Buffer, start: number, end: number): number {
  let depth = 0
  for (let p = start; p < end; p++) {
    const byte = bytes[p] as number
    if (byte === QUOTE) {
      const quote = findQuote(bytes, p + 1, end)
      if (quote < 0) return -1
      if (depth === 0) return quote + 1
      p = quote
    } else if (byte === 0x7b || byte === 0x5b) depth++
    else if (byte === 0x7d || byte === 0x5d) {
      // The end of what is around a number.
      if (depth === 0) return p
      depth--
      if (depth === 0) return p + 1
    } else if (byte === COMMA && depth === 0) return p
  }
  return -1
}

function checkSchema(schema: Envelope[string], columns: readonly ResultColumn[]): void {
  if (!Array.isArray(schema)) throw new QservAnswerError("Qserv's result does not say its columns")
  if (schema.length !== columns.length) {
    throw new QservSchemaError(`Qserv's result has ${schema.length} columns, the query ${columns.length}.`)
  }
  for (const [index, column] of columns.entries()) {
    const found: unknown = schema[index]
    const type = isRecord(found) && typeof found.type === 'string' ? found.type : ''
    const isBinary = isRecord(found) && Number(found.is_binary) === 1
    // A column of NULLs alone has no type.
    if (type === 'NULL') continue
    const fits = TYPES_OF_KIND[column.kind].some((pattern) => pattern.test(type))
    const isBit = column.kind === 'boolean' && isBinary
    if (fits && (isBinary === isBinaryKind(column.kind) || isBit)) continue
    throw new QservSchemaError(
      `Column ${column.name} is ${type || 'of no type'} in Qserv, but TAP_SCHEMA describes it as ${column.kind}.`,
    )
  }
}
