import { QueryUnavailableError } from '../../shared/query/errors.ts'

/** There is no room for the query now: its job waits. */
export class NoRoomError extends QueryUnavailableError {}

/** Nobody knows whether Qserv runs the query; it is not submitted again. */
export class UnclearSubmitError extends QueryUnavailableError {
  constructor(cause: unknown) {
    super(UNCLEAR, cause)
  }
}

const UNCLEAR =
  'The connection to Qserv broke off while the query was being sent, and it is not known whether Qserv runs it. Run it again.'
