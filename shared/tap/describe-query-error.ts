import { describeError } from '../adql/describe-error.ts'
import { AdqlError } from '../adql/error.ts'
import { Failure, messageOf } from '../failure.ts'

/** All that a user reads of a database that cannot be reached. */
export const OUT_OF_REACH = 'The database cannot be reached: try again in a moment.'

/** Whether it is a connection that did not come about: its message names project and instance, and what to mend there. */
export function isOutOfReach(error: unknown): error is Failure {
  return error instanceof Failure && error.code === 'database_connection'
}

/** The message of an error for those who sent the query. */
export function describeQueryError(error: unknown, query: string): string {
  if (error instanceof AdqlError) return describeError(query, error)
  if (isOutOfReach(error)) return OUT_OF_REACH
  return error instanceof Failure ? messageOf(error) : 'The service failed; its log says why.'
}
