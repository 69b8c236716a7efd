import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { TableContext } from './table-context.ts'

/** What is packed in gzip, piece by piece. @throws UploadError where it is damaged, or longer than the limit */
export async function* unpack(
  packed: AsyncIterable<Uint8Array>,
  context: TableContext,
): AsyncGenerator<Buffer, void, undefined> {
  const engine = createGunzip({ chunkSize: 64 * 1024 })
  pipeline(Readable.from(packed), engine, () => {
    // Errors reach the loop below through the engine.
  })
  let count = 0
  try {
    for await (const chunk of engine as AsyncIterable<Buffer>) {
      count += chunk.length
      if (count > context.limits.bytes) throw context.tooManyBytes()
      yield chunk
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    throw code.startsWith('Z_') ? context.fault('its gzip data are damaged or break off', error) : error
  }
}
