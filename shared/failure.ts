import type { Problem } from './felis/problem.ts'

export interface FailureDetails {
  /** Why it happened: the error that this one explains. */
  readonly cause?: unknown
  /** Everything that is wrong with the input, for failures that describe an input. */
  readonly problems?: readonly Problem[]
}

/**
 * Base of every error that Almagest raises on purpose.
 *
 * `code` is stable and meant for programs; the message is for a tired person. `permanent` says whether trying the
 * same thing again can help: a permanent failure is recorded and acknowledged, a transient one is thrown so that
 * Pub/Sub delivers again (DESIGN §5).
 */
export abstract class Failure extends Error {
  abstract readonly permanent: boolean
  readonly code: string
  readonly problems: readonly Problem[]

  constructor(code: string, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = new.target.name
    this.code = code
    this.problems = details.problems ?? []
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error)
}
