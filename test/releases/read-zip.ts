import { crc32, inflateRawSync } from 'node:zlib'

export interface ZipEntry {
  readonly name: string
  readonly content: Buffer
  readonly method: number
  readonly utf8: boolean
  /** `1980-01-01 00:00:00`. */
  readonly time: string
}

/** Reads a ZIP archive from its central directory, and checks all that both directories say. */
export function readZip(archive: Buffer): readonly ZipEntry[] {
  const end = archive.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  if (end === -1) throw new Error('no end of directory')
  const count = archive.readUInt16LE(end + 10)
  const entries: ZipEntry[] = []
  let at = archive.readUInt32LE(end + 16)
  if (at + archive.readUInt32LE(end + 12) !== end) throw new Error('the directory has another size')
  for (let index = 0; index < count; index++) {
    if (archive.toString('latin1', at, at + 4) !== 'PK\x01\x02') throw new Error(`no entry at ${at}`)
    const nameLength = archive.readUInt16LE(at + 28)
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength)
    const local = archive.readUInt32LE(at + 42)
    if (archive.toString('latin1', local, local + 4) !== 'PK\x03\x04') throw new Error(`no file at ${local}`)
    const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
    const method = archive.readUInt16LE(at + 10)
    const packed = archive.subarray(start, start + archive.readUInt32LE(at + 20))
    const content = method === 0 ? packed : inflateRawSync(packed)
    if (crc32(content) !== archive.readUInt32LE(at + 16)) throw new Error(`${name} is damaged`)
    if (content.length !== archive.readUInt32LE(at + 24)) throw new Error(`${name} has another size`)
    if (!archive.subarray(at + 6, at + 32 - 2).equals(archive.subarray(local + 4, local + 28))) {
      throw new Error(`the two headers of ${name} differ`)
    }
    const time = readTime(archive.readUInt16LE(at + 14), archive.readUInt16LE(at + 12))
    entries.push({ name, content, method, utf8: (archive.readUInt16LE(at + 8) & 0x800) !== 0, time })
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32)
  }
  return entries
}

function readTime(date: number, time: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${1980 + (date >> 9)}-${two((date >> 5) & 15)}-${two(date & 31)}`
  return `${day} ${two(time >> 11)}:${two((time >> 5) & 63)}:${two((time & 31) * 2)}`
}
