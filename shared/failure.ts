import type { Problem } from './problem.ts'

export interface FailureDetails {
  /** Why it happened: the error that this one explains. */
  readonly cause?: unknown
  /** Everything that is wrong with the input, for failures that describe an input. */
  readonly problems?: readonly Problem[]
}

/**
 * What sort of failure it is, and whether trying the same thing again is of no use.
 *
 * A permanent failure is recorded and acknowledged, a transient one is thrown so that Pub/Sub delivers again (DESIGN §5).
 */
const KINDS = {
  /** The request itself cannot be read: a name, an option, a query. */
  malformed: { permanent: true },
  /** The caller may not do it. */
  denied: { permanent: true },
  /** The caller has as much as he may have. */
  'over-quota': { permanent: true },
  /** What it is about is not there. */
  missing: { permanent: true },
  /** What was sent is readable and wrong: a release, a schema, an archive. */
  invalid: { permanent: true },
  /** It does not fit what is there now; nothing was changed. */
  conflict: { permanent: true },
  /** Somebody else uses what would be replaced; nothing was changed. */
  'in-use': { permanent: false },
  /** A safeguard stopped it: somebody has to look before more is done. */
  unsafe: { permanent: true },
  /** Another writer was faster. */
  overtaken: { permanent: true },
  /** The deployment is wrong: its environment file, its addresses, its patterns. */
  misconfigured: { permanent: true },
  /** Locks were not free in time. */
  busy: { permanent: false },
  /** The database lacks roles or tables that `almagest init` makes. */
  unprepared: { permanent: false },
  /** A database, a store or a service fails or does not answer. */
  unavailable: { permanent: false },
} as const

export type FailureKind = keyof typeof KINDS

/**
 * Base of every error that Almagest raises on purpose.
 *
 * `code` is stable and meant for programs, `kind` says what sort of failure it is; the message is for a tired person.
 */
export abstract class Failure extends Error {
  readonly kind: FailureKind
  /** Whether trying the same thing again is of no use. */
  readonly permanent: boolean
  readonly code: string
  readonly problems: readonly Problem[]

  constructor(kind: FailureKind, code: string, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = new.target.name
    this.kind = kind
    this.permanent = KINDS[kind].permanent
    this.code = code
    this.problems = details.problems ?? []
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error)
}
