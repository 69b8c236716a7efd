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
  let length = 0
  let checksum = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    watch.restart()
    length += chunk.length
    if (length > object.size) throw new DamagedAnswerError(`more than the ${object.size} bytes of the object came`)
    checksum = updateCrc32c(checksum, chunk)
    chunks.push(chunk)
  }
  if (length < object.size) throw new DamagedAnswerError(`${length} of ${object.size} bytes came`)
  const found = encodeCrc32c(checksum)
  if (object.crc32c !== null && object.crc32c !== found) {
    throw new DamagedAnswerError(`the content's crc32c is ${found}, not ${object.crc32c}`)
  }
  return Buffer.concat(chunks, length)
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
