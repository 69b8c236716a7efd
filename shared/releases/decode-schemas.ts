import { isUtf8 } from 'node:buffer'
import { type ArchiveComplaint, ArchiveError } from './release-failures.ts'

/**
 * The schema files below `folder` (empty: everything) as text: name relative to it → content without a byte order
 * mark. Throws ArchiveError `not_utf8` with every file that is not UTF-8.
 */
export function decodeSchemas(
  files: ReadonlyMap<string, Uint8Array | null>,
  folder: string,
  file: string,
): ReadonlyMap<string, string> {
  const prefix = folder === '' ? '' : `${folder}/`
  const texts = new Map<string, string>()
  const complaints: ArchiveComplaint[] = []
  for (const [name, content] of files) {
    if (content === null || !name.startsWith(prefix)) continue
    if (isUtf8(content)) texts.set(name.slice(prefix.length), new TextDecoder().decode(content))
    else complaints.push({ entry: name, message: `is not UTF-8 text${guessEncoding(content)}` })
  }
  if (complaints.length > 0) throw new ArchiveError('not_utf8', file, complaints)
  return texts
}

function guessEncoding(content: Uint8Array): string {
  const [first, second] = content
  const utf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  if (utf16) return '; it is UTF-16, save it as UTF-8'
  const position = firstInvalid(content)
  const line = content.subarray(0, position).reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 1)
  return `: the first wrong byte is 0x${content[position]?.toString(16).padStart(2, '0') ?? '??'} in line ${line}`
}

/** Where decoding and encoding again changes the bytes first. */
function firstInvalid(content: Uint8Array): number {
  const again = Buffer.from(new TextDecoder('utf-8', { ignoreBOM: true }).decode(content))
  return content.findIndex((byte, index) => byte !== again[index])
}
