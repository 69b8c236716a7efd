/**
 * Where a release came from, and therefore which one it is: `main` and `tickets/…` are overwritten in place, so a
 * version's name alone does not identify it (DESIGN §1).
 */
export interface ReleaseSource {
  /** The bucket; `local` for an archive or folder on the caller's own disk. */
  readonly bucket: string
  /** The object's name; the path for a local release. */
  readonly object: string
  /** The object's generation; for a local release the time of its last change in microseconds. Digits, growing in time. */
  readonly generation: string
  /** Of the packed archive (of names and contents, for a folder), in lower-case hexadecimal. */
  readonly sha256: string
  /** Size of the packed archive (of all contents, for a folder). */
  readonly bytes: number
}
