import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'

/** Names and values, then files: the last one is a stream (spec/qserv.md §1.7). */
export interface Multipart {
  readonly fields: Readonly<Record<string, string>>
  readonly files: readonly { readonly name: string; readonly content: string | AsyncIterable<Uint8Array> }[]
}

/** A body of multipart/form-data (RFC 7578), written as it is sent. */
export function writeMultipart({ fields, files }: Multipart): {
  readonly contentType: string
  readonly body: Readable
} {
  const boundary = `almagest-${randomBytes(16).toString('hex')}`
  async function* write() {
    for (const [name, value] of Object.entries(fields)) {
      yield `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
    }
    for (const { name, content } of files) {
      yield `--${boundary}\r\ncontent-disposition: form-data; name="${name}"; filename="${name}"\r\ncontent-type: application/octet-stream\r\n\r\n`
      if (typeof content === 'string') yield content
      else yield* content
      yield '\r\n'
    }
    yield `--${boundary}--\r\n`
  }
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: Readable.from(write(), { objectMode: false }),
  }
}
