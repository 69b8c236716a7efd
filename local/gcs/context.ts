import type { ObjectEventListener } from './events.ts'
import type { GcsRequest, Reply } from './exchange.ts'
import { noSuchBucket } from './failures.ts'
import type { ObjectResource } from './resource.ts'
import type { BucketSettings, ObjectStore } from './store.ts'
import type { UploadSessions } from './upload-sessions.ts'

/** What the operations of the API work on. */
export interface Context {
  readonly store: ObjectStore
  readonly sessions: UploadSessions
  readonly notify: ObjectEventListener
  /** `http://127.0.0.1:1234` */
  readonly endpoint: string
}

/** The decoded `{…}` of the route, by name. */
export type Parameters = Readonly<Record<string, string>>

export type Operation = (context: Context, request: GcsRequest, parameters: Parameters) => Promise<Reply> | Reply

/** One `{…}` of the route. */
export function parameter(parameters: Parameters, name: string): string {
  const value = parameters[name]
  if (value === undefined) throw new RangeError(`the route has no parameter ${name}`)
  return value
}

/** @throws ApiError 404 when there is no such bucket */
export function requireBucket(store: ObjectStore, bucket: string): BucketSettings {
  const settings = store.settings(bucket)
  if (settings === undefined) throw noSuchBucket()
  return settings
}

export function requireObjects(store: ObjectStore, bucket: string): readonly ObjectResource[] {
  const objects = store.objects(bucket)
  if (objects === undefined) throw noSuchBucket()
  return objects
}
