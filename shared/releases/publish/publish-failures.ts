import { Failure } from '../../failure.ts'
import type { Problem } from '../../problem.ts'

/** What was to be published is not fit for it: every problem is listed, and nothing was uploaded. */
export class InvalidReleaseError extends Failure {
  constructor(version: string, problems: readonly Problem[]) {
    const errors = problems.filter(({ severity }) => severity === 'error').length
    const count = errors === 1 ? '1 error' : `${errors} errors`
    super('invalid', 'invalid_release', `${version} is not published: ${count}; nothing was uploaded`, { problems })
  }
}

/** The version is there with other content, and versions of its kind do not change. Nothing was uploaded. */
export class ReleaseExistsError extends Failure {
  readonly differing: readonly string[]
  constructor(where: string, differing: readonly string[]) {
    const what = `${where} exists with other content (${differing.join(', ')})`
    super('conflict', 'release_exists', `${what}: publish under a new version, or replace it with --replace`)
    this.differing = differing
  }
}

/** Two publishers wrote the same version at the same moment. */
export class ConcurrentPublishError extends Failure {
  constructor(where: string, name: string, cause?: unknown) {
    const message = `${name} of ${where} was changed by another publisher at the same moment; run it again when that one has finished`
    super('unavailable', 'concurrent_publish', message, { cause })
  }
}
