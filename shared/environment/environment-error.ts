import { Failure } from '../failure.ts'
import { formatProblem, type Problem } from '../problem.ts'

/** The environment file cannot be used as it is; a new deployment with a mended one helps, trying again does not. */
export class EnvironmentError extends Failure {
  constructor(message: string, problems: readonly Problem[] = [], cause?: unknown) {
    const lines = problems.map((problem) => `\n  ${formatProblem(problem)}`)
    super(
      'misconfigured',
      'invalid_environment',
      `${message}${lines.join('')}`,
      cause === undefined ? { problems } : { problems, cause },
    )
  }
}
