import { Failure, type FailureKind } from '../../failure.ts'
import type { Problem } from '../../problem.ts'

/** One entry of an error answer, in the shape that the whole family of services uses. */
export interface ErrorDetail {
  readonly msg: string
  readonly type: string
  readonly loc?: readonly (string | number)[]
}

export interface ErrorAnswer {
  readonly status: number
  readonly detail: readonly ErrorDetail[]
  readonly headers: Readonly<Record<string, string>>
  /** Whether somebody has to look at it, or it is the normal course of things. */
  readonly severity: 'warning' | 'error'
}

/** An answer other than 2xx that a handler or the router decides on itself. */
export class HttpError extends Failure {
  readonly status: number
  readonly detail: readonly ErrorDetail[]
  readonly headers: Readonly<Record<string, string>>
  readonly severity: ErrorAnswer['severity']

  constructor(
    status: number,
    detail: ErrorDetail | readonly ErrorDetail[],
    extra: {
      readonly headers?: Readonly<Record<string, string>>
      readonly cause?: unknown
      /** For the log, where the first detail says more than is needed there. */
      readonly reason?: string
      /** `warning`, though the status is 500 or more: nothing of ours has failed. */
      readonly severity?: 'warning'
    } = {},
  ) {
    const details: readonly ErrorDetail[] = Array.isArray(detail) ? detail : [detail as ErrorDetail]
    const [first] = details
    super(kindOfStatus(status), first?.type ?? 'http', extra.reason ?? first?.msg ?? `status ${status}`, {
      cause: extra.cause,
    })
    this.status = status
    this.detail = details
    this.headers = extra.headers ?? {}
    this.severity = extra.severity ?? (status >= 500 ? 'error' : 'warning')
  }
}

interface StatusRule {
  readonly status: number
  /** For 503: seconds. */
  readonly retryAfter?: number
  readonly severity?: 'warning' | 'error'
}

/** What each kind of failure is answered with; null: 500, and nothing is said of it. */
const STATUSES: Readonly<Record<FailureKind, StatusRule | null>> = {
  malformed: { status: 400 },
  denied: { status: 403 },
  'over-quota': { status: 429 },
  missing: { status: 404 },
  conflict: { status: 409 },
  'in-use': { status: 409 },
  unsafe: { status: 409, severity: 'error' },
  invalid: { status: 422 },
  overtaken: null,
  misconfigured: null,
  busy: { status: 503, retryAfter: 30, severity: 'warning' },
  unprepared: { status: 503, retryAfter: 300 },
  unavailable: { status: 503, retryAfter: 10 },
}

/** The kind of failure that a status of HTTP stands for. */
export function kindOfStatus(status: number): FailureKind {
  if (status >= 500) return 'unavailable'
  const kinds: Readonly<Record<number, FailureKind>> = {
    401: 'denied',
    403: 'denied',
    404: 'missing',
    409: 'conflict',
    422: 'invalid',
    429: 'over-quota',
  }
  return kinds[status] ?? 'malformed'
}

/** The code of everything that was not raised on purpose. */
export const INTERNAL_ERROR = 'internal_error'

const INTERNAL: ErrorAnswer = {
  status: 500,
  detail: [{ msg: 'the service failed; its log says why', type: INTERNAL_ERROR }],
  headers: {},
  severity: 'error',
}

/** The answer to anything that was thrown. It says nothing about errors that were not raised on purpose. */
export function describeError(error: unknown): ErrorAnswer {
  if (error instanceof HttpError) {
    const { status, detail, headers, severity } = error
    return { status, detail, headers, severity }
  }
  if (!(error instanceof Failure)) return INTERNAL
  const rule = STATUSES[error.kind]
  if (rule === null) return INTERNAL
  return {
    status: rule.status,
    detail: detailOf(error, rule.status),
    headers: rule.status === 503 ? { 'retry-after': String(rule.retryAfter) } : {},
    severity: rule.severity ?? (rule.status >= 500 ? 'error' : 'warning'),
  }
}

function detailOf(failure: Failure, status: number): readonly ErrorDetail[] {
  const errors = failure.problems.filter((problem) => problem.severity === 'error')
  if (status === 422 && errors.length > 0) return errors.map(problemDetail)
  return [{ msg: failure.message, type: failure.code }]
}

function problemDetail(problem: Problem): ErrorDetail {
  const { file, line, path } = problem
  const loc = [file, ...(line === undefined ? [] : [line]), ...(path === '' ? [] : [path])]
  const hint = problem.suggestion === undefined ? '' : ` (did you mean ${problem.suggestion}?)`
  return { msg: `${problem.message}${hint}`, type: problem.code, loc }
}
