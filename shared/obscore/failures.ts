import { Failure } from '../failure.ts'

/** The table with the records is not there, or cannot be what the mapping says. Nothing was changed. */
export class ObscoreSourceError extends Failure {
  constructor(source: string, complaint: string) {
    super(
      'misconfigured',
      'obscore_source',
      `${source} ${complaint} (obscore.source in the environment file); nothing was changed`,
    )
  }
}

/** ivoa.obscore is there and not ours. Nothing was changed. */
export class ForeignTableError extends Failure {
  constructor(table: string, owner: string) {
    const advice = 'rename or drop it, then run init again'
    super(
      'conflict',
      'foreign_table',
      `${table} belongs to ${owner}, so Almagest has not made it: ${advice}; nothing was changed`,
    )
  }
}

/** `init` was not run, or not with this mapping. */
export class ObscoreNotReadyError extends Failure {
  constructor(message: string) {
    super('unprepared', 'obscore_not_ready', message)
  }
}

/** Locks were not free in time. Nothing was changed. */
export class ObscoreBusyError extends Failure {
  constructor(operation: string, waitedMs: number, sessions: readonly string[], cause?: unknown) {
    const who = sessions.length === 0 ? '' : ` (${sessions.join('; ')})`
    const message = `${operation} gave up after ${(waitedMs / 1000).toFixed(1)} s: other sessions hold locks on the tables${who}; nothing was changed`
    super('busy', 'busy', message, { cause })
  }
}
