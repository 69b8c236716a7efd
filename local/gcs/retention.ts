import { ApiError } from './failures.ts'
import type { ObjectResource } from './resource.ts'
import type { BucketSettings } from './store.ts'

/** With the time until which the bucket's retention policy keeps it. */
export function withRetention(object: ObjectResource, { retentionPolicy }: BucketSettings): ObjectResource {
  if (retentionPolicy === undefined) return object
  const until = Date.parse(object.timeCreated) + Number(retentionPolicy.retentionPeriod) * 1000
  return { ...object, retentionExpirationTime: new Date(until).toISOString() }
}

/** Refuses with 403 to delete or overwrite what a hold or the retention policy keeps ("Object holds", "Bucket Lock"). */
export function checkDeletable(object: ObjectResource, settings: BucketSettings): void {
  const { temporaryHold, eventBasedHold, retentionExpirationTime } = withRetention(object, settings)
  const where = `Object '${object.bucket}/${object.name}'`
  for (const [kind, held] of Object.entries({ Temporary: temporaryHold, 'Event-Based': eventBasedHold })) {
    if (held !== true) continue
    const message = `${where} is under active ${kind} hold and cannot be deleted, overwritten or archived until hold is removed.`
    throw new ApiError(403, 'objectUnderActiveHold', message)
  }
  if (retentionExpirationTime === undefined || Date.parse(retentionExpirationTime) <= Date.now()) return
  const message = `${where} is subject to bucket's retention policy and cannot be deleted or overwritten until ${retentionExpirationTime}`
  throw new ApiError(403, 'retentionPolicyNotMet', message)
}
