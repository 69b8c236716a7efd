import type { BucketDescription } from './bucket.ts'

const DAY_MS = 86_400_000

/** What is not as it should be with a results bucket, for people. */
export function* warnAboutBucket({ settings }: BucketDescription): Generator<string> {
  if (settings === null) {
    yield 'whether the bucket keeps old versions is not known: storage.buckets.get is missing'
    return
  }
  if (settings.versioning) yield 'the bucket keeps old versions: a sweep will refuse to delete'
  if (settings.billedDays > 0) {
    yield `every object is billed for at least ${settings.billedDays} days: results belong into the class STANDARD`
  }
  if (settings.softDeleteMs > 0) {
    const days = Math.round((10 * settings.softDeleteMs) / DAY_MS) / 10
    yield `deleted objects are kept, and billed, for ${days} more days: set the bucket's soft delete to 0`
  }
}
