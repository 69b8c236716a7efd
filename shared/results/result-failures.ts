import { Failure, messageOf } from '../failure.ts'

/** The job table does not answer, or may not show every job. Nothing is deleted. */
export class JobTableError extends Failure {
  constructor(table: string, cause: unknown) {
    super(
      'unavailable',
      'job_table',
      `the job table ${table} cannot be relied on, so nothing is deleted: ${messageOf(cause)}`,
      {
        cause,
      },
    )
  }
}

/** A job table without jobs is treated as broken, because every result would be an orphan. Nothing is deleted. */
export class EmptyJobTableError extends Failure {
  constructor() {
    const advice = 'check the database and the table in results.jobs'
    super('unavailable', 'empty_job_table', `the job table is empty, so nothing is deleted: ${advice}`)
  }
}

/** More would be deleted than one sweep may, or more jobs are missing from the table. Somebody has to look. */
export class TooManyDeletionsError extends Failure {
  constructor(figures: string) {
    const advice =
      'look at `almagest sweep --dry-run`; if it is right, run `almagest sweep --delete --allow-percent 100`'
    super('unsafe', 'too_many_deletions', `the sweep stops: ${figures}; ${advice}`)
  }
}

/** Of JavaScript. */
const LAST_DATE = 8.64e15

/** At least one clock is wrong, and every age with it. Nothing is deleted. */
export class ClocksDifferError extends Failure {
  constructor(times: Readonly<Record<string, number>>) {
    const shown = Object.entries(times).map(
      ([whose, time]) => `${whose}: ${new Date(Math.min(time, LAST_DATE)).toISOString()}`,
    )
    super(
      'unavailable',
      'clocks_differ',
      `clocks differ by more than an hour, so nothing is deleted (${shown.join(', ')}): set them right`,
    )
  }
}

/** Deleted objects of such a bucket are kept as noncurrent versions, invisible and billed. */
export class VersionedBucketError extends Failure {
  constructor(bucket: string) {
    const advice = `switch it off: gcloud storage buckets update gs://${bucket} --no-versioning`
    super('unsafe', 'versioned_bucket', `the bucket ${bucket} keeps old versions, so deleting frees nothing; ${advice}`)
  }
}

/** Another sweep has taken over, because this one did not show itself in time. It has deleted nothing since. */
export class LeaseLostError extends Failure {
  constructor(cause: unknown) {
    super('unavailable', 'lease_lost', 'another sweep has taken over in the meantime; this one stops', { cause })
  }
}

/** The object at the name of the state was not written by a sweep of this version. */
export class SweepStateError extends Failure {
  constructor(where: string, cause?: unknown) {
    const advice = 'look at it; delete it, or choose another name in results.stateObject'
    super(
      'unsafe',
      'sweep_state',
      `${where} is not the state of a sweep, or that of another version of Almagest: ${advice}`,
      {
        cause,
      },
    )
  }
}

/** A retention policy keeps everything in the bucket as it is, the state too. */
export class RetainedStateError extends Failure {
  constructor(bucket: string) {
    const advice = 'name another bucket for it in results.stateBucket'
    super(
      'unsafe',
      'sweep_state',
      `the bucket ${bucket} has a retention policy, so a sweep cannot keep its state there: ${advice}`,
    )
  }
}

/** RE2 does not know the pattern of a rule, though the check of the environment let it pass. */
export class InvalidPatternError extends Failure {
  constructor(rule: string, cause: unknown) {
    super('misconfigured', 'invalid_pattern', `results.rules.${rule}.pattern cannot be used: ${messageOf(cause)}`, {
      cause,
    })
  }
}

/** Page after page says that there is another one. */
export class EndlessListingError extends Failure {
  constructor(bucket: string, milliseconds: number) {
    super(
      'unavailable',
      'endless_listing',
      `the listing of gs://${bucket} did not end within ${milliseconds / 1000} s: nothing was deleted`,
    )
  }
}

/** The job is still writing. */
export class ActiveJobError extends Failure {
  constructor(job: string, phase: string) {
    super('conflict', 'active_job', `job ${job} is ${phase}: abort it first, then destroy its results`)
  }
}

/** Deletions fail one after another. What is left is tried by the next sweep. */
export class DeletionsFailError extends Failure {
  constructor(failed: number, cause: unknown) {
    const reason = messageOf(cause)
    super(
      'unavailable',
      'deletions_fail',
      `${failed} deletions have failed, so the sweep stops; the last one: ${reason}`,
      { cause },
    )
  }
}
