import { InvalidArgumentError } from 'commander'
import { complaintAboutBucket } from '../../../shared/environment/complaints.ts'

/** Where releases lie: a bucket, or a folder that is laid out like one. */
export type Location =
  | {
      readonly kind: 'bucket'
      readonly bucket: string
      /** Of the objects' names: empty, or with a slash at its end. */
      readonly prefix: string
    }
  | { readonly kind: 'folder'; readonly path: string }

export function parseLocation(value: string): Location {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(value)?.[1]
  if (scheme === undefined) {
    if (value.trim() === '' || value.includes('\0')) throw new InvalidArgumentError('It must not be empty.')
    return { kind: 'folder', path: value }
  }
  const [, bucket = '', prefix = ''] = /^gs:\/\/([^/]*)(?:\/+(.*))?$/.exec(value) ?? []
  if (bucket === '') throw new InvalidArgumentError('It must be gs://BUCKET, gs://BUCKET/PREFIX or a folder.')
  const complaint = complaintAboutBucket(bucket)
  if (complaint !== null) throw new InvalidArgumentError(`${JSON.stringify(bucket)} ${complaint}.`)
  const folder = prefix.replace(/\/+$/, '')
  if (/\p{Cc}/u.test(folder) || folder.split('/').some((part) => ['.', '..'].includes(part)) || folder.includes('//')) {
    throw new InvalidArgumentError('Its prefix must be a plain path.')
  }
  return { kind: 'bucket', bucket, prefix: folder === '' ? '' : `${folder}/` }
}

export function showLocation(location: Location): string {
  if (location.kind === 'folder') return location.path
  return `gs://${location.bucket}${location.prefix === '' ? '' : `/${location.prefix.replace(/\/$/, '')}`}`
}

export function parseEndpoint(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : null
  if (url !== null && ['http:', 'https:'].includes(url.protocol)) return url.origin
  throw new InvalidArgumentError('It must be an http:// or https:// address.')
}

/** Commits of git, in SHA-1 or SHA-256, whole or abbreviated. */
export function parseCommit(value: string): string {
  if (/^[0-9a-f]{7,64}$/i.test(value)) return value.toLowerCase()
  throw new InvalidArgumentError('It must be a commit: 7 to 64 hexadecimal digits.')
}
