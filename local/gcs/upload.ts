import { type Context, type Operation, parameter, requireBucket } from './context.ts'
import { objectEvent } from './events.ts'
import { empty, type GcsRequest, json, parseJsonObject, type Reply } from './exchange.ts'
import { ApiError, invalid } from './failures.ts'
import { splitMultipart } from './multipart.ts'
import { checkPreconditions } from './preconditions.ts'
import { checkAnnounced, checkObjectName, describeObject, type ObjectResource, readFields } from './resource.ts'
import { checkDeletable } from './retention.ts'
import { receiveChunk } from './upload-sessions.ts'

/** "Objects: insert": one request with content, with content and metadata, or the beginning of a resumable upload. */
export const startUpload: Operation = (context, request, parameters) => {
  const bucket = parameter(parameters, 'bucket')
  const start = UPLOAD_TYPES.get(request.query.get('uploadType') ?? '')
  if (start === undefined) throw invalid(`Unknown uploadType: ${request.query.get('uploadType')}`)
  return start(context, request, bucket)
}

/** A chunk of a resumable upload, or the question how much has arrived. */
export const continueUpload: Operation = async (context, request) => {
  const session = context.sessions.get(request.query.get('upload_id'))
  if (session.finished !== null) return json(session.finished)
  const complete = receiveChunk(session, request.headers['content-range'], request.body)
  if (!complete) {
    const last = session.received.length - 1
    return empty(308, last < 0 ? {} : { range: `bytes=0-${last}` })
  }
  const announced = { ...announcedHashes(request.headers['x-goog-hash']), ...session.fields }
  session.finished = await putObject(context, session, session.received, announced, session.query)
  session.received = Buffer.alloc(0)
  return json(session.finished)
}

/** 499 is what the API answers to a cancelled upload. */
export const cancelUpload: Operation = ({ sessions }, { query }) => {
  sessions.cancel(query.get('upload_id'))
  return empty(499)
}

/** Writes the next generation of an object, if the preconditions and the announced checksums hold. */
export async function putObject(
  { store, notify }: Context,
  target: { readonly bucket: string; readonly name: string },
  content: Buffer,
  fields: Readonly<Record<string, unknown>>,
  query: URLSearchParams,
): Promise<ObjectResource> {
  const { bucket, name } = target
  const settings = requireBucket(store, bucket)
  checkObjectName(name)
  const replaced = store.find(bucket, name)
  checkPreconditions(replaced, query)
  if (replaced !== undefined) checkDeletable(replaced, settings)
  const chosen = readFields(fields)
  const resource = describeObject(bucket, name, await store.nextGeneration(), content, chosen)
  checkAnnounced(resource, fields)
  await store.put(resource, content)
  if (replaced === undefined) {
    notify(objectEvent('OBJECT_FINALIZE', resource))
  } else {
    notify(objectEvent('OBJECT_FINALIZE', resource, { overwroteGeneration: replaced.generation }))
    notify(objectEvent('OBJECT_DELETE', replaced, { overwrittenByGeneration: resource.generation }))
  }
  return resource
}

type Start = (context: Context, request: GcsRequest, bucket: string) => Promise<Reply> | Reply

const UPLOAD_TYPES: ReadonlyMap<string, Start> = new Map<string, Start>([
  ['media', uploadContent],
  ['multipart', uploadWithMetadata],
  ['resumable', beginResumable],
])

async function uploadContent(context: Context, { query, headers, body }: GcsRequest, bucket: string): Promise<Reply> {
  const contentType = headers['content-type']
  const fields = { ...announcedHashes(headers['x-goog-hash']), ...(contentType !== undefined && { contentType }) }
  return json(await putObject(context, { bucket, name: query.get('name') ?? '' }, body, fields, query))
}

async function uploadWithMetadata(context: Context, request: GcsRequest, bucket: string): Promise<Reply> {
  const [metadata, content] = splitMultipart(request.body, request.headers['content-type'])
  const given = parseJsonObject(metadata.content)
  const type = content.contentType === null ? {} : { contentType: content.contentType }
  const fields = { ...announcedHashes(request.headers['x-goog-hash']), ...type, ...given }
  const target = { bucket, name: nameOf(request.query, given) }
  return json(await putObject(context, target, content.content, fields, request.query))
}

function beginResumable({ store, sessions, endpoint }: Context, request: GcsRequest, bucket: string): Reply {
  requireBucket(store, bucket)
  const given = parseJsonObject(request.body)
  const contentType = request.headers['x-upload-content-type']
  const fields = { ...(contentType !== undefined && { contentType }), ...given }
  const name = nameOf(request.query, given)
  checkObjectName(name)
  checkPreconditions(store.find(bucket, name), request.query)
  const id = sessions.begin({ bucket, name, fields, query: request.query })
  const location = `${endpoint}/upload/storage/v1/b/${bucket}/o?uploadType=resumable&upload_id=${id}`
  return empty(200, { location, 'x-guploader-uploadid': id })
}

function nameOf(query: URLSearchParams, given: Readonly<Record<string, unknown>>): string {
  const name = query.get('name') ?? given.name
  if (typeof name !== 'string' || name === '') throw new ApiError(400, 'required', 'Required parameter: name')
  return name
}

/** `x-goog-hash: crc32c=…,md5=…` */
function announcedHashes(header: string | string[] | undefined): Record<string, string> {
  const hashes: Record<string, string> = {}
  for (const entry of String(header ?? '').split(',')) {
    const match = /^\s*(crc32c|md5)=(\S+)\s*$/.exec(entry)
    if (match?.[1] !== undefined && match[2] !== undefined) hashes[match[1] === 'md5' ? 'md5Hash' : 'crc32c'] = match[2]
  }
  return hashes
}
