import { crc32 } from 'node:zlib'

/**
 * A ZIP archive of the given files (name → content), not compressed. The same files make the same bytes, in whatever
 * order they come: they are sorted by name, and all of 1 January 1980 (APPNOTE 6.3 §4.3, §4.4.6).
 *
 * @throws RangeError beyond what an archive without ZIP64 holds: 65,535 files, 4 GiB
 */
export function packZip(files: ReadonlyMap<string, Uint8Array>): Buffer {
  const entries = [...files].map(([name, content]) => ({ name: Buffer.from(name), content }))
  entries.sort((a, b) => Buffer.compare(a.name, b.name))
  const bodies: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let offset = 0
  for (const { name, content } of entries) {
    const facts = describe(name, content)
    const header = [LOCAL_HEADER, facts, name, content] as const
    bodies.push(...header)
    directory.push(DIRECTORY_HEADER, facts, directoryTail(offset), name)
    for (const part of header) offset += part.length
  }
  const directorySize = directory.reduce((sum, part) => sum + part.length, 0)
  if (entries.length > 0xffff || offset + directorySize > 0xffffffff) {
    throw new RangeError('too much for a ZIP archive: it holds 65,535 files and 4 GiB')
  }
  return Buffer.concat([...bodies, ...directory, endOfDirectory(entries.length, directorySize, offset)])
}

const VERSION_NEEDED = 20
/** So that the permissions count. */
const MADE_ON_UNIX = 3
const UTF8_NAMES = 1 << 11
const FIRST_DAY = (1 << 5) | 1
const REGULAR_FILE = 0o100644

const LOCAL_HEADER = Buffer.from([0x50, 0x4b, 3, 4])
const DIRECTORY_HEADER = Buffer.from([0x50, 0x4b, 1, 2, VERSION_NEEDED, MADE_ON_UNIX])

/** What the header before a file and its entry in the directory have in common. */
function describe(name: Buffer, content: Uint8Array): Buffer {
  const facts = Buffer.alloc(26)
  facts.writeUInt16LE(VERSION_NEEDED, 0)
  facts.writeUInt16LE(name.every((byte) => byte < 0x80) ? 0 : UTF8_NAMES, 2)
  // The method at 4 is 0, stored; the time at 6 is midnight.
  facts.writeUInt16LE(FIRST_DAY, 8)
  facts.writeUInt32LE(crc32(content), 10)
  facts.writeUInt32LE(content.length, 14)
  facts.writeUInt32LE(content.length, 18)
  facts.writeUInt16LE(name.length, 22)
  return facts
}

function directoryTail(offset: number): Buffer {
  const tail = Buffer.alloc(14)
  tail.writeUInt32LE(REGULAR_FILE * 0x10000, 6)
  tail.writeUInt32LE(Math.min(offset, 0xffffffff), 10)
  return tail
}

function endOfDirectory(count: number, size: number, offset: number): Buffer {
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 0, 'latin1')
  end.writeUInt16LE(count, 8)
  end.writeUInt16LE(count, 10)
  end.writeUInt32LE(size, 12)
  end.writeUInt32LE(offset, 16)
  return end
}
