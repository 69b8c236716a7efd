import { Failure } from '../failure.ts'

/** The rows of a result are not what its columns say: an error of the service or its catalogue, never of the query. */
export class ResultFailure extends Failure {
  constructor(message: string) {
    super('misconfigured', 'result_mismatch', message)
  }
}
