import { createHash } from 'node:crypto'
import type { ReleaseSource } from '../tap-schema/release-source.ts'
import { readArchive } from './archive.ts'
import type { ArchiveLimits } from './limits.ts'
import { objectOf, type ReleaseNaming } from './naming.ts'
import type { ReleaseBucket } from './release-bucket.ts'
import { complainAbout } from './release-failures.ts'

/** A release as it is staged: its schema files, and where they came from. */
export interface Release {
  readonly version: string
  /** Name relative to the folder of schemas (`dp2.yaml`) → text. */
  readonly files: ReadonlyMap<string, string>
  readonly source: ReleaseSource
}

/**
 * Reads a release from its bucket: the newest generation, or exactly the given one. undefined: the bucket has no such
 * object or generation (any more).
 *
 * Throws ArchiveError and ReleaseNameError (permanent), and what the bucket throws.
 */
export async function fetchRelease(
  bucket: ReleaseBucket,
  naming: ReleaseNaming,
  version: string,
  limits: ArchiveLimits,
  generation?: string,
): Promise<Release | undefined> {
  const name = objectOf(naming, version)
  const maxBytes = limits.unpackedBytes
  const found = await bucket.read(name, generation === undefined ? { maxBytes } : { generation, maxBytes })
  if (found === undefined) return undefined
  const { object, content } = found
  if (content.length > maxBytes) {
    throw complainAbout(name)('archive_too_large', `has ${content.length} bytes, over the limit of ${maxBytes}`)
  }
  const files = await readArchive(content, limits, name)
  const source: ReleaseSource = {
    bucket: naming.bucket,
    object: name,
    generation: object.generation,
    sha256: createHash('sha256').update(content).digest('hex'),
    bytes: content.length,
  }
  return { version, files, source }
}
