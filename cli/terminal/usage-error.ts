import { Failure } from '../../shared/failure.ts'

/** The command was called in a wrong way that commander's own rules cannot see. */
export class UsageError extends Failure {
  constructor(message: string, cause?: unknown) {
    super('malformed', 'usage', message, { cause })
  }
}
