import type { ArchiveLimits } from '../releases/limits.ts'
import { normaliseTemplate, refuseBucket, refuseObjectTemplate } from './field-rules.ts'
import type { Environment } from './model.ts'
import type { Report } from './report.ts'
import type { Settings } from './settings.ts'

const MEBIBYTE = 1024 * 1024

/** Where releases lie: as `releases` says, or Repertoire's `tap.schemaSourceTemplate`. null: nowhere. */
export function readReleases(settings: Settings, report: Report): Environment['releases'] {
  const limits = readLimits(settings, report)
  const template = readTemplate(settings, report)
  const source = readSourceTemplate(settings, report)
  const bucket = settings.get('releases.bucket')
  if (source !== null) {
    refuseContradiction(settings, { bucket, template }, source, report)
    return { ...source, limits }
  }
  if (bucket !== null) return { bucket, template, limits }
  for (const key of ['releases.prefix', 'releases.objectTemplate'] as const) {
    if (settings.has(key))
      report.error('missing_key', settings.placeOf(key), 'says where in a bucket, but releases.bucket is missing')
  }
  return null
}

interface Source {
  readonly bucket: string
  readonly template: string
}

function readTemplate(settings: Settings, report: Report): string {
  const template = normaliseTemplate(settings.get('releases.objectTemplate'))
  const prefix = settings.get('releases.prefix')
  if (prefix === null) return template
  if (settings.has('releases.objectTemplate')) {
    report.error('conflict', settings.placeOf('releases.prefix'), 'give either prefix or objectTemplate')
  }
  return `${prefix.replace(/\/$/, '')}/{version}/schemas.tar.gz`
}

function readSourceTemplate(settings: Settings, report: Report): Source | null {
  const given = settings.get('tap.schemaSourceTemplate')
  if (given === null) return null
  const place = settings.placeOf('tap.schemaSourceTemplate')
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(given) ?? []
  if (isOnTheWeb(given)) {
    const message =
      'is not used: a release must lie in a bucket, where its generation identifies it; copy it there and give releases.bucket'
    report.warn('no_effect', place, message)
    return null
  }
  const slash = rest.indexOf('/')
  if (scheme !== 'gs' || slash < 0) {
    report.error('invalid_value', place, `${JSON.stringify(given)} is no template: expected gs://bucket/object`)
    return null
  }
  const bucket = rest.slice(0, slash)
  const template = normaliseTemplate(rest.slice(slash + 1))
  const complaint = refuseBucket(bucket) ?? refuseObjectTemplate(template)
  if (complaint === null) return { bucket, template }
  const part = refuseBucket(bucket) === null ? template : bucket
  report.error('invalid_value', place, `${JSON.stringify(part)} ${complaint}`)
  return null
}

/** Repertoire also takes releases from the web. */
export function isOnTheWeb(template: string): boolean {
  return /^https?:\/\//i.test(template)
}

/** Both ways at once are fine as long as they say the same. */
function refuseContradiction(
  settings: Settings,
  own: { readonly bucket: string | null; readonly template: string },
  source: Source,
  report: Report,
): void {
  const place = settings.placeOf('tap.schemaSourceTemplate')
  if (own.bucket !== null && own.bucket !== source.bucket) {
    const message = `names the bucket ${source.bucket}, but releases.bucket is ${own.bucket}; keep one of them`
    report.error('conflict', place, message)
  }
  const stated = settings.has('releases.prefix') || settings.has('releases.objectTemplate')
  if (stated && own.template !== source.template) {
    const message = `names the object ${source.template}, but releases says ${own.template}; keep one of them`
    report.error('conflict', place, message)
  }
}

function readLimits(settings: Settings, report: Report): ArchiveLimits {
  const unpackedBytes = readSize(settings, 'releases.limits.unpackedBytes', 'releases.limits.unpackedMiB', report)
  const fileBytes = readSize(settings, 'releases.limits.fileBytes', 'releases.limits.fileMiB', report)
  const stated = settings.has('releases.limits.fileBytes') || settings.has('releases.limits.fileMiB')
  if (stated && fileBytes > unpackedBytes) {
    const key = settings.has('releases.limits.fileBytes') ? 'releases.limits.fileBytes' : 'releases.limits.fileMiB'
    report.error('conflict', settings.placeOf(key), 'allows a file more than the whole archive may have')
  }
  return { unpackedBytes, entries: settings.get('releases.limits.entries'), fileBytes }
}

function readSize(
  settings: Settings,
  bytesKey: 'releases.limits.unpackedBytes' | 'releases.limits.fileBytes',
  mebibytesKey: 'releases.limits.unpackedMiB' | 'releases.limits.fileMiB',
  report: Report,
): number {
  const mebibytes = settings.get(mebibytesKey)
  if (mebibytes === null) return settings.get(bytesKey)
  if (settings.has(bytesKey))
    report.error('conflict', settings.placeOf(mebibytesKey), 'give the size in bytes or in MiB')
  return mebibytes * MEBIBYTE
}
