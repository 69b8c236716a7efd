import { Failure } from '../../shared/failure.ts'

/** A TAP service that does not answer, or refuses. */
export class ServiceError extends Failure {
  constructor(url: string, message: string, cause?: unknown) {
    super('unavailable', 'tap_service', `${url}: ${message}`, { cause })
  }
}

/** What the service says is wrong with the query, in its own words. */
export class RefusedQueryError extends Failure {
  constructor(message: string) {
    super('invalid', 'tap_refused', message)
  }
}
