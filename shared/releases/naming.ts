/** How the releases of a bucket are called: `gs://bucket/` + template with `{version}` filled in. */
export interface ReleaseNaming {
  readonly bucket: string
  /** Object name that holds `{version}` exactly once: `{version}/schemas.tar.gz`. */
  readonly template: string
}
