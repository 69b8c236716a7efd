import { createHash } from 'node:crypto'
import { UsageError } from '../cli/terminal/usage-error.ts'
import type { Bucket } from '../shared/platform/storage/objects.ts'
import { ARCHIVE_NAME } from '../shared/releases/publish/assemble-parts.ts'
import type { BuiltRelease } from '../shared/releases/publish/build-release.ts'
import type { StoredObject } from '../shared/stored-objects.ts'
import type { ReleaseContent } from './choose-release.ts'
import { NAMING } from './environment.ts'

export interface Upload {
  readonly object: StoredObject
  /** Whether it was uploaded now, so that the bucket notifies of it. */
  readonly isNew: boolean
}

/**
 * Uploads a release unless the bucket holds the very same. Other content under the same name becomes a new generation,
 * as it does for `main`; whoever else writes at the same moment is not overwritten.
 *
 * @param name of the archive
 * @param content null: the object has to be there
 * @throws UsageError, PreconditionError, ConcurrentPublishError, StorageError
 */
export async function uploadRelease(bucket: Bucket, name: string, content: ReleaseContent): Promise<Upload> {
  if (typeof content === 'function') return publish(bucket, name, await content())
  const found = await bucket.stat(name)
  if (content === null) {
    if (found === undefined) throw new UsageError(`the bucket holds no ${name}: give the release with --release PATH`)
    return { object: found, isNew: false }
  }
  const sha256 = createHash('sha256').update(content).digest('hex')
  if (found?.metadata.sha256 === sha256) return { object: found, isNew: false }
  const object = await bucket.save(name, content, {
    ifGenerationMatch: found?.generation ?? '0',
    contentType: 'application/gzip',
    metadata: { sha256 },
  })
  return { object, isNew: true }
}

/** Everything that `almagest publish` uploads, the archive last. */
async function publish(bucket: Bucket, name: string, release: BuiltRelease): Promise<Upload> {
  const publishing = await import('../shared/releases/publish/upload-release.ts')
  const prefix = name.slice(0, -ARCHIVE_NAME.length)
  const where = `gs://${NAMING.bucket}/${release.version}`
  const { parts } = await publishing.uploadRelease(release, { target: bucket, prefix, where, replace: true })
  const object = await bucket.stat(name)
  if (object === undefined) throw new UsageError(`${where} was removed from the bucket while it was published`)
  return { object, isNew: parts.some((part) => part.name === ARCHIVE_NAME && part.uploaded) }
}
