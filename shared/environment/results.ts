import type { DatabaseAddress } from '../database-address.ts'
import { mapOf, notEmpty } from './collections.ts'
import { complaintAboutBucket } from './complaints.ts'
import { databaseKeys, readDatabase } from './database.ts'
import type { ReleasesConfig } from './releases.ts'
import type { Report } from './report.ts'
import { column, complaintAboutNamePattern, duration, objectName, table } from './result-texts.ts'
import { type Found, foundOf, optional, part, required, type SectionOf, section, sectionAs } from './sections.ts'
import { integer, oneOf, type ShapeOf, text, transformed } from './shapes.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

const RULE = section({
  kind: required(oneOf('result', 'error', 'upload', 'temporary'), 'What the objects are.'),
  pattern: required(
    text(complaintAboutNamePattern),
    'Regular expression for the whole name of the object, from `^` to `$`; a group `(?<job>…)` holds the job id. RE2 reads it, so look-around and back references cannot be used.',
  ),
  retention: required(
    duration,
    'How long objects are kept that no job and no `destruction` of their own decides about: `7d`.',
  ),
  minimumAge: optional(duration, 24 * HOUR_MS, 'No sweep deletes a younger object.'),
})

/** A rule with its name; durations in milliseconds. */
export interface ResultRule extends Omit<ShapeOf<typeof RULE>, 'retention' | 'minimumAge'> {
  readonly name: string
  readonly retentionMs: number
  readonly minimumAgeMs: number
}

export type ResultKind = ResultRule['kind']

const rules = transformed(mapOf(RULE), (given) =>
  Array.from(
    given,
    ([name, { retention: retentionMs, minimumAge: minimumAgeMs, ...rule }]): ResultRule => ({
      name,
      ...rule,
      retentionMs,
      minimumAgeMs,
    }),
  ),
)

const TABLE = {
  table: optional(table, ['uws', 'job'], 'Its name; like the columns, as in SQL: lower case unless in double quotes.'),
  idColumn: optional(column, 'jobid', 'The id, as it occurs in names of objects.'),
  phaseColumn: optional(column, 'executionphase', 'The UWS phase.'),
  destructionColumn: optional(column, 'destructiontime', 'The destruction time; without time zone it is UTC.'),
  deletedColumn: optional(column, 'deletedbyuser', 'Whether the user has deleted the job: a number or a truth value.'),
  creationColumn: optional(column, 'creationtime', 'When the job was made: shows how far the table reaches.'),
}

const JOBS = {
  ...TABLE,
  grace: optional(
    duration,
    24 * HOUR_MS,
    'How old an object must be to be an orphan when its job is not in the table.',
  ),
  ...databaseKeys('This or `database` is required.'),
}

/** Where the UWS jobs are; names as PostgreSQL keeps them. */
export interface JobTable extends SectionOf<typeof TABLE> {
  readonly database: DatabaseAddress
  readonly graceMs: number
}

const jobs = sectionAs(JOBS, (found, report): JobTable | undefined => {
  const database = readDatabase(found, report)
  if (database === null) {
    report.error('missing_key', found.place, 'has no database: give databaseUrl, or database with url or instance')
  }
  const plain = found.pick(TABLE)
  const graceMs = found.value('grace')
  return database && plain && graceMs !== undefined ? { database, ...plain, graceMs } : undefined
})

const SHORTEST_LEASE_MS = 30_000

const LIMITS = {
  deletesPerSecond: optional(
    integer(1, 5000),
    500,
    'Deletions per second. A bucket takes about 1000 writes per second, uploads of users included.',
  ),
  deletesAtOnce: optional(integer(1, 256), 64, 'Deletions under way at the same time.'),
  deletePercent: optional(
    integer(1, 100),
    50,
    'The largest share of the bucket that one sweep may delete; beyond it, it deletes nothing.',
  ),
  deleteAnyway: optional(
    integer(0, 1_000_000),
    100,
    'Up to so many objects are deleted, whatever their share of the bucket.',
  ),
  orphanPercent: optional(
    integer(0, 100),
    20,
    'The largest share of the results whose job was looked up that the job table may not know; beyond it, the table has probably lost jobs, and a sweep deletes nothing, however few they are.',
  ),
  timeBudget: optional(
    duration,
    24 * MINUTE_MS,
    'After so long a sweep saves its position for the next call: 80 % of the deadline of its scheduler.',
  ),
  lease: optional(
    duration,
    2 * MINUTE_MS,
    'A sweep that has not renewed its lease for so long is dead, and the next call takes over.',
  ),
}

/** How fast a sweep deletes, and when it stops; durations in milliseconds. */
export interface SweepLimits extends Omit<SectionOf<typeof LIMITS>, 'timeBudget' | 'lease'> {
  readonly timeBudgetMs: number
  readonly leaseMs: number
}

const limits = sectionAs(LIMITS, (found, report): SweepLimits | undefined => {
  const given = found.whole()
  if (given === undefined) return undefined
  const { timeBudget: timeBudgetMs, lease: leaseMs, ...rest } = given
  if (leaseMs < SHORTEST_LEASE_MS) {
    const message = 'is shorter than the 30 s that a busy store may take for one answer'
    report.error('out_of_range', found.placeOf('lease'), message)
  }
  if (timeBudgetMs === 0) report.error('out_of_range', found.placeOf('timeBudget'), 'leaves no time to do anything')
  return { ...rest, timeBudgetMs, leaseMs }
})

const KEYS = {
  bucket: required(text(complaintAboutBucket), 'The results bucket, without `gs://`.'),
  mode: optional(
    oneOf('dry-run', 'delete'),
    'dry-run' as const,
    'Whether `collect-results` deletes, or only reports what it would delete.',
  ),
  stateObject: optional(
    objectName,
    '.almagest/sweep.json',
    'Object that holds the lease, the position and the last report of the sweep.',
  ),
  stateBucket: optional(
    text(complaintAboutBucket),
    null,
    'The bucket of that object, where the results bucket has a retention policy. Without it: the results bucket.',
  ),
  rules: required(
    notEmpty(rules, 'without a rule nothing would ever be deleted'),
    'One rule each, under a name for the report. The first one that fits an object decides.',
  ),
  jobs: optional(jobs, null, 'The table of UWS jobs, which is only read. Without it ages decide alone.'),
  limits: part(limits, 'How fast a sweep deletes, and when it stops.'),
}

/** The results bucket of a deployment and what is deleted from it. */
export interface ResultsConfig extends Omit<SectionOf<typeof KEYS>, 'stateBucket'> {
  readonly stateBucket: string
}

export type SweepMode = ResultsConfig['mode']

export const RESULTS = foundOf(KEYS)

/** The results bucket and its rules. null: something about them is wrong, and that has been reported. */
export function readResults(
  found: Found<typeof KEYS>,
  releases: ReleasesConfig | null,
  report: Report,
): ResultsConfig | null {
  const bucket = found.value('bucket')
  if (bucket !== undefined && bucket === releases?.bucket) {
    const message = 'is the releases bucket: results need a bucket of their own, so that no rule can reach a release'
    report.error('conflict', found.placeOf('bucket'), message)
  }
  const given = found.whole()
  if (given === undefined) return null
  if (given.jobs !== null && !given.rules.some(({ pattern }) => pattern.includes('(?<job>'))) {
    report.warn('no_effect', found.placeOf('jobs'), 'no rule has a group (?<job>…) to look up here')
  }
  return { ...given, stateBucket: given.stateBucket ?? given.bucket }
}
