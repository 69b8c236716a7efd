import { pipeline } from 'node:stream/promises'
import { extract, type Header } from 'tar-stream'
import { complaintAboutName, normaliseName, showName } from './entry-name.ts'
import type { ArchiveLimits } from './limits.ts'
import { complaintAboutPaxRecords } from './pax-records.ts'
import { ArchiveError, type Complain } from './release-failures.ts'
import { describeContent, SNIFF_BYTES } from './sniff.ts'

const BLOCK = 512

export interface TarContents {
  /** Every regular file, in the order of the archive; null: content that is not needed. */
  readonly files: Map<string, Buffer | null>
  readonly folders: Set<string>
  /** Symbolic links, name → target. */
  readonly links: Map<string, string>
}

/** What tar-stream reports of an entry, beyond its own types: types that it does not know are null. */
interface Entry extends Omit<Header, 'type' | 'linkname' | 'pax'> {
  readonly type: Header['type'] | null
  readonly linkname: string | null
  readonly pax: Readonly<Record<string, string>> | null
  /** Where its content begins in the archive. */
  readonly byteOffset: number
}

/** v7 archives have no magic number; only their checksums show that they are archives. */
const READ_V7: NonNullable<Parameters<typeof extract>[0]> & { allowUnknownFormat: boolean } = {
  allowUnknownFormat: true,
}

/**
 * Reads a tar archive (v7, ustar, GNU, pax) without writing anything anywhere. Names are normalised and safe; hard
 * links, devices and everything else that is not a file, a folder or a symbolic link is refused, and so are names
 * that occur twice and everything behind the end marker.
 */
export async function readTar(
  chunks: AsyncIterable<Buffer>,
  limits: ArchiveLimits,
  wanted: (name: string) => boolean,
  complain: Complain,
): Promise<TarContents> {
  const contents: TarContents = { files: new Map(), folders: new Set(), links: new Map() }
  const blocks = new BlockLedger()
  let entries = 0
  let end = 0

  const tar = extract(READ_V7)
  checkPaxHeaders(tar, complain)
  tar.on('entry', (header, stream, next) => {
    const entry = header as unknown as Entry
    // Errors of the archive destroy its entries too; the pipeline below reports them.
    stream.on('error', () => {})
    try {
      entries += 1
      if (blocks.isZero(end)) throw complain('trailing_data', 'holds other data after the end marker of its tar data')
      if (entries > limits.entries) throw complain('too_many_entries', `holds more than ${limits.entries} entries`)
      end = entry.type === 'directory' ? entry.byteOffset : entry.byteOffset + padded(entry.size)
      const name = register(entry, contents, limits, complain)
      if (name === null || !wanted(name)) {
        stream.on('end', () => next())
        stream.resume()
        return
      }
      const pieces: Uint8Array[] = []
      stream.on('data', (piece) => {
        if (piece instanceof Uint8Array) pieces.push(piece)
      })
      stream.on('end', () => {
        contents.files.set(name, Buffer.concat(pieces))
        next()
      })
    } catch (error) {
      next(error instanceof Error ? error : new Error(String(error)))
    }
  })

  try {
    await pipeline(blocks.watch(chunks), tar)
  } catch (error) {
    throw explainTar(error, { blocks, entries, end }, complain)
  }
  if (blocks.total === 0) throw complain('not_tar', 'is not a tar archive: nothing is inside the gzip data')
  if (!blocks.isZero(end)) throw cutOff(complain)
  return contents
}

/** What tar-stream reads extended headers with, inside of itself: there is no event for them. */
interface HeaderDecoder {
  readonly _header: { readonly type: string }
  _decodeLongHeader(content: Uint8Array): void
}

function checkPaxHeaders(tar: object, complain: Complain): void {
  const decoder = tar as HeaderDecoder
  const decode = decoder._decodeLongHeader
  decoder._decodeLongHeader = function (content) {
    const complaint = this._header.type.startsWith('pax') ? complaintAboutPaxRecords(content) : undefined
    if (complaint !== undefined) throw complain('corrupt_tar', `is damaged: an extended header ${complaint}`)
    decode.call(this, content)
  }
}

/** Checks an entry and notes it; returns the name of a regular file, null for anything else. */
function register(entry: Entry, contents: TarContents, limits: ArchiveLimits, complain: Complain): string | null {
  const shown = showName(entry.name)
  const refusal = complaintAboutName(entry.name)
  if (refusal !== null) throw complain('unsafe_name', `has a name that is not allowed: it ${refusal}`, shown)
  if (entry.size > limits.fileBytes) {
    throw complain('file_too_large', `has ${entry.size} bytes, over the limit of ${limits.fileBytes} for a file`, shown)
  }
  const name = normaliseName(entry.name)
  const kind = kindOf(entry)
  if (kind === 'folder') {
    if (contents.files.has(name) || contents.links.has(name)) throw duplicate(shown, complain)
    contents.folders.add(name)
    return null
  }
  if (name === '') throw complain('unsafe_name', 'has a name that is not allowed: it is empty', shown)
  if (kind === 'hard link') throw complain('link', 'is a hard link; a release holds plain files only', shown)
  if (kind === 'special')
    throw complain('special_file', `is a ${entry.type ?? 'special file'}, not a plain file`, shown)
  if (contents.files.has(name) || contents.folders.has(name) || contents.links.has(name)) {
    throw duplicate(shown, complain)
  }
  if (kind === 'symbolic link') {
    contents.links.set(name, entry.linkname ?? '')
    return null
  }
  contents.files.set(name, null)
  return name
}

function duplicate(shown: string, complain: Complain): ArchiveError {
  return complain('duplicate_name', 'occurs twice in the archive', shown)
}

const KINDS: Readonly<Record<string, 'file' | 'folder' | 'hard link' | 'symbolic link'>> = {
  file: 'file',
  'contiguous-file': 'file',
  directory: 'folder',
  link: 'hard link',
  symlink: 'symbolic link',
}

function kindOf(entry: Entry): 'file' | 'folder' | 'hard link' | 'symbolic link' | 'special' {
  // GNU's sparse files say so in pax records; their content is not what the name promises.
  if (Object.keys(entry.pax ?? {}).some((key) => key.startsWith('GNU.sparse.'))) return 'special'
  const kind = KINDS[entry.type ?? ''] ?? 'special'
  return kind === 'file' && entry.name.endsWith('/') ? 'folder' : kind
}

interface Progress {
  readonly blocks: BlockLedger
  readonly entries: number
  readonly end: number
}

function explainTar(error: unknown, { blocks, entries, end }: Progress, complain: Complain): unknown {
  if (error instanceof ArchiveError || !(error instanceof Error)) return error
  if (error.message === 'Unexpected end of data') {
    if (entries === 0 && blocks.total < BLOCK) return foreign(blocks, complain, error)
    if (!blocks.isZero(end)) return cutOff(complain, error)
    return complain('trailing_data', 'holds other data after the end marker of its tar data', undefined, error)
  }
  if (!/^(Invalid tar header|Invalid header|Header exceeds max size)/.test(error.message)) return error
  if (blocks.isZero(end)) {
    return complain('trailing_data', 'holds other data after the end marker of its tar data', undefined, error)
  }
  if (entries === 0) return foreign(blocks, complain, error)
  return complain('corrupt_tar', `is damaged: the tar data make no sense after entry ${entries}`, undefined, error)
}

function cutOff(complain: Complain, cause?: unknown): ArchiveError {
  return complain('truncated_tar', 'is cut off: the tar data end without an end marker', undefined, cause)
}

function foreign(blocks: BlockLedger, complain: Complain, cause: unknown): ArchiveError {
  const looks = describeContent(blocks.start.subarray(0, SNIFF_BYTES))
  const what = looks === 'an uncompressed tar file' ? 'a tar file with a damaged first header' : looks
  return complain('not_tar', `is not a tar archive: inside the gzip data is ${what}`, undefined, cause)
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK
}

/**
 * Which blocks of the archive are all zero. tar-stream skips such blocks wherever they are; only this tells an end
 * marker from content that happens to follow, or from an archive that just stops.
 */
class BlockLedger {
  total = 0
  start = Buffer.alloc(0)
  readonly #zero = new Set<number>()
  #pending = true

  isZero(offset: number): boolean {
    return this.#zero.has(offset / BLOCK)
  }

  async *watch(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      if (this.start.length < SNIFF_BYTES) this.start = Buffer.concat([this.start, chunk.subarray(0, SNIFF_BYTES)])
      this.#note(chunk)
      yield chunk
    }
  }

  #note(chunk: Buffer): void {
    let position = 0
    while (position < chunk.length) {
      const offset = this.total % BLOCK
      const piece = chunk.subarray(position, position + BLOCK - offset)
      this.#pending = (offset === 0 || this.#pending) && piece.every((byte) => byte === 0)
      position += piece.length
      this.total += piece.length
      if (this.#pending && this.total % BLOCK === 0) this.#zero.add(this.total / BLOCK - 1)
    }
  }
}
