import { describeError } from '../adql/describe-error.ts'
import { AdqlError } from '../adql/error.ts'
import { Failure, messageOf } from '../failure.ts'

/** The message of an error for those who sent the query. */
export function describeQueryError(error: unknown, query: string): string {
  if (error instanceof AdqlError) return describeError(query, error)
  return error instanceof Failure ? messageOf(error) : 'The service failed; its log says why.'
}
