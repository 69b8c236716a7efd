import { Failure } from '../../shared/failure.ts'

/** The command was called in a wrong way that commander's own rules cannot see. */
export class UsageError extends Failure {
  readonly permanent = true
  constructor(message: string, cause?: unknown) {
    super('usage', message, { cause })
  }
}
