import type pg from 'pg'

/** How a statement came to its end. `clean`: the connection can be used again after a rollback, at most. */
export interface CopyEnd {
  readonly clean: boolean
  readonly error: Error | undefined
}

/**
 * A text of several statements, one of which is `copy … to stdout`, as something that a client of `pg` can be given.
 *
 * PostgreSQL sends each row as a message of its own. They are taken from the socket's bytes right here, because `pg` would
 * make an object of each; all other messages go on to `pg`. Nothing is read from the socket while `capacity` bytes wait
 * to be fetched, so the server waits too.
 */
export class CopyOut implements pg.Submittable {
  readonly #text: string
  readonly #capacity: number
  readonly #chunks: Uint8Array[] = []
  readonly #rows: string[][] = []
  readonly #begun = Promise.withResolvers<void>()
  readonly #ended = Promise.withResolvers<CopyEnd>()
  #completed = 0
  #waiting = 0
  #end: CopyEnd | undefined
  #error: Error | undefined
  #discarding = false
  #wake = () => {}
  #paused = false
  #stream: pg.Connection['stream'] | undefined
  #pgListener: (bytes: Buffer) => void = () => {}
  readonly #reader = new MessageReader({
    rows: (bytes) => this.#enqueue(bytes),
    others: (bytes) => this.#pgListener(bytes),
    last: (bytes) => {
      this.#detach()
      this.#pgListener(bytes)
      this.#finish(true)
    },
  })

  constructor(text: string, capacity: number) {
    this.#text = text
    this.#capacity = capacity
    // Who does not wait for it gets the error when he reads the rows.
    this.#begun.promise.catch(() => {})
  }

  /** Settles with the first bytes of the rows, or the end: throws what went wrong before them. */
  get begun(): Promise<void> {
    return this.#begun.promise
  }

  /** Settles when the server is done with the whole text, or the connection is gone; never throws. */
  get ended(): Promise<CopyEnd> {
    return this.#ended.promise
  }

  /** How it ended; undefined: it has not. */
  get end(): CopyEnd | undefined {
    return this.#end
  }

  /** How many statements of the text are done. */
  get completed(): number {
    return this.#completed
  }

  /** The rows, as text, of the statements that came before the copy. */
  get rows(): readonly (readonly string[])[] {
    return this.#rows
  }

  /** The bytes of the copy. Throws what goes wrong, after the bytes that came before it. */
  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const chunk = this.#chunks.shift()
      if (chunk !== undefined) {
        this.#waiting -= chunk.length
        if (this.#waiting < this.#capacity) this.#resume()
        yield chunk
      } else if (this.#end === undefined) {
        await new Promise<void>((wake) => {
          this.#wake = wake
        })
      } else if (this.#end.error !== undefined) throw this.#end.error
      else if (this.#discarding) throw new Error('rows were thrown away')
      else return
    }
  }

  /** Throws away what is there and what is still to come: a server that cannot send does not hear that it is cancelled. */
  discard(): void {
    this.#discarding = true
    this.#chunks.length = 0
    this.#waiting = 0
    this.#resume()
  }

  submit(connection: pg.Connection): void {
    const { stream } = connection
    // The only one: what `pg` parses its messages with.
    const [listener] = stream.listeners('data')
    this.#pgListener = listener as (bytes: Buffer) => void
    stream.removeAllListeners('data')
    stream.on('data', this.#take)
    stream.once('close', this.#lose)
    this.#stream = stream
    connection.query(this.#text)
  }

  readonly #take = (bytes: Buffer): void => this.#reader.take(bytes)

  readonly #lose = (): void => {
    this.#detach()
    // `pg` says in the next tick why the connection was closed.
    setImmediate(() => this.#finish(false))
  }

  #enqueue(bytes: Uint8Array): void {
    this.#begun.resolve()
    if (this.#discarding) return
    this.#chunks.push(bytes)
    this.#waiting += bytes.length
    if (this.#waiting >= this.#capacity) {
      this.#paused = true
      this.#stream?.pause()
    }
    this.#wake()
  }

  #resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#stream?.resume()
  }

  #detach(): void {
    const stream = this.#stream
    if (stream === undefined) return
    stream.off('data', this.#take)
    stream.off('close', this.#lose)
    stream.on('data', this.#pgListener)
    this.#paused = false
    stream.resume()
    this.#stream = undefined
  }

  #finish(clean: boolean): void {
    if (this.#end !== undefined) return
    const error = this.#error ?? (clean ? undefined : new Error('the connection was lost'))
    this.#end = { clean, error }
    if (error === undefined) this.#begun.resolve()
    else this.#begun.reject(error)
    this.#ended.resolve(this.#end)
    this.#wake()
  }

  // What `pg` calls.

  handleRowDescription(): void {}

  handleDataRow({ fields }: { readonly fields: string[] }): void {
    this.#rows.push(fields)
  }

  handleCommandComplete(): void {
    this.#completed += 1
  }

  handleEmptyQuery(): void {}

  handleReadyForQuery(): void {}

  /** An error of the server, after which it gets ready again, or of the connection, which closes. */
  handleError(error: Error): void {
    this.#error ??= error
    this.#begun.reject(error)
    // A client that was of no use before the text was sent.
    if (this.#stream === undefined) this.#finish(false)
  }
}

interface MessageTakers {
  /** Bytes of rows, without the heads of their messages. */
  rows(bytes: Uint8Array): void
  /** Bytes of all other messages, as they come. */
  others(bytes: Buffer): void
  /** The end of ReadyForQuery, and whatever comes behind it. */
  last(bytes: Buffer): void
}

const HEAD_LENGTH = 5
const COPY_DATA = 0x64
const READY_FOR_QUERY = 0x5a

/** Takes apart what the server sends (PostgreSQL, "Message Formats"): a byte of type, four of length, the contents. */
class MessageReader {
  readonly #takers: MessageTakers
  /** The beginning of a head that did not come whole. */
  #head: Buffer = NO_BYTES
  #code = 0
  /** Bytes of the message that are still to come. */
  #left = 0

  constructor(takers: MessageTakers) {
    this.#takers = takers
  }

  take(bytes: Buffer): void {
    const chunk = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes])
    this.#head = NO_BYTES
    // Contents of rows that follow each other are moved together within the chunk: from `from` to `to`.
    let from = 0
    let to = 0
    for (let at = 0; at < chunk.length; ) {
      if (this.#left === 0) {
        if (chunk.length - at < HEAD_LENGTH) {
          this.#head = Buffer.from(chunk.subarray(at))
          break
        }
        this.#code = chunk[at] ?? 0
        this.#left = chunk.readUInt32BE(at + 1) + 1
        if (this.#code === COPY_DATA) {
          this.#left -= HEAD_LENGTH
          at += HEAD_LENGTH
        }
      }
      const end = Math.min(chunk.length, at + this.#left)
      this.#left -= end - at
      if (this.#code === COPY_DATA) {
        chunk.copyWithin(to, at, end)
        to += end - at
      } else {
        if (to > from) this.#takers.rows(chunk.subarray(from, to))
        from = end
        to = end
        if (this.#code === READY_FOR_QUERY && this.#left === 0) {
          this.#takers.last(chunk.subarray(at))
          return
        }
        this.#takers.others(chunk.subarray(at, end))
      }
      at = end
    }
    if (to > from) this.#takers.rows(chunk.subarray(from, to))
  }
}

const NO_BYTES = Buffer.alloc(0)
