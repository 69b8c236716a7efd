import { Failure, messageOf } from '../../failure.ts'
import { isNotCompleted } from '../../qserv/client.ts'
import { QservAnswerError, QservRefusedError, QservSchemaError, QservUnavailableError } from '../../qserv/errors.ts'
import type { QservStatus } from '../../qserv/query-status.ts'
import { QueryLimitError, QueryServiceError, QueryUnavailableError, QueryValueError } from '../errors.ts'

/** What an error of Qserv's means for whoever asked. */
export function explainQserv(error: unknown): Failure {
  if (error instanceof QservRefusedError) return explainRefusal(error)
  if (error instanceof QservSchemaError) return new QueryServiceError(`${error.message} Ask the operators.`, error)
  if (error instanceof QservAnswerError) {
    return new QueryServiceError('Qserv gave an answer that cannot be read. The log of the service says which.', error)
  }
  if (error instanceof QservUnavailableError) {
    return new QueryUnavailableError('Qserv cannot be reached now: try again in a moment.', error)
  }
  if (error instanceof Failure) return error
  return new QueryServiceError(`The query could not be run: ${messageOf(error)}`, error)
}

function explainRefusal(error: QservRefusedError): Failure {
  const { message } = error
  if (isNotCompleted(error)) return new NotCompletedError(error)
  if (/authoriz/i.test(message)) {
    return new QueryServiceError(
      'Qserv does not accept the login of this service. Its operators can see it in the log.',
      error,
    )
  }
  if (/type_error\.316|UTF-8/.test(message)) {
    return new QueryValueError(
      'Qserv cannot send this result: a text in it is not UTF-8. Leave columns of text out, or the rows that have such text.',
      error,
    )
  }
  return new QueryValueError(`Qserv does not take the query: ${plain(message)}`, error)
}

/** Qserv has said that the query had completed, and does not hand out its result: it is to be watched again. */
export class NotCompletedError extends QueryUnavailableError {
  constructor(cause: unknown) {
    super('Qserv does not hand out the result yet: try again in a moment.', cause)
  }
}

/** The text for a query that has ended without a result; its numbers are Qserv's. */
export function explainEnd({ state, error }: Pick<QservStatus, 'state' | 'error'>): Failure {
  if (state === 'FAILED_LR') {
    const [, size, most] = /too large at (\d+) bytes, max allowed size is (\d+) bytes/.exec(error) ?? []
    const sizes =
      size === undefined || most === undefined ? '' : ` (${formatBytes(size)}, and ${formatBytes(most)} are allowed)`
    return new QueryLimitError(
      'size',
      `The result is too large for Qserv${sizes}. Select fewer columns, or search a smaller area; MAXREC and TOP help, too.`,
    )
  }
  if (state === 'ABORTED') return new QueryUnavailableError(ABORTED)
  const reason = plain(error)
  return new QueryValueError(`Qserv could not run the query${reason === '' ? '.' : `: ${reason}`}`)
}

export const ABORTED =
  'Qserv has ended the query: it was started anew, or one of its operators has cancelled it. Run it again.'

/** Without what names things of Qserv's own: ids of queries, its prefixes. */
function plain(message: string): string {
  return message
    .replace(/^operation failed due to: |^invalid parameters of the request, ex: /, '')
    .replace(/\bQI=\d+:\s*/g, '')
    .trim()
}

function formatBytes(digits: string): string {
  return `${(Number(digits) / 1e9).toPrecision(3)} GB`
}
