import { showName } from './entry-name.ts'
import { ReleaseNameError } from './release-failures.ts'

export { serversFor, supersededBy } from './follow.ts'

/** How the releases of a bucket are called: `gs://bucket/` + template with `{version}` filled in. */
export interface ReleaseNaming {
  readonly bucket: string
  /** Object name that holds `{version}` exactly once: `{version}/schemas.tar.gz`. */
  readonly template: string
}

const PLACEHOLDER = '{version}'
const VERSION_LIMIT = 512
/** GCS allows 1024 bytes of UTF-8 for an object's name. */
const OBJECT_NAME_LIMIT = 1024

const VERSION_RULES: readonly { readonly complaint: string; readonly broken: (version: string) => boolean }[] = [
  { complaint: 'is empty', broken: (version) => version === '' },
  { complaint: `is longer than ${VERSION_LIMIT} characters`, broken: (version) => version.length > VERSION_LIMIT },
  { complaint: 'has a control character', broken: (version) => /\p{Cc}/u.test(version) },
  { complaint: 'is not well-formed Unicode', broken: (version) => !version.isWellFormed() },
  { complaint: 'begins with a slash', broken: (version) => version.startsWith('/') },
  { complaint: 'ends with a slash', broken: (version) => version.endsWith('/') },
  { complaint: 'has an empty path segment', broken: (version) => version.includes('//') },
  { complaint: 'has ".."', broken: (version) => version.includes('..') },
  { complaint: 'has a path segment "."', broken: (version) => version.split('/').includes('.') },
]

/** Why a text cannot be the version of a release (`releases/w.2026.34`, `main`); null: it can. */
export function complaintAboutVersion(version: string): string | null {
  return VERSION_RULES.find((rule) => rule.broken(version))?.complaint ?? null
}

/** Why a text cannot be the object name template of a bucket; null: it can. */
export function complaintAboutTemplate(template: string): string | null {
  const parts = template.split(PLACEHOLDER)
  if (parts.length !== 2) return `must hold ${PLACEHOLDER} exactly once`
  if (/[{}]/.test(parts.join(''))) return `has braces other than those of ${PLACEHOLDER}`
  if (template.endsWith('/')) return 'names a folder, not an object: it ends with a slash'
  const complaint = complaintAboutVersion(template)
  return complaint === null || complaint === 'has ".."' ? complaintAboutDots(template) : complaint
}

function complaintAboutDots(template: string): string | null {
  return template.split('/').includes('..') ? 'has a path segment ".."' : null
}

/**
 * The name of the object that holds a release. Throws ReleaseNameError (permanent) for a version that cannot name
 * one.
 */
export function objectOf(naming: ReleaseNaming, version: string): string {
  const complaint = complaintAboutVersion(version)
  if (complaint !== null) throw new ReleaseNameError(`${quote(version)} cannot name a release: it ${complaint}`)
  const object = naming.template.split(PLACEHOLDER).join(version)
  if (Buffer.byteLength(object) > OBJECT_NAME_LIMIT) {
    throw new ReleaseNameError(`the release ${quote(version)} would need an object name of over 1024 bytes`)
  }
  return object
}

/** The version whose release an object is; null: it is not a release object (of this bucket). */
export function versionOf(naming: ReleaseNaming, bucket: string, object: string): string | null {
  const [prefix = '', suffix = ''] = naming.template.split(PLACEHOLDER)
  if (bucket !== naming.bucket || object.length < prefix.length + suffix.length) return null
  if (!object.startsWith(prefix) || !object.endsWith(suffix)) return null
  const version = object.slice(prefix.length, object.length - suffix.length)
  return complaintAboutVersion(version) === null ? version : null
}

function quote(version: string): string {
  return JSON.stringify(showName(version))
}
