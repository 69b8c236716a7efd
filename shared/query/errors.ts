import { Failure } from '../failure.ts'

/** The query ran into a limit of the service: it would be refused again. */
export class QueryLimitError extends Failure {
  readonly limit: 'time' | 'size'
  constructor(limit: QueryLimitError['limit'], message: string, cause?: unknown) {
    super('malformed', `query_${limit}_limit`, message, { cause })
    this.limit = limit
  }
}

/** The query is right, but a value that it met cannot be computed or read. */
export class QueryValueError extends Failure {
  constructor(message: string, cause?: unknown) {
    super('malformed', 'query_value', message, { cause })
  }
}

/** A table of a user that the query reads was dropped, or its share taken back, after the query was understood. */
export class QueryTableError extends Failure {
  constructor(message: string, cause?: unknown) {
    super('malformed', 'query_table', message, { cause })
  }
}

/** There is no room for the query now. */
export class QueryBusyError extends Failure {
  constructor(message: string, cause?: unknown) {
    super('busy', 'query_busy', message, { cause })
  }
}

/** The database fails or does not answer; it may do so in a while. */
export class QueryUnavailableError extends Failure {
  constructor(message: string, cause?: unknown) {
    super('unavailable', 'query_unavailable', message, { cause })
  }
}

/** The service is set up wrongly, which the log explains: what TAP_SCHEMA says is not in the database, or may not be read. */
export class QueryServiceError extends Failure {
  constructor(message: string, cause?: unknown) {
    super('misconfigured', 'query_service', message, { cause })
  }
}

/** The query was cancelled, by whom it was for. */
export class QueryCancelledError extends Failure {
  constructor(cause?: unknown) {
    super('overtaken', 'query_cancelled', 'the query was cancelled', { cause })
  }
}
