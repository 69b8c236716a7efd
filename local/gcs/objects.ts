import { gunzipSync } from 'node:zlib'
import { type Context, type Operation, type Parameters, parameter, requireBucket } from './context.ts'
import { objectEvent } from './events.ts'
import { empty, type GcsRequest, json, parseJsonObject, type Reply } from './exchange.ts'
import { ApiError } from './failures.ts'
import { checkPreconditions, requireObject } from './preconditions.ts'
import { type ObjectResource, patchObject } from './resource.ts'
import { checkDeletable, withRetention } from './retention.ts'

export const getObject: Operation = async (context, request, parameters) => {
  const resource = locate(context, request, parameters)
  return request.query.get('alt') === 'media'
    ? download(context, request, resource)
    : json(withRetention(resource, requireBucket(context.store, resource.bucket)))
}

export const updateMetadata: Operation = async (context, request, parameters) => {
  const patched = patchObject(locate(context, request, parameters), parseJsonObject(request.body))
  await context.store.update(patched)
  context.notify(objectEvent('OBJECT_METADATA_UPDATE', patched))
  return json(patched)
}

export const deleteObject: Operation = async (context, request, parameters) => {
  const resource = locate(context, request, parameters)
  checkDeletable(resource, requireBucket(context.store, resource.bucket))
  await context.store.remove(resource)
  context.notify(objectEvent('OBJECT_DELETE', resource))
  return empty(204)
}

function locate({ store }: Context, { query }: GcsRequest, parameters: Parameters): ObjectResource {
  const bucket = parameter(parameters, 'bucket')
  const name = parameter(parameters, 'object')
  requireBucket(store, bucket)
  const found = store.find(bucket, name)
  checkPreconditions(found, query)
  return requireObject(found, bucket, name, query)
}

/** Stored bytes; gzip-encoded objects are decompressed for callers that do not take gzip ("Transcoding of gzip-compressed files"). */
async function download({ store }: Context, { headers }: GcsRequest, resource: ObjectResource): Promise<Reply> {
  const stored = await store.content(resource)
  const encoded = resource.contentEncoding === 'gzip'
  const transcoded = encoded && !String(headers['accept-encoding']).includes('gzip')
  const described = {
    'content-type': resource.contentType ?? 'application/octet-stream',
    'x-goog-generation': resource.generation,
    'x-goog-metageneration': resource.metageneration,
    'x-goog-hash': `crc32c=${resource.crc32c},md5=${resource.md5Hash}`,
    'x-goog-stored-content-length': resource.size,
    'x-goog-stored-content-encoding': resource.contentEncoding ?? 'identity',
    ...(encoded && !transcoded && { 'content-encoding': 'gzip' }),
  }
  if (transcoded) return { status: 200, headers: described, body: gunzipSync(stored) }
  const range = parseRange(headers.range, stored.length)
  if (range === null) return { status: 200, headers: described, body: stored }
  const [start, end] = range
  const contentRange = { 'content-range': `bytes ${start}-${end}/${stored.length}` }
  return { status: 206, headers: { ...described, ...contentRange }, body: stored.subarray(start, end + 1) }
}

/** First and last byte of a `Range` (RFC 9110 §14.1.2); null: everything. */
function parseRange(header: string | undefined, length: number): readonly [number, number] | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (match === null || (match[1] === '' && match[2] === '')) return null
  const suffix = match[1] === ''
  const start = suffix ? Math.max(0, length - Number(match[2])) : Number(match[1])
  const end = suffix || match[2] === '' ? length - 1 : Math.min(Number(match[2]), length - 1)
  if (start > end) throw new ApiError(416, 'requestedRangeNotSatisfiable', 'Request range not satisfiable')
  return [start, end]
}
