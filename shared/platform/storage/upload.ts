import { pipeline } from 'node:stream/promises'
import type { File, FileMetadata } from '@google-cloud/storage'
import { encodeCrc32c, updateCrc32c } from './crc32c.ts'
import { DamagedAnswerError } from './storage-failures.ts'

export interface UploadOptions {
  readonly ifGenerationMatch: string
  readonly contentType: string
  readonly metadata: Readonly<Record<string, string>>
  /** How long the store may leave a chunk unanswered. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

export interface Uploaded {
  readonly metadata: FileMetadata
  readonly bytes: number
  readonly crc32c: string
}

/** The least that one request of a resumable upload carries: a multiple of 256 KiB. It lies in memory. */
const CHUNK_BYTES = 8 * 1024 * 1024

/**
 * Writes an object of any size as it comes, in flat memory. It is a resumable upload: what is broken off, by us or by the
 * producer of the bytes, never becomes an object.
 *
 * @throws ContentError for what `chunks` throws; DamagedAnswerError when the store is silent; errors of the client
 */
export async function upload(file: File, chunks: AsyncIterable<Uint8Array>, options: UploadOptions): Promise<Uploaded> {
  const { ifGenerationMatch, contentType, metadata, timeoutMs, signal } = options
  const silence = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const expect = () => {
    timer = setTimeout(
      () => silence.abort(new DamagedAnswerError(`no answer came within ${timeoutMs / 1000} s`)),
      timeoutMs,
    )
  }
  let bytes = 0
  let checksum = 0
  let broken: ContentError | undefined
  const content = withError(chunks, (error) => {
    broken = new ContentError(error)
  })
  async function* measured() {
    for await (const chunk of content) {
      bytes += chunk.length
      checksum = updateCrc32c(checksum, chunk)
      // The store is waited for while it takes a chunk, and not while the next one is made.
      expect()
      yield chunk
      clearTimeout(timer)
    }
    expect()
  }
  const stream = file.createWriteStream({
    resumable: true,
    chunkSize: CHUNK_BYTES,
    validation: false,
    preconditionOpts: { ifGenerationMatch },
    metadata: { contentType, metadata: { ...metadata } },
  })
  try {
    await pipeline(measured, stream, {
      signal: signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]),
    })
  } catch (error) {
    throw broken ?? (silence.signal.aborted ? silence.signal.reason : error)
  } finally {
    clearTimeout(timer)
  }
  return { metadata: file.metadata, bytes, crc32c: encodeCrc32c(checksum) }
}

/** The producer of the bytes failed, and not the store; `cause` is what it threw. */
export class ContentError extends Error {
  constructor(cause: unknown) {
    super('the content ended with an error', { cause })
  }
}

async function* withError(
  chunks: AsyncIterable<Uint8Array>,
  onError: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks
  } catch (error) {
    onError(error)
    throw error
  }
}

/** The same bytes, once the first are there; null: there are none, and the client cannot upload nothing in chunks. */
export async function withFirst(chunks: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array> | null> {
  const iterator = chunks[Symbol.asyncIterator]()
  for (;;) {
    const first = await iterator.next()
    if (first.done === true) return null
    if (first.value.length > 0) return startingWith(first.value, iterator)
  }
}

async function* startingWith(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield first
    yield* { [Symbol.asyncIterator]: () => rest }
  } finally {
    await rest.return?.()
  }
}
