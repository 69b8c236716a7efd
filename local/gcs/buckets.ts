import { type Operation, parameter, requireBucket, requireObjects } from './context.ts'
import { empty, json, parseJsonObject } from './exchange.ts'
import { ApiError } from './failures.ts'
import { checkBucketName } from './resource.ts'
import type { BucketSettings } from './store.ts'

export const listBuckets: Operation = ({ store }, { query }) => {
  const prefix = query.get('prefix') ?? ''
  const items = store.bucketNames().filter((name) => name.startsWith(prefix))
  return json({ kind: 'storage#buckets', items: items.map((name) => describeBucket(name, {})) })
}

export const createBucket: Operation = async ({ store }, { body }) => {
  const { name, ...given } = parseJsonObject(body)
  checkBucketName(name)
  if (store.settings(name) !== undefined) {
    throw new ApiError(
      409,
      'conflict',
      'Your previous request to create the named bucket succeeded and you already own it.',
    )
  }
  await store.createBucket(name)
  store.configure(name, given)
  return json(describeBucket(name, given))
}

export const getBucket: Operation = ({ store }, _request, parameters) => {
  const bucket = parameter(parameters, 'bucket')
  return json(describeBucket(bucket, requireBucket(store, bucket)))
}

/** A patch: settings that are given replace, null removes. */
export const updateBucket: Operation = ({ store }, { body }, parameters) => {
  const bucket = parameter(parameters, 'bucket')
  const merged = Object.entries({ ...requireBucket(store, bucket), ...parseJsonObject(body) })
  const settings: BucketSettings = Object.fromEntries(merged.filter(([, value]) => value !== null))
  store.configure(bucket, settings)
  return json(describeBucket(bucket, settings))
}

export const deleteBucket: Operation = async ({ store }, _request, parameters) => {
  const bucket = parameter(parameters, 'bucket')
  if (requireObjects(store, bucket).length > 0) {
    throw new ApiError(409, 'conflict', 'The bucket you tried to delete is not empty.')
  }
  await store.removeBucket(bucket)
  return empty(204)
}

/** Every bucket of the stand-in tells its listener about everything: one built-in notification. */
export const listNotifications: Operation = ({ store }, _request, parameters) => {
  const bucket = parameter(parameters, 'bucket')
  requireBucket(store, bucket)
  const builtIn = { kind: 'storage#notification', id: '1', payload_format: 'JSON_API_V1' }
  return json({ kind: 'storage#notifications', items: [builtIn] })
}

function describeBucket(name: string, settings: BucketSettings): Record<string, unknown> {
  return {
    storageClass: 'STANDARD',
    ...settings,
    kind: 'storage#bucket',
    id: name,
    name,
    location: 'LOCAL',
    metageneration: '1',
  }
}
