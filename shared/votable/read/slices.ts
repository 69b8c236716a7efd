import type { TableContext } from './table-context.ts'

const SLICE_BYTES = 64 * 1024

/** Bytes in pieces that are not large, whatever they come in; @throws UploadError beyond the limit */
export async function* slice(bytes: AsyncIterable<Uint8Array>, context: TableContext): AsyncGenerator<Buffer> {
  let count = 0
  for await (const chunk of bytes) {
    count += chunk.length
    if (count > context.limits.bytes) throw context.tooManyBytes()
    for (let start = 0; start < chunk.length; start += SLICE_BYTES) {
      const length = Math.min(SLICE_BYTES, chunk.length - start)
      yield Buffer.from(chunk.buffer, chunk.byteOffset + start, length)
    }
  }
}

/** How an encoding is called that a document may be in, and how it is read. The first 128 characters are the same in all. */
const ENCODINGS: Readonly<Record<string, string>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  ascii: 'utf-8',
  'iso-8859-1': 'windows-1252',
  latin1: 'windows-1252',
  'windows-1252': 'windows-1252',
}

/** An XML document as text: UTF-8 unless its declaration or its first bytes say otherwise (XML 1.0 appendix F). */
export async function* decodeXml(slices: AsyncIterable<Buffer>, context: TableContext): AsyncGenerator<string> {
  let start: Buffer | undefined = Buffer.alloc(0)
  let decode = (_: Buffer): string => ''
  let last = (): string => ''
  const begin = (bytes: Buffer) => {
    const decoder = decoderFor(encodingOf(bytes, context), context)
    decode = decoder.next
    last = decoder.end
  }
  for await (const bytes of slices) {
    if (start === undefined) {
      yield decode(bytes)
      continue
    }
    start = Buffer.concat([start, bytes])
    if (start.length < DECLARATION_BYTES && !start.includes('>')) continue
    begin(start)
    yield decode(start)
    start = undefined
  }
  if (start !== undefined) {
    begin(start)
    yield decode(start)
  }
  yield last()
}

const DECLARATION_BYTES = 256

function encodingOf(start: Buffer, context: TableContext): string {
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be'
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le'
  const declaration = /^(?:\xef\xbb\xbf)?<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']/.exec(start.toString('latin1'))
  const declared = declaration?.[1] ?? 'utf-8'
  const encoding = ENCODINGS[declared.toLowerCase()]
  if (encoding !== undefined) return encoding
  throw context.fault(
    `its encoding is ${JSON.stringify(declared.slice(0, 40))}, which is not read here; send it in UTF-8`,
  )
}

/** Text of an encoding, from bytes that may be cut anywhere. */
export function decoderFor(
  encoding: string,
  context: TableContext,
): { readonly next: (bytes: Buffer) => string; readonly end: () => string } {
  const decoder = new TextDecoder(encoding, { fatal: true })
  const explain = (decode: () => string): string => {
    try {
      return decode()
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause
      throw context.fault(`its text is not ${encoding.toUpperCase()}; send it in UTF-8`, cause)
    }
  }
  return {
    next: (bytes) => explain(() => decoder.decode(bytes, { stream: true })),
    end: () => explain(() => decoder.decode()),
  }
}
