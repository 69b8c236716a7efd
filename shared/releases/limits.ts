const MEBIBYTE = 1024 * 1024

/** How much a release archive may ask of the memory of the process that opens it. */
export interface ArchiveLimits {
  /** Of the whole unpacked archive, headers and padding included; the packed object may not be larger either. */
  readonly unpackedBytes: number
  /** Files, folders and everything else that has a header. */
  readonly entries: number
  /** Of any one file. */
  readonly fileBytes: number
}

export const DEFAULT_LIMITS: ArchiveLimits = {
  unpackedBytes: 64 * MEBIBYTE,
  entries: 2000,
  fileBytes: 8 * MEBIBYTE,
}
