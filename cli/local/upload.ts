import { createHash } from 'node:crypto'
import type { Bucket } from '../../shared/platform/objects.ts'
import type { StoredObject } from '../../shared/releases/bucket.ts'
import { UsageError } from '../terminal/usage-error.ts'

export interface Upload {
  readonly object: StoredObject
  /** Whether it was uploaded now, so that the bucket notifies of it. */
  readonly isNew: boolean
}

/**
 * Uploads an archive unless the bucket holds the very same. Other content under the same name becomes a new generation,
 * as it does for `main`; whoever else writes at the same moment is not overwritten.
 *
 * @param content null: the object has to be there
 * @throws UsageError, PreconditionError, StorageError
 */
export async function uploadRelease(bucket: Bucket, name: string, content: Buffer | null): Promise<Upload> {
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
