import { Failure } from '../shared/failure.ts'

/** A notification was delivered in vain too often. */
export class DeadLetterError extends Failure {
  constructor(object: string, cause: Error) {
    super(
      'unavailable',
      'dead_letter',
      `load-release did not manage to handle the notification of ${object}: ${cause.message}`,
      {
        cause,
      },
    )
  }
}
