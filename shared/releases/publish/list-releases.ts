import type { StoredObject } from '../../stored-objects.ts'
import { type ReleaseNaming, versionOf } from '../naming.ts'
import type { ReleaseBucket } from '../release-bucket.ts'
import { ARCHIVE_NAME } from './assemble-parts.ts'
import { DESCRIPTION_NAME, type ReleaseDescription, readDescription } from './description.ts'

/** A bucket whose releases are listed. */
export interface ReleaseShelf extends Pick<ReleaseBucket, 'read'> {
  /** Objects whose names begin with `prefix`. */
  list(prefix: string): AsyncIterable<StoredObject>
}

export interface ListedRelease {
  readonly version: string
  /** The name of its archive. */
  readonly object: string
  /** When its archive was uploaded (without one, its description), ISO 8601. */
  readonly publishedAt: string
  /** Of the archive; null: there is none (yet). */
  readonly generation: string | null
  readonly bytes: number | null
  /** null: there is none, or it is of another archive. */
  readonly description: ReleaseDescription | null
  /** What is odd about it, for a person; null: nothing. */
  readonly remark: string | null
}

/** The releases of a bucket, the latest first. Throws what the bucket throws. */
export async function listReleases(shelf: ReleaseShelf, naming: ReleaseNaming): Promise<readonly ListedRelease[]> {
  const found = await collect(shelf, naming)
  const versions = [...found.values()]
  const releases: ListedRelease[] = []
  for (let start = 0; start < versions.length; start += READS_AT_ONCE) {
    const batch = versions.slice(start, start + READS_AT_ONCE)
    releases.push(...(await Promise.all(batch.map((objects) => describe(shelf, objects)))))
  }
  return releases.sort((a, b) => {
    return a.publishedAt === b.publishedAt ? compare(a.version, b.version) : compare(b.publishedAt, a.publishedAt)
  })
}

const READS_AT_ONCE = 8
const DESCRIPTION_LIMIT = 1024 * 1024

interface ReleaseObjects {
  readonly version: string
  readonly name: string
  archive: StoredObject | null
  description: StoredObject | null
}

async function collect(shelf: ReleaseShelf, naming: ReleaseNaming): Promise<ReadonlyMap<string, ReleaseObjects>> {
  const [prefix = ''] = naming.template.split('{version}')
  const found = new Map<string, ReleaseObjects>()
  const objectsOf = (name: string): ReleaseObjects | null => {
    const version = versionOf(naming, naming.bucket, name)
    if (version === null) return null
    const objects = found.get(version) ?? { version, name, archive: null, description: null }
    found.set(version, objects)
    return objects
  }
  for await (const object of shelf.list(prefix)) {
    const asArchive = objectsOf(object.name)
    if (asArchive !== null) asArchive.archive = object
    if (!object.name.endsWith(`/${DESCRIPTION_NAME}`)) continue
    const described = objectsOf(`${object.name.slice(0, -DESCRIPTION_NAME.length)}${ARCHIVE_NAME}`)
    if (described !== null) described.description = object
  }
  return found
}

async function describe(shelf: ReleaseShelf, { version, name, ...objects }: ReleaseObjects): Promise<ListedRelease> {
  const { archive } = objects
  const description = objects.description === null ? null : await readOne(shelf, objects.description)
  const isOfArchive = description !== null && (archive === null || describes(description, archive))
  return {
    version,
    object: name,
    publishedAt: (archive ?? objects.description)?.timeCreated ?? '',
    generation: archive?.generation ?? null,
    bytes: archive?.size ?? null,
    description: isOfArchive ? description : null,
    remark: remarkOn(archive, objects.description, description, isOfArchive),
  }
}

async function readOne(shelf: ReleaseShelf, { name, size }: StoredObject): Promise<ReleaseDescription | null> {
  if (size > DESCRIPTION_LIMIT) return null
  const found = await shelf.read(name, { maxBytes: DESCRIPTION_LIMIT })
  return found === undefined ? null : readDescription(found.content)
}

/** The archive may have been uploaded by other means since then. */
function describes({ files }: ReleaseDescription, { size, metadata }: StoredObject): boolean {
  const described = files[ARCHIVE_NAME]
  if (described === undefined || described.bytes !== size) return false
  return metadata.sha256 === undefined || metadata.sha256 === described.sha256
}

function remarkOn(
  archive: StoredObject | null,
  object: StoredObject | null,
  description: ReleaseDescription | null,
  isOfArchive: boolean,
): string | null {
  if (archive === null) return 'incomplete: schemas.tar.gz is missing; publish it again'
  if (object === null) return 'not described: it has no release.json'
  if (description === null) return 'not described: its release.json cannot be read'
  return isOfArchive ? null : 'not described: its release.json is of another archive'
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
