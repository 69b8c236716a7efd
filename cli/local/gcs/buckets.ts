import { type Operation, parameter, requireObjects } from './context.ts'
import { empty, json, parseJsonObject } from './exchange.ts'
import { ApiError } from './failures.ts'
import { checkBucketName } from './resource.ts'

export const listBuckets: Operation = ({ store }, { query }) => {
  const prefix = query.get('prefix') ?? ''
  const items = store.bucketNames().filter((name) => name.startsWith(prefix))
  return json({ kind: 'storage#buckets', items: items.map(describeBucket) })
}

export const createBucket: Operation = async ({ store }, { body }) => {
  const { name } = parseJsonObject(body)
  checkBucketName(name)
  if (store.objects(name) !== undefined) {
    throw new ApiError(
      409,
      'conflict',
      'Your previous request to create the named bucket succeeded and you already own it.',
    )
  }
  await store.createBucket(name)
  return json(describeBucket(name))
}

export const getBucket: Operation = ({ store }, _request, parameters) => {
  const bucket = parameter(parameters, 'bucket')
  requireObjects(store, bucket)
  return json(describeBucket(bucket))
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
  requireObjects(store, bucket)
  const builtIn = { kind: 'storage#notification', id: '1', payload_format: 'JSON_API_V1' }
  return json({ kind: 'storage#notifications', items: [builtIn] })
}

function describeBucket(name: string): Record<string, unknown> {
  return { kind: 'storage#bucket', id: name, name, location: 'LOCAL', storageClass: 'STANDARD', metageneration: '1' }
}
