import { Failure } from '../../shared/failure.ts'
import { HttpError } from '../../shared/platform/http/errors.ts'
import type { ErrorFormat } from '../../shared/platform/http/route.ts'
import {
  QueryCancelledError,
  QueryLimitError,
  QueryServiceError,
  QueryUnavailableError,
} from '../../shared/query/errors.ts'
import { describeQueryError, isOutOfReach, OUT_OF_REACH } from '../../shared/tap/describe-query-error.ts'
import { writeErrorDocument } from '../../shared/votable/write-result.ts'

/** An error as a VOTable, whatever the format of the result would have been (TAP 1.1 §3.3, DALI 1.1 §4.4). */
export const VOTABLE_ERROR: ErrorFormat = {
  contentType: 'application/x-votable+xml',
  write: ({ detail }) => writeErrorDocument(detail.map(({ msg }) => msg).join('\n')),
}

/** An error of anything but a query. */
export const TEXT_ERROR: ErrorFormat = {
  contentType: 'text/plain; charset=utf-8',
  write: ({ detail }) => `${detail.map(({ msg }) => msg).join('\n')}\n`,
}

/** Project, instance and what to mend there are for the log: everybody may read the answer. */
export function concealConnection(error: unknown): unknown {
  return isOutOfReach(error) ? new QueryUnavailableError(OUT_OF_REACH) : error
}

/** What a query is refused with: statuses where those of the family's errors do not fit, and the place in the query. */
export function toHttpError(error: unknown, query: string): unknown {
  if (!(error instanceof Failure) || error instanceof HttpError) return error
  const rule = RULES.find(({ fits }) => fits(error))
  if (rule === undefined) return error
  const detail = { msg: describeQueryError(error, query), type: error.code }
  const isOurs = error.kind === 'misconfigured'
  return new HttpError(rule.status, detail, { cause: error, ...(isOurs ? {} : { severity: 'warning' }) })
}

interface StatusRule {
  readonly fits: (error: Failure) => boolean
  readonly status: number
}

/** The first that fits. */
const RULES: readonly StatusRule[] = [
  // Nobody reads it: for the log, as other servers count clients that are gone.
  { fits: (error) => error instanceof QueryCancelledError, status: 499 },
  { fits: (error) => error instanceof QueryLimitError && error.limit === 'time', status: 504 },
  { fits: (error) => error instanceof QueryServiceError, status: 500 },
  { fits: (error) => error.code === 'upload_too_large', status: 413 },
  { fits: (error) => error.kind === 'malformed' || error.kind === 'invalid', status: 400 },
]
