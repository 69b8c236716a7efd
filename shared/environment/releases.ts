import { type ArchiveLimits, DEFAULT_LIMITS } from '../releases/limits.ts'
import type { ReleaseNaming } from '../releases/naming.ts'
import {
  complaintAboutBucket,
  complaintAboutObjectTemplate,
  complaintAboutPrefix,
  normaliseTemplate,
} from './complaints.ts'
import { baseUrl } from './discovery/texts.ts'
import type { Report } from './report.ts'
import { type Found, foundOf, optional, part, sectionAs } from './sections.ts'
import { integer, type Shape, text } from './shapes.ts'

/** Where releases lie, and how large one may be. */
export interface ReleasesConfig extends ReleaseNaming {
  readonly limits: ArchiveLimits
}

const MEBIBYTE = 1024 ** 2
const GIBIBYTE = 1024 ** 3
const BYTES = integer(1024, 4 * GIBIBYTE)
const MEBIBYTES = integer(1, 4096)

const LIMITS = {
  unpackedBytes: optional(
    BYTES,
    DEFAULT_LIMITS.unpackedBytes,
    'Size of the unpacked archive, headers and padding included.',
  ),
  unpackedMiB: optional(MEBIBYTES, null, 'The same in MiB, instead of `unpackedBytes`.'),
  entries: optional(integer(1, 1_000_000), DEFAULT_LIMITS.entries, 'Files and folders in the archive.'),
  fileBytes: optional(BYTES, DEFAULT_LIMITS.fileBytes, 'Size of any one file, unpacked.'),
  fileMiB: optional(MEBIBYTES, null, 'The same in MiB, instead of `fileBytes`.'),
}

const limits: Shape<ArchiveLimits> = sectionAs(LIMITS, (found, report) => {
  const unpackedBytes = sizeOf(found, 'unpackedBytes', 'unpackedMiB', report)
  const fileBytes = sizeOf(found, 'fileBytes', 'fileMiB', report)
  const entries = found.value('entries')
  if (unpackedBytes === undefined || fileBytes === undefined || entries === undefined) return undefined
  const key = (['fileBytes', 'fileMiB'] as const).find((name) => found.isGiven(name))
  if (key !== undefined && fileBytes > unpackedBytes) {
    report.error('conflict', found.placeOf(key), 'allows a file more than the whole archive may have')
  }
  return { unpackedBytes, entries, fileBytes }
})

function sizeOf(
  found: Found<typeof LIMITS>,
  bytesKey: 'unpackedBytes' | 'fileBytes',
  mebibytesKey: 'unpackedMiB' | 'fileMiB',
  report: Report,
): number | undefined {
  const mebibytes = found.value(mebibytesKey)
  if (mebibytes === null) return found.value(bytesKey)
  if (found.isGiven(bytesKey)) {
    report.error('conflict', found.placeOf(mebibytesKey), 'give the size in bytes or in MiB')
  }
  return mebibytes === undefined ? undefined : mebibytes * MEBIBYTE
}

const KEYS = {
  bucket: optional(
    text(complaintAboutBucket),
    null,
    'The releases bucket, without `gs://`. Not needed when `tap.schemaSourceTemplate` names it.',
  ),
  prefix: optional(
    text(complaintAboutPrefix),
    null,
    'Folder of the bucket in front of `{version}/schemas.tar.gz`. Instead of `objectTemplate`.',
  ),
  objectTemplate: optional(
    text(complaintAboutObjectTemplate),
    '{version}/schemas.tar.gz',
    'Name of the object that holds a release; `{version}` (or `{schemaVersion}`) exactly once.',
  ),
  limits: part(limits, 'What one release archive may cost in memory.'),
  publicBase: optional(
    baseUrl,
    null,
    'URL of the releases bucket as everybody reaches it, for the links to the metadata of a release. Without it discovery gives no links.',
  ),
}

export const RELEASES = foundOf(KEYS)
type GivenReleases = Found<typeof KEYS>

/**
 * Where releases lie: as the section says, or as `source` does, Repertoire's way to say it. null: nowhere, or the section
 * is wrong.
 */
export function readReleases(own: GivenReleases, source: GivenSource, report: Report): ReleasesConfig | null {
  const template = templateOf(own, report)
  const bucket = own.value('bucket')
  const sizes = own.value('limits')
  if (template === undefined || bucket === undefined || sizes === undefined) return null
  if (source.naming !== null) {
    checkAgreement(own, { bucket, template }, source.naming, source, report)
    return { ...source.naming, limits: sizes }
  }
  if (bucket !== null) return { bucket, template, limits: sizes }
  for (const key of ['prefix', 'objectTemplate'] as const) {
    if (!own.isGiven(key)) continue
    report.error('missing_key', own.placeOf(key), 'says where in a bucket, but releases.bucket is missing')
  }
  return null
}

function templateOf(own: GivenReleases, report: Report): string | undefined {
  const prefix = own.value('prefix')
  const template = own.value('objectTemplate')
  if (own.isGiven('prefix') && own.isGiven('objectTemplate')) {
    report.error('conflict', own.placeOf('prefix'), 'give either prefix or objectTemplate')
  }
  if (prefix === undefined || template === undefined) return undefined
  return prefix === null ? normaliseTemplate(template) : `${prefix.replace(/\/$/, '')}/{version}/schemas.tar.gz`
}

/** Both ways at once are fine as long as they say the same. */
function checkAgreement(
  own: GivenReleases,
  stated: { readonly bucket: string | null; readonly template: string },
  source: ReleaseNaming,
  { place }: GivenSource,
  report: Report,
): void {
  if (stated.bucket !== null && stated.bucket !== source.bucket) {
    const message = `names the bucket ${source.bucket}, but releases.bucket is ${stated.bucket}; keep one of them`
    report.error('conflict', place, message)
  }
  const isStated = own.isGiven('prefix') || own.isGiven('objectTemplate')
  if (isStated && stated.template !== source.template) {
    const message = `names the object ${source.template}, but releases says ${stated.template}; keep one of them`
    report.error('conflict', place, message)
  }
}

/** What `tap.schemaSourceTemplate` names, and where. */
export interface GivenSource {
  readonly naming: ReleaseNaming | null
  readonly place: Parameters<Report['error']>[1]
}

/** `gs://bucket/object`. null: on the web, where Repertoire also takes releases from. */
export const schemaSource: Shape<ReleaseNaming | null> = {
  type: 'text',
  read: (node, path, report) => {
    const given = text().read(node, path, report)
    if (given === undefined) return undefined
    const place = { path, at: node.at }
    if (/^https?:\/\//i.test(given)) {
      const message =
        'is not used: a release must lie in a bucket, where its generation identifies it; copy it there and give releases.bucket'
      report.warn('no_effect', place, message)
      return null
    }
    const [, bucket, object] = /^gs:\/\/([^/]*)\/(.*)$/i.exec(given) ?? []
    if (bucket === undefined || object === undefined) {
      const message = `${JSON.stringify(given)} is not a valid template: expected gs://bucket/object`
      report.error('invalid_value', place, message)
      return undefined
    }
    const template = normaliseTemplate(object)
    const complaints = [
      [bucket, complaintAboutBucket(bucket)],
      [template, complaintAboutObjectTemplate(template)],
    ] as const
    const [part, complaint] = complaints.find(([, found]) => found !== null) ?? []
    if (part === undefined) return { bucket, template }
    report.error('invalid_value', place, `${JSON.stringify(part)} ${complaint}`)
    return undefined
  },
}
