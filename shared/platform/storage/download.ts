import type { Readable } from 'node:stream'
import type { File } from '@google-cloud/storage'
import type { StoredObject } from '../../stored-objects.ts'
import { encodeCrc32c, updateCrc32c } from './crc32c.ts'
import { DamagedAnswerError } from './storage-failures.ts'

/**
 * Reads an object into memory, as it is stored: no decompression of `Content-Encoding: gzip`, so that size and checksum
 * are those of the description. The checksum is verified here, for the client verifies only what the answer claims.
 *
 * @param file pinned to the generation of `object`
 * @param idleTimeoutMs how long the store may stay silent
 * @throws DamagedAnswerError when the bytes are not those of the description; errors of the client
 */
export async function download(file: File, object: StoredObject, idleTimeoutMs: number): Promise<Buffer> {
  const stream = file.createReadStream({ decompress: false, validation: false })
  const watch = new SilenceWatch(stream, idleTimeoutMs)
  try {
    return await Promise.race([collect(stream, object, watch), watch.gaveUp])
  } finally {
    watch.stop()
  }
}

async function collect(stream: Readable, object: StoredObject, watch: SilenceWatch): Promise<Buffer> {
  const chunks: Buffer[] = []
  const verified = new Verification(object)
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    watch.restart()
    verified.add(chunk)
    chunks.push(chunk)
  }
  verified.end()
  return Buffer.concat(chunks)
}

/**
 * Passes on an object as it comes, in flat memory, verified as in `download`: what is wrong shows at its end. Who stops
 * early ends the request.
 */
export async function* passOn(file: File, object: StoredObject, idleTimeoutMs: number): AsyncGenerator<Buffer> {
  const stream = file.createReadStream({ decompress: false, validation: false })
  const watch = new SilenceWatch(stream, idleTimeoutMs)
  // Where nobody waits for the next chunk, the silence ends the stream, and the stream the loop.
  watch.gaveUp.catch(() => {})
  const verified = new Verification(object)
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      watch.stop()
      verified.add(chunk)
      yield chunk
      watch.restart()
    }
    verified.end()
  } finally {
    watch.stop()
    stream.destroy()
  }
}

/** Holds what came against the description of the object. @throws DamagedAnswerError */
class Verification {
  readonly #object: StoredObject
  #length = 0
  #checksum = 0

  constructor(object: StoredObject) {
    this.#object = object
  }

  add(chunk: Buffer): void {
    this.#length += chunk.length
    this.#checksum = updateCrc32c(this.#checksum, chunk)
    if (this.#length <= this.#object.size) return
    throw new DamagedAnswerError(`more than the ${this.#object.size} bytes of the object came`)
  }

  end(): void {
    const { size, crc32c } = this.#object
    if (this.#length < size) throw new DamagedAnswerError(`${this.#length} of ${size} bytes came`)
    const found = encodeCrc32c(this.#checksum)
    if (crc32c === null || crc32c === found) return
    throw new DamagedAnswerError(`the content's crc32c is ${found}, not ${crc32c}`)
  }
}

/** Gives up a stream of the client that stays silent. */
class SilenceWatch {
  /** Only ever rejects. */
  readonly gaveUp: Promise<never>
  readonly #stream: Readable
  readonly #timeoutMs: number
  readonly #reject: (error: Error) => void
  #answered = false
  #timer: NodeJS.Timeout | undefined

  constructor(stream: Readable, timeoutMs: number) {
    const { promise, reject } = Promise.withResolvers<never>()
    this.gaveUp = promise
    this.#reject = reject
    this.#stream = stream
    this.#timeoutMs = timeoutMs
    stream.once('response', () => {
      this.#answered = true
    })
    this.restart()
  }

  restart(): void {
    this.stop()
    this.#timer = setTimeout(() => this.#giveUp(), this.#timeoutMs)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #giveUp(): void {
    const error = new DamagedAnswerError(`no data came for ${this.#timeoutMs / 1000} s`)
    const destroy = () => void this.#stream.destroy(error)
    // An answer that comes after all is piped into the stream by the client, which ends the process if that is gone.
    if (this.#answered) destroy()
    else this.#stream.once('response', () => setImmediate(destroy))
    this.#reject(error)
  }
}
