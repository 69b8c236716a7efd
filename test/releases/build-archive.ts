import { gzipSync } from 'node:zlib'
import { type Header, pack } from 'tar-stream'

export const SCHEMAS = 'sdm_schemas/python/lsst/sdm/schemas'

export type EntrySpec = Partial<Header> & { readonly name: string; readonly content?: string | Uint8Array }

/** A tar archive, as tar-stream packs it. */
export async function buildTar(entries: readonly EntrySpec[]): Promise<Buffer> {
  const tar = pack()
  for (const { content, ...header } of entries) {
    if (content === undefined) tar.entry(header, '')
    else tar.entry(header, content)
  }
  tar.finalize()
  const chunks: Uint8Array[] = []
  for await (const chunk of tar) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}

export async function buildArchive(entries: readonly EntrySpec[]): Promise<Buffer> {
  return gzipSync(await buildTar(entries))
}

/** An archive in the layout of a release: file name → text. */
export function buildRelease(files: Readonly<Record<string, string | Uint8Array>>): Promise<Buffer> {
  return buildArchive(Object.entries(files).map(([name, content]) => ({ name: `${SCHEMAS}/${name}`, content })))
}

export interface RawHeader {
  readonly name: string | Uint8Array
  readonly type?: string
  readonly content?: string | Uint8Array
  readonly magic?: string
  /** What the size field says, when it lies. */
  readonly size?: string
  readonly linkname?: string
}

/** One entry byte by byte, for what tar-stream would never write; content padded, no end marker. */
export function rawEntry({
  name,
  type = '0',
  content = '',
  magic = 'ustar\0' + '00',
  size,
  linkname,
}: RawHeader): Buffer {
  const body = Buffer.from(content as string)
  const header = Buffer.alloc(512)
  header.set(Buffer.from(name as string), 0)
  header.write('0000644\0', 100, 'latin1')
  header.write('0000000\0', 108, 'latin1')
  header.write('0000000\0', 116, 'latin1')
  header.write(size ?? `${body.length.toString(8).padStart(11, '0')}\0`, 124, 'latin1')
  header.write('00000000000\0', 136, 'latin1')
  header.write(type, 156, 'latin1')
  header.write(linkname ?? '', 157, 'latin1')
  header.write(magic, 257, 'latin1')
  header.fill(' ', 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)])
}

/** A pax record with its own length in front. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = Buffer.byteLength(rest)
  while (length < Buffer.byteLength(rest) + String(length).length) length += 1
  return `${length}${rest}`
}

export const END = Buffer.alloc(1024)

export function gzipTar(...parts: readonly Buffer[]): Buffer {
  return gzipSync(Buffer.concat(parts))
}
