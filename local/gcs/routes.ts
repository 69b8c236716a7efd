import { createBucket, deleteBucket, getBucket, listBuckets, listNotifications, updateBucket } from './buckets.ts'
import type { Context, Operation } from './context.ts'
import type { GcsRequest, Reply } from './exchange.ts'
import { ApiError, invalid } from './failures.ts'
import { listObjects } from './listing.ts'
import { deleteObject, getObject, updateMetadata } from './objects.ts'
import { rewriteObject } from './rewrite.ts'
import { signBlob } from './signed-urls.ts'
import { cancelUpload, continueUpload, startUpload } from './upload.ts'

interface Route {
  readonly kind: GcsRequest['kind']
  readonly method: string
  readonly segments: readonly string[]
  readonly operation: Operation
}

const ROUTES: readonly Route[] = [
  route('api', 'GET', '/b', listBuckets),
  route('api', 'POST', '/b', createBucket),
  route('api', 'GET', '/b/{bucket}', getBucket),
  route('api', 'PATCH', '/b/{bucket}', updateBucket),
  route('api', 'DELETE', '/b/{bucket}', deleteBucket),
  route('api', 'GET', '/b/{bucket}/notificationConfigs', listNotifications),
  route('api', 'GET', '/b/{bucket}/o', listObjects),
  route('api', 'GET', '/b/{bucket}/o/{object}', getObject),
  route('api', 'PATCH', '/b/{bucket}/o/{object}', updateMetadata),
  route('api', 'DELETE', '/b/{bucket}/o/{object}', deleteObject),
  route('api', 'POST', '/b/{bucket}/o/{object}/rewriteTo/b/{toBucket}/o/{toObject}', rewriteObject),
  route('api', 'POST', '/v1/projects/-/serviceAccounts/{account}', signBlob),
  route('upload', 'POST', '/b/{bucket}/o', startUpload),
  route('upload', 'PUT', '/b/{bucket}/o', continueUpload),
  route('upload', 'DELETE', '/b/{bucket}/o', cancelUpload),
]

/** Finds the operation that a request asks for and runs it. */
export async function dispatch(context: Context, request: GcsRequest): Promise<Reply> {
  const segments = request.path.split('/')
  for (const { kind, method, segments: pattern, operation } of ROUTES) {
    if (kind !== request.kind || method !== request.method) continue
    const parameters = matchSegments(pattern, segments)
    if (parameters !== null) return operation(context, request, parameters)
  }
  throw new ApiError(404, 'notFound', `The stand-in knows no ${request.method} ${request.path}`)
}

function route(kind: Route['kind'], method: string, path: string, operation: Operation): Route {
  return { kind, method, segments: path.split('/'), operation }
}

function matchSegments(pattern: readonly string[], segments: readonly string[]): Record<string, string> | null {
  if (pattern.length !== segments.length) return null
  const parameters: Record<string, string> = {}
  for (const [index, wanted] of pattern.entries()) {
    const segment = segments[index] ?? ''
    if (wanted.startsWith('{')) parameters[wanted.slice(1, -1)] = decodeSegment(segment)
    else if (wanted !== segment) return null
  }
  return parameters
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw invalid(`Malformed percent-encoding: ${segment}`)
  }
}
