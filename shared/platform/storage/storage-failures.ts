import { Failure, messageOf } from '../../failure.ts'

/**
 * The object store did not do what it was asked. Transient even for 401 and 403: permissions and buckets can be mended,
 * so a delivery is kept until it reaches the dead-letter topic, and nothing is lost meanwhile.
 */
export class StorageError extends Failure {
  /** The HTTP status; null: there was no answer. */
  readonly status: number | null
  constructor(message: string, status: number | null = null, cause?: unknown) {
    super('unavailable', 'storage', message, { cause })
    this.status = status
  }
}

/** The object is larger than the caller takes. */
export class TooLargeError extends Failure {
  constructor(where: string, bytes: number, maxBytes: number) {
    super('invalid', 'too_large', `${where} has ${bytes} bytes, over the limit of ${maxBytes}`)
  }
}

/** The object that was to be replaced is not the one that is there (any more). Nothing was written. */
export class PreconditionError extends Failure {
  constructor(where: string, expected: string, cause: unknown) {
    const condition = expected === '0' ? 'exists already' : `is not of generation ${expected} any more`
    super('overtaken', 'precondition_failed', `${where} ${condition}: nothing was written`, { cause })
  }
}

/** No address of the object could be signed. */
export class SigningError extends Failure {
  constructor(where: string, cause: unknown) {
    super(
      'unavailable',
      'sign_url',
      `cannot sign an address of ${where}: ${messageOf(cause)}; the function's service account needs roles/iam.serviceAccountTokenCreator on itself, and the project the API iamcredentials.googleapis.com`,
      { cause },
    )
  }
}

/** No object can have this name. */
export class ObjectNameError extends Failure {
  constructor(name: string) {
    const shown = JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name)
    super(
      'malformed',
      'invalid_object_name',
      `${shown} cannot name an object: names have 1 to 1024 bytes and no line breaks`,
    )
  }
}

/** One of our own findings about an answer, which the next attempt may mend. */
export class DamagedAnswerError extends Error {
  override readonly name = 'DamagedAnswerError'
}

/** HTTP status of an error of the storage client; null when there was no answer. */
export function statusOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('code' in error)) return null
  const status = Number(error.code)
  return Number.isInteger(status) && status >= 100 && status < 600 ? status : null
}

/** Whether the same call can succeed in a moment: the store was busy, or the connection or the answer broke. */
export function isRetryable(error: unknown): boolean {
  if (error instanceof Failure || !(error instanceof Error) || isMissingCredentials(error)) return false
  const status = statusOf(error)
  return status === null || status === 408 || status === 429 || status >= 500
}

/** 404 because the bucket is missing, which no object's absence explains. */
export function isMissingBucket(error: unknown): boolean {
  return statusOf(error) === 404 && error instanceof Error && /bucket does not exist/i.test(error.message)
}

/** Puts what the client said into one of ours; failures of ours pass unchanged. */
export function explainStorage(operation: string, where: string, error: unknown): Failure {
  if (error instanceof Failure) return error
  const status = statusOf(error)
  const said = error instanceof Error ? firstSentence(error) : String(error)
  const advice = isMissingBucket(error) ? ADVICE.get(404) : status === null ? undefined : ADVICE.get(status)
  const credentials = isMissingCredentials(error) ? ADVICE.get(401) : undefined
  const hint = advice ?? credentials
  const answer = status === null ? said : `${said} (HTTP ${status})`
  return new StorageError(
    `cannot ${operation} ${where}: ${answer}${hint === undefined ? '' : `; ${hint}`}`,
    status,
    error,
  )
}

const ADVICE: ReadonlyMap<number, string> = new Map([
  [401, 'the function needs a service account, a person `gcloud auth application-default login`'],
  [403, "grant the function's service account a role on the bucket, such as roles/storage.objectViewer for reading"],
  [404, "check the bucket's name in the environment file, and that the bucket was created"],
])

function isMissingCredentials(error: unknown): boolean {
  return error instanceof Error && /could not load the default credentials/i.test(error.message)
}

/** The client repeats itself over several lines, or hands on an HTML page. */
function firstSentence(error: Error): string {
  const lines = error.message.split('\n').map((line) => line.trim().replace(/^\d+\. /, ''))
  const line = lines.find((text) => text !== '' && !text.startsWith('Multiple errors occurred')) ?? error.name
  return line.length > 300 ? `${line.slice(0, 300)}…` : line
}
