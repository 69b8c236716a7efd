/**
 * Where a release came from, and therefore which one it is: `main` and `tickets/…` are overwritten in place, so a
 * version's name alone does not identify it (DESIGN §1).
 */
export interface ReleaseSource {
  /** The bucket; `local` for an archive or folder on the caller's own disk. */
  readonly bucket: string
  /** The object's name; the path for a local release. */
  readonly object: string
  /** The object's generation; for a local release a digest-like text that is equal for equal content. */
  readonly generation: string
  /** Of the packed archive, in lower-case hexadecimal. */
  readonly sha256: string
  /** Size of the packed archive. */
  readonly bytes: number
}
