import { pipeline, Readable } from 'node:stream'
import { createGunzip, type Gunzip } from 'node:zlib'
import type { ArchiveLimits } from './limits.ts'
import type { Complain } from './release-failures.ts'
import { describeContent, SNIFF_BYTES } from './sniff.ts'

/** Pieces of 16 KiB, zlib's default, cost a thread hop each. */
const CHUNK_BYTES = 256 * 1024

/**
 * Unpacks gzip (RFC 1952, one member or several) piece by piece, and stops as soon as more than
 * `limits.unpackedBytes` have come out. Throws what `complain` builds; an error of the source passes unchanged,
 * because a network that broke says nothing about the archive.
 */
export async function* gunzip(
  content: Uint8Array | Readable,
  limits: ArchiveLimits,
  complain: Complain,
): AsyncGenerator<Buffer> {
  const packed: Packed = { bytes: 0, lastNonZero: -1 }
  const engine = createGunzip({ chunkSize: CHUNK_BYTES })
  pipeline(Readable.from(inspect(content, packed, limits, complain)), engine, () => {
    // Errors reach the loop below through the engine.
  })
  let unpacked = 0
  try {
    for await (const chunk of engine as AsyncIterable<Buffer>) {
      unpacked += chunk.length
      if (unpacked > limits.unpackedBytes) {
        throw complain('archive_too_large', `unpacks to more than the limit of ${limits.unpackedBytes} bytes`)
      }
      yield chunk
    }
  } catch (error) {
    throw explainGzip(error, complain)
  }
  refuseTrailingData(engine, packed, complain)
}

interface Packed {
  bytes: number
  lastNonZero: number
}

async function* inspect(
  content: Uint8Array | Readable,
  packed: Packed,
  limits: ArchiveLimits,
  complain: Complain,
): AsyncGenerator<Buffer> {
  let start: Buffer | null = Buffer.alloc(0)
  for await (const piece of content instanceof Uint8Array ? [content] : content) {
    const chunk = toBuffer(piece)
    const last = chunk.findLastIndex((byte) => byte !== 0)
    if (last >= 0) packed.lastNonZero = packed.bytes + last
    packed.bytes += chunk.length
    if (packed.bytes > limits.unpackedBytes) {
      throw complain('archive_too_large', `is larger than the limit of ${limits.unpackedBytes} bytes`)
    }
    if (start === null) {
      yield chunk
      continue
    }
    start = Buffer.concat([start, chunk])
    if (start.length < SNIFF_BYTES) continue
    yield refuseForeign(start, complain)
    start = null
  }
  if (start !== null) yield refuseForeign(start, complain)
}

function toBuffer(piece: unknown): Buffer {
  if (piece instanceof Uint8Array) return Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
  throw new TypeError('an archive is read from a stream of bytes')
}

function refuseForeign(start: Buffer, complain: Complain): Buffer {
  const looks = describeContent(start.subarray(0, SNIFF_BYTES))
  if (looks === 'gzip') return start
  throw complain('not_gzip', `is not a gzip-compressed tar archive: it looks like ${looks}`)
}

/** zlib reports a further member whose header is wrong with these words; the first header has been looked at. */
const FOREIGN_MEMBER = /^(incorrect header check|unknown compression method|unknown header flags set)$/

function explainGzip(error: unknown, complain: Complain): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  if (error.code === 'Z_BUF_ERROR') {
    return complain('truncated_gzip', 'is cut off: the gzip data end too early; upload it again', undefined, error)
  }
  if (error.code !== 'Z_DATA_ERROR') return error
  if (FOREIGN_MEMBER.test(error.message)) {
    return complain('trailing_data', 'holds other data after the end of its gzip data', undefined, error)
  }
  return complain('corrupt_gzip', `is damaged: ${error.message} in the gzip data; upload it again`, undefined, error)
}

/** zlib stops at zero padding and says nothing about what follows it. */
function refuseTrailingData(engine: Gunzip, packed: Packed, complain: Complain): void {
  if (packed.lastNonZero >= engine.bytesWritten) {
    throw complain('trailing_data', 'holds other data after the end of its gzip data')
  }
}
