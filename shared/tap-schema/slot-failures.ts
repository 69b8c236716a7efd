import { Failure, messageOf } from '../failure.ts'
import type { Problem } from '../problem.ts'
import type { SlotVersion } from './slot-version.ts'

/** The release cannot be loaded as it is: every problem is listed, and the database was not touched. */
export class RejectedError extends Failure {
  constructor(version: string, problems: readonly Problem[]) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
    super('invalid', 'rejected', `release ${version} is rejected: ${count}, the first: ${problems[0]?.message}`, {
      problems,
    })
  }
}

/** The caller's expectation and the slot disagree: somebody else staged or swapped in between. Nothing was changed. */
export class VersionMismatchError extends Failure {
  readonly expected: string
  readonly found: string
  constructor(slot: string, expected: string, found: string) {
    super('conflict', 'version_mismatch', `the ${slot} slot holds ${found}, not ${expected}: nothing was changed`)
    this.expected = expected
    this.found = found
  }
}

/** Two slots are what the caller has named, so that the same call again would undo itself. Nothing was changed. */
export class AmbiguousSlotError extends Failure {
  constructor(slot: string, found: SlotVersion, live: SlotVersion) {
    const id = (of: SlotVersion) => (of.id === null ? 'without id' : `id ${of.id}`)
    const advice = `give the id of what is to be live (the ${slot} slot: ${id(found)}; live: ${id(live)})`
    super(
      'conflict',
      'ambiguous_slot',
      `the live slot and the ${slot} slot both hold ${found.version}: ${advice}; nothing was changed`,
    )
  }
}

/** Roles that can read what is live would lose read access. Nothing was changed. */
export class ReaderLeftOutError extends Failure {
  readonly readers: readonly string[]
  constructor(version: string, readers: readonly string[]) {
    const names = readers.join(', ')
    const grant = `let them read it (\`almagest init --reader ${readers.join(' ')}\`, or stage it again with these readers)`
    const allow = 'or allow that they lose it (--leave-readers-out, leaveReadersOut)'
    super(
      'conflict',
      'reader_left_out',
      `${names} would lose read access: what is live can be read, ${version} not; ${grant}, ${allow}; nothing was changed`,
    )
    this.readers = readers
  }
}

/** The slot that the operation needs holds no complete release. Nothing was changed. */
export class EmptySlotError extends Failure {
  constructor(slot: string, advice: string) {
    super('conflict', 'empty_slot', `the ${slot} slot holds no complete release: ${advice}`)
  }
}

/** The staging slot does not hold what was staged and verified. Nothing was changed. */
export class StagingChangedError extends Failure {
  constructor(version: string, findings: readonly string[]) {
    const what = findings.join('; ')
    super(
      'conflict',
      'staging_changed',
      `${version} was changed since it was staged: ${what}. Stage it again; nothing was changed`,
    )
  }
}

/** Could not get locks in time. Nothing was changed; trying again later can help. */
export class BusyError extends Failure {
  readonly operation: string
  readonly waitedMs: number
  /** @param sessions those in the way, as people know them */
  constructor(operation: string, waitedMs: number, cause?: unknown, sessions: readonly string[] = []) {
    const who = sessions.length === 0 ? '' : ` (${sessions.join('; ')})`
    const message = `${operation} gave up after ${(waitedMs / 1000).toFixed(1)} s: other sessions hold locks on the slots${who}; nothing was changed`
    super('busy', 'busy', message, { cause })
    this.operation = operation
    this.waitedMs = waitedMs
  }

  naming(sessions: readonly string[]): BusyError {
    return new BusyError(this.operation, this.waitedMs, this.cause, sessions)
  }
}

/** Objects outside the slots would be dropped or left on the wrong slot. Nothing was changed. */
export class DependentObjectsError extends Failure {
  readonly objects: readonly string[]
  constructor(operation: string, objects: readonly string[]) {
    const advice = 'drop them, or let them read through a function or at query time'
    super(
      'conflict',
      'dependent_objects',
      `${operation} is refused, because other objects depend on a slot: ${objects.join('; ')} (${advice})`,
    )
    this.objects = objects
  }
}

/**
 * Objects outside depend on the staging slot, which a stage makes anew. Nothing was changed, and the release is not to
 * blame: once they are gone it can be staged.
 */
export class StagingInUseError extends Failure {
  readonly objects: readonly string[]
  constructor(version: string, { objects }: DependentObjectsError) {
    const advice = 'drop them, then deliver or stage the release again; it was not rejected'
    super(
      'in-use',
      'dependent_objects',
      `staging ${version} is refused, because other objects depend on the staging slot: ${objects.join('; ')} (${advice})`,
    )
    this.objects = objects
  }
}

/** The database was not prepared by `almagest init`. */
export class NotInitialisedError extends Failure {
  constructor(cause: unknown, message = 'the database has no Almagest roles or history: run `almagest init` on it') {
    super('unprepared', 'not_initialised', message, { cause })
  }
}

/** The database was prepared by an `almagest init` that did not know yet what is to be recorded. */
export class OutdatedHistoryError extends Failure {
  constructor(cause: unknown) {
    const message = 'the database was prepared by an earlier version of Almagest: run `almagest init` on it again'
    super('unprepared', 'not_initialised', message, { cause })
  }
}

/** The login, or a configured reader, lacks what the operation needs. */
export class MissingRoleError extends Failure {
  constructor(message: string, cause?: unknown) {
    super('unprepared', 'missing_role', message, { cause })
  }
}

/** The database failed. Every operation is one transaction, so what was being done is done whole or not at all. */
export class DatabaseError extends Failure {
  readonly sqlState: string | null
  /** @param advice what to do about it, where that is known */
  constructor(operation: string, cause: unknown, advice?: string) {
    const sqlState = sqlStateOf(cause)
    const reason = messageOf(cause)
    const state = sqlState === null ? '' : ` (SQLSTATE ${sqlState})`
    super(
      'unavailable',
      'database',
      `${operation} failed: ${reason}${state}${advice === undefined ? '' : `; ${advice}`}`,
      { cause },
    )
    this.sqlState = sqlState
  }
}

/** PostgreSQL's SQLSTATE (PostgreSQL documentation, appendix A), or null for errors that are not the server's. */
export function sqlStateOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  return /^[0-9A-Z]{5}$/.test(error.code) ? error.code : null
}

/** 55P03: a lock was not granted within lock_timeout; 40P01: PostgreSQL broke a deadlock by ending this transaction. */
export function isLockFailure(error: unknown): boolean {
  return ['55P03', '40P01'].includes(sqlStateOf(error) ?? '')
}

/** Puts what PostgreSQL said into one of ours; failures of ours pass unchanged. */
export function explain(operation: string, error: unknown): Failure {
  if (error instanceof Failure) return error
  const state = sqlStateOf(error)
  const text = messageOf(error)
  if (state === '42501') {
    const advice =
      'run `almagest init` again, with `--stager LOGIN` or `--operator LOGIN`: it grants the roles and hands existing slots over'
    return new MissingRoleError(`${operation} is not allowed for this login: ${text} (${advice})`, error)
  }
  // Names are the same in every language that the server's messages can have (lc_messages).
  if (state === '23514' && text.includes('history_action_check')) return new OutdatedHistoryError(error)
  const missing = ['42704', '22023'].includes(state ?? '') && /\balmagest_(?:stager|owner)\b/.test(text)
  if (missing || (['42P01', '3F000'].includes(state ?? '') && text.includes('almagest')))
    return new NotInitialisedError(error)
  return new DatabaseError(operation, error)
}
