import { createHash } from 'node:crypto'
import { readArchive } from './archive.ts'
import { decodeSchemas } from './decode-schemas.ts'
import { complaintAboutName, normaliseName, showName } from './entry-name.ts'
import type { Release } from './fetch.ts'
import { findSchemasFolder, listSchemasFolders, mayBeSchema } from './layout.ts'
import type { ArchiveLimits } from './limits.ts'
import { type Complain, complainAbout } from './release-failures.ts'

/** The bucket of releases that come from the caller's own disk. */
export const LOCAL_BUCKET = 'local'

/** The archive that a release folder of a bucket holds under this name. */
const ARCHIVE_NAME = 'schemas.tar.gz'

/** A plain file below a folder on disk; the caller knows the disk, this room does not. */
export interface LocalFile {
  /** Relative to the folder, with `/`. */
  readonly name: string
  readonly size: number
  /** When it was last changed, in milliseconds since 1970. */
  readonly modified: number
  read(): Promise<Uint8Array>
}

/** An archive on disk, known as `path`. Throws ArchiveError (permanent). */
export async function readLocalArchive(
  version: string,
  path: string,
  archive: Pick<LocalFile, 'size' | 'modified' | 'read'>,
  limits: ArchiveLimits,
): Promise<Release> {
  if (archive.size > limits.unpackedBytes) {
    const message = `has ${archive.size} bytes, over the limit of ${limits.unpackedBytes}`
    throw complainAbout(path)('archive_too_large', message)
  }
  const content = await archive.read()
  const files = await readArchive(content, limits, path)
  return describe(version, path, files, [['', content]], archive.modified)
}

/**
 * A folder on disk, known as `path`: one that holds `schemas.tar.gz` (a release as a bucket has it), one laid out like
 * the archive (a clone of the schemas' repository), or one that holds the `*.yaml` files itself. Hidden files are left
 * out. The limits are those of an archive. Throws ArchiveError (permanent).
 */
export async function readLocalFolder(
  version: string,
  path: string,
  listing: AsyncIterable<LocalFile> | Iterable<LocalFile>,
  limits: ArchiveLimits,
): Promise<Release> {
  const complain = complainAbout(path)
  const found = await collect(listing, limits, complain)
  const names = [...found.keys()]
  const laidOut = listSchemasFolders(names).length > 0
  const direct = names.some((name) => !name.includes('/') && name.endsWith('.yaml'))
  const archive = found.get(ARCHIVE_NAME)
  if (archive !== undefined) {
    if (laidOut || direct) throw complain('ambiguous_schemas', `holds both ${ARCHIVE_NAME} and schema files`)
    return readLocalArchive(version, `${path.replace(/\/+$/, '')}/${ARCHIVE_NAME}`, archive, limits)
  }
  const folder = direct && !laidOut ? '' : findSchemasFolder(names, complain)
  const contents = await readSchemas(found, folder, limits, complain)
  const files = decodeSchemas(contents, folder, path)
  const newest = Math.max(...[...contents.keys()].map((name) => found.get(name)?.modified ?? 0))
  return describe(version, path, files, [...contents], newest)
}

async function collect(
  listing: AsyncIterable<LocalFile> | Iterable<LocalFile>,
  limits: ArchiveLimits,
  complain: Complain,
): Promise<ReadonlyMap<string, LocalFile>> {
  const files: [string, LocalFile][] = []
  for await (const file of listing) {
    const refusal = complaintAboutName(file.name)
    if (refusal !== null) {
      throw complain('unsafe_name', `has a name that is not allowed: it ${refusal}`, showName(file.name))
    }
    const name = normaliseName(file.name)
    if (name.split('/').some((segment) => segment.startsWith('.'))) continue
    files.push([name, file])
    if (files.length > limits.entries) throw complain('too_many_entries', `holds more than ${limits.entries} files`)
  }
  // A disk lists its files in any order; the release must not depend on it.
  return new Map(files.sort(([a], [b]) => (a < b ? -1 : 1)))
}

async function readSchemas(
  found: ReadonlyMap<string, LocalFile>,
  folder: string,
  limits: ArchiveLimits,
  complain: Complain,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const contents = new Map<string, Uint8Array>()
  let total = 0
  for (const [name, file] of found) {
    const wanted = folder === '' ? name.endsWith('.yaml') : name.startsWith(`${folder}/`) && mayBeSchema(name)
    if (!wanted) continue
    refuseSize(name, file.size, limits, complain)
    const content = await file.read()
    // It may have grown since it was listed.
    refuseSize(name, content.length, limits, complain)
    total += content.length
    if (total > limits.unpackedBytes) {
      throw complain('archive_too_large', `holds more than the limit of ${limits.unpackedBytes} bytes`)
    }
    contents.set(name, content)
  }
  return contents
}

function refuseSize(name: string, size: number, limits: ArchiveLimits, complain: Complain): void {
  if (size <= limits.fileBytes) return
  throw complain('file_too_large', `has ${size} bytes, over the limit of ${limits.fileBytes} for a file`, name)
}

/** Generations of a bucket grow with time; those of a disk are the time of the last change, in microseconds. */
function describe(
  version: string,
  path: string,
  files: ReadonlyMap<string, string>,
  contents: readonly (readonly [name: string, content: Uint8Array])[],
  modified: number,
): Release {
  const hash = createHash('sha256')
  let bytes = 0
  for (const [name, content] of contents) {
    // An archive has no name here: its digest is that of the file itself, as `sha256sum` prints it.
    if (name !== '') hash.update(`${name}\0${content.length}\0`)
    hash.update(content)
    bytes += content.length
  }
  const generation = String(Math.max(1, Math.round(modified * 1000)))
  const source = { bucket: LOCAL_BUCKET, object: path, generation, sha256: hash.digest('hex'), bytes }
  return { version, files, source }
}
