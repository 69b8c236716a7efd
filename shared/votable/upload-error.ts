import { Failure } from '../failure.ts'

export type UploadErrorCode =
  /** The parameters: names, repeats, addresses. */
  | 'upload_parameter'
  /** The table itself. */
  | 'upload_invalid'
  /** More than a limit allows. */
  | 'upload_too_large'
  /** What lies at its URL could not be fetched. */
  | 'upload_unreachable'

/** What is wrong with a table that a user sends. The message is meant for him. */
export class UploadError extends Failure {
  declare readonly code: UploadErrorCode

  constructor(code: UploadErrorCode, message: string, cause?: unknown) {
    super('malformed', code, message, { cause })
  }
}
