import { Failure } from '../failure.ts'
import type { Problem } from '../problem.ts'

export type ArchiveErrorCode =
  | 'not_gzip'
  | 'truncated_gzip'
  | 'corrupt_gzip'
  | 'not_tar'
  | 'truncated_tar'
  | 'corrupt_tar'
  | 'trailing_data'
  | 'archive_too_large'
  | 'too_many_entries'
  | 'file_too_large'
  | 'unsafe_name'
  | 'duplicate_name'
  | 'link'
  | 'special_file'
  | 'not_utf8'
  | 'no_schemas'
  | 'ambiguous_schemas'

/** A release archive (or folder) that cannot be taken as it is; trying again does not help. */
export class ArchiveError extends Failure {
  override readonly code: ArchiveErrorCode

  constructor(code: ArchiveErrorCode, file: string, complaints: readonly ArchiveComplaint[], cause?: unknown) {
    const problems = complaints.map(({ entry, message }): Problem => {
      return { file, path: entry ?? '', code, severity: 'error', message }
    })
    super(
      'invalid',
      code,
      `${file}: ${summarise(complaints)}`,
      cause === undefined ? { problems } : { problems, cause },
    )
    this.code = code
  }
}

export interface ArchiveComplaint {
  /** The name inside the archive, where the complaint is about one. */
  readonly entry?: string
  readonly message: string
}

/** What the reader of an archive needs to complain about it. */
export type Complain = (code: ArchiveErrorCode, message: string, entry?: string, cause?: unknown) => ArchiveError

/** Builds the errors of one archive, known to its reader as `file`. */
export function complainAbout(file: string): Complain {
  return (code, message, entry, cause) =>
    new ArchiveError(code, file, [entry === undefined ? { message } : { entry, message }], cause)
}

function summarise(complaints: readonly ArchiveComplaint[]): string {
  const [first, ...others] = complaints
  if (first === undefined) return 'unusable'
  const more = others.length === 0 ? '' : ` (and ${others.length} more like it)`
  return `${first.entry === undefined ? '' : `${JSON.stringify(first.entry)} `}${first.message}${more}`
}

/** A version, object name template or pattern that cannot name a release. */
export class ReleaseNameError extends Failure {
  constructor(message: string) {
    super('malformed', 'invalid_release_name', message)
  }
}
