import { Failure } from '../failure.ts'

/** Qserv says no, with HTTP 200 (spec/qserv.md §1.2). The same request would be refused again. */
export class QservRefusedError extends Failure {
  /** What Qserv says beside its message. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(message: string, details: Readonly<Record<string, unknown>> = {}) {
    super('invalid', 'qserv_refused', message, {})
    this.details = details
  }
}

/** There is no answer of Qserv's: the connection failed, a proxy answered, or it took too long. */
export class QservUnavailableError extends Failure {
  /** Whether Qserv may have had the request, and done what it asks. */
  readonly mayHaveArrived: boolean

  constructor(message: string, { mayHaveArrived, cause }: { mayHaveArrived: boolean; cause?: unknown }) {
    super('unavailable', 'qserv_unavailable', message, { cause })
    this.mayHaveArrived = mayHaveArrived
  }
}

/** Qserv answers with something that its API does not have: a fault of one of both programs. */
export class QservAnswerError extends Failure {
  constructor(message: string, cause?: unknown) {
    super('misconfigured', 'qserv_answer', message, { cause })
  }
}

export function brokenResult(what: string, cause?: unknown): QservAnswerError {
  return new QservAnswerError(`Qserv's result cannot be read: ${what}`, cause)
}

/** Qserv, or what stands before it, has no such path: a version of the API that lacks it, or another server. */
export class QservPathError extends QservAnswerError {}

/** A result has not the columns that TAP_SCHEMA says, or values that they cannot have. */
export class QservSchemaError extends Failure {
  constructor(message: string) {
    super('misconfigured', 'qserv_schema', message)
  }
}
