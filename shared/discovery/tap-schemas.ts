/** The upload that a slot was staged from. */
export interface LiveSource {
  readonly bucket: string
  readonly object: string
  readonly generation: string
  readonly sha256: string
  readonly bytes: number
}

/** What the live slot of a TAP server's database holds. */
export interface LiveRelease {
  readonly version: string
  /** Whether the slot itself says its version; otherwise `version` only says that it does not. */
  readonly versioned: boolean
  /** ISO 8601, UTC. */
  readonly loadedAt: string | null
  readonly source: LiveSource | null
  /** Names of the schemas, in their order, without `tap_schema` itself. */
  readonly schemas: readonly string[]
}

/** Where everybody finds the releases bucket. */
export interface PublicReleases {
  readonly bucket: string
  /** Object name with `{version}` in it. */
  readonly template: string
  /** URL of the bucket, below which an object has its name. */
  readonly baseUrl: string
}

/** URLs of what was published with a release (SQR-112 §3.4). */
export interface TapMetadata {
  readonly datalink_snippets: string
  readonly datalink_columns: string
  readonly schemas: string
}

/** A member of `tap_schemas` in the discovery document. */
export interface TapSchema {
  readonly version: string
  readonly loaded_at: string | null
  readonly source: LiveSource | null
  readonly schemas: readonly string[]
  /** null: the release does not lie in the public bucket. */
  readonly metadata: TapMetadata | null
  /** URL of pages that describe the release; not given: there are none. */
  readonly browser?: string
  /** The database does not answer; this is what it said last. */
  readonly stale?: true
}

/**
 * @param releases null: the environment has no public releases bucket
 * @param browser URL of the pages of a release, with `{version}` in it; null: there are none
 */
export function describeTapSchema(
  live: LiveRelease,
  releases: PublicReleases | null,
  browser: string | null = null,
): TapSchema {
  const { version, loadedAt, source, schemas } = live
  const described =
    source === null
      ? null
      : {
          bucket: source.bucket,
          object: source.object,
          generation: source.generation,
          sha256: source.sha256,
          bytes: source.bytes,
        }
  return {
    version,
    loaded_at: loadedAt,
    source: described,
    schemas: [...schemas],
    metadata: releases === null ? null : locateMetadata(live, releases),
    ...(browser !== null && live.versioned && { browser: fillVersion(browser, version) }),
  }
}

/** A version is a path, whose parts are encoded each. */
function fillVersion(template: string, version: string): string {
  return template.replaceAll('{version}', version.split('/').map(encodeURIComponent).join('/'))
}

/** Where it came from decides, and the version only if nothing else is known. */
function locateMetadata({ version, versioned, source }: LiveRelease, releases: PublicReleases): TapMetadata | null {
  if (source !== null && source.bucket !== releases.bucket) return null
  if (source === null && !versioned) return null
  const object = source?.object ?? releases.template.split('{version}').join(version)
  const folder = folderOf(object, version, releases)
  return {
    datalink_snippets: urlOf(releases, `${folder}datalink-snippets.zip`),
    datalink_columns: urlOf(releases, `${folder}datalink-columns.zip`),
    schemas: urlOf(releases, object),
  }
}

/** Beside the schemas where each version has a folder, else in the folder that bears its name (SQR-112 §3.4). */
function folderOf(object: string, version: string, { template }: PublicReleases): string {
  const [before = '', after = ''] = template.split('{version}')
  const flat = !after.includes('/') && object === `${before}${version}${after}`
  return flat ? `${folderPart(before)}${version}/` : folderPart(object)
}

function folderPart(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}

function urlOf({ baseUrl }: PublicReleases, object: string): string {
  const path = object.split('/').map(encodeURIComponent).join('/')
  return `${baseUrl.replace(/\/+$/, '')}/${path}`
}
