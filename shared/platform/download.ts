import type { File } from '@google-cloud/storage'
import type { StoredObject } from '../releases/bucket.ts'
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
  const onSilence = () => stream.destroy(new DamagedAnswerError(`no data came for ${idleTimeoutMs / 1000} s`))
  let timer = setTimeout(onSilence, idleTimeoutMs)
  const chunks: Buffer[] = []
  let length = 0
  let checksum = 0
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      clearTimeout(timer)
      timer = setTimeout(onSilence, idleTimeoutMs)
      length += chunk.length
      if (length > object.size) throw new DamagedAnswerError(`more than the ${object.size} bytes of the object came`)
      checksum = updateCrc32c(checksum, chunk)
      chunks.push(chunk)
    }
  } finally {
    clearTimeout(timer)
  }
  if (length < object.size) throw new DamagedAnswerError(`${length} of ${object.size} bytes came`)
  const found = encodeCrc32c(checksum)
  if (object.crc32c !== null && object.crc32c !== found) {
    throw new DamagedAnswerError(`the content's crc32c is ${found}, not ${object.crc32c}`)
  }
  return Buffer.concat(chunks, length)
}
