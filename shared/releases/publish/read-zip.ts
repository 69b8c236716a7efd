import { crc32, inflateRawSync } from 'node:zlib'
import { DEFAULT_LIMITS } from '../limits.ts'

/**
 * The files of a ZIP archive, name → content, of any packer (APPNOTE 6.3 §4.3); folders are left out.
 *
 * @returns null for what is not such an archive, is damaged, larger than a release may be, encrypted or beyond 4 GiB
 */
export function readZip(archive: Buffer): ReadonlyMap<string, Buffer> | null {
  try {
    return readEntries(archive)
  } catch (error) {
    // Places outside the archive, and bytes that are not deflated.
    if (error instanceof RangeError || (error instanceof Error && 'code' in error)) return null
    throw error
  }
}

const END = Buffer.from([0x50, 0x4b, 5, 6])
const ENTRY = 0x02014b50
const ENCRYPTED = 1

function readEntries(archive: Buffer): ReadonlyMap<string, Buffer> | null {
  const end = archive.lastIndexOf(END)
  // What follows is a comment, whose length stands before it.
  if (end === -1 || end + 22 + archive.readUInt16LE(end + 20) !== archive.length) return null
  const count = archive.readUInt16LE(end + 10)
  if (count > DEFAULT_LIMITS.entries) return null
  const files = new Map<string, Buffer>()
  let at = archive.readUInt32LE(end + 16)
  let total = 0
  for (let index = 0; index < count; index++) {
    if (archive.readUInt32LE(at) !== ENTRY || (archive.readUInt16LE(at + 8) & ENCRYPTED) !== 0) return null
    const nameEnd = at + 46 + archive.readUInt16LE(at + 28)
    const name = archive.toString('utf8', at + 46, nameEnd)
    const content = readContent(archive, at)
    if (content === null || files.has(name)) return null
    total += content.length
    if (total > DEFAULT_LIMITS.unpackedBytes) return null
    if (!name.endsWith('/')) files.set(name, content)
    at = nameEnd + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32)
  }
  return files
}

/** null: it is not what its entry in the directory says. */
function readContent(archive: Buffer, entry: number): Buffer | null {
  const method = archive.readUInt16LE(entry + 10)
  const header = archive.readUInt32LE(entry + 42)
  const start = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28)
  const packed = archive.subarray(start, start + archive.readUInt32LE(entry + 20))
  if (method !== 0 && method !== 8) return null
  const content = method === 0 ? packed : inflateRawSync(packed, { maxOutputLength: DEFAULT_LIMITS.fileBytes })
  const isWhole =
    content.length === archive.readUInt32LE(entry + 24) && crc32(content) === archive.readUInt32LE(entry + 16)
  return isWhole ? content : null
}
