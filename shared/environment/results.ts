import type { DatabaseAddress } from '../database-address.ts'
import { mapOf, notEmpty } from './collections.ts'
import { complaintAboutBucket } from './complaints.ts'
import { databaseKeys, identifyDatabase, readDatabase } from './database.ts'
import type { ReleasesConfig } from './releases.ts'
import type { Report } from './report.ts'
import { column, complaintAboutNamePattern, duration, objectName, table } from './result-texts.ts'
import { type Found, foundOf, optional, part, required, type SectionOf, section, sectionAs } from './sections.ts'
import { integer, join, oneOf, type ShapeOf, text, transformed } from './shapes.ts'

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

/** Where the UWS jobs are; names as PostgreSQL keeps them. Almagest's own table is known by itself. */
export interface JobTable extends SectionOf<typeof TABLE> {
  /** One; where TAP services keep their jobs in several, each of them. */
  readonly databases: readonly DatabaseAddress[]
  readonly graceMs: number
}

const jobs = sectionAs(JOBS, (found, report): JobTable | undefined => {
  const database = readDatabase(found, report)
  if (database === null) {
    report.error('missing_key', found.place, 'has no database: give databaseUrl, or database with url or instance')
  }
  const plain = found.pick(TABLE)
  const graceMs = found.value('grace')
  return database && plain && graceMs !== undefined ? { databases: [database], ...plain, graceMs } : undefined
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
  bucket: optional(
    text(complaintAboutBucket),
    null,
    'The results bucket, without `gs://`. Without it: that of `tap.servers.NAME.service.jobs`, where there is one.',
  ),
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
  rules: optional(
    notEmpty(rules, 'without a rule nothing would ever be deleted'),
    null,
    'One rule each, under a name for the report. The first one that fits an object decides. What the jobs of the TAP services write needs none.',
  ),
  jobs: optional(
    jobs,
    null,
    'The table of UWS jobs, which is only read. Without it: those of the TAP services that write into this bucket; where there are none, ages decide alone.',
  ),
  limits: part(limits, 'How fast a sweep deletes, and when it stops.'),
}

/** The results bucket of a deployment and what is deleted from it. */
export interface ResultsConfig extends Omit<SectionOf<typeof KEYS>, 'bucket' | 'stateBucket' | 'rules'> {
  readonly bucket: string
  readonly stateBucket: string
  readonly rules: readonly ResultRule[]
}

export type SweepMode = ResultsConfig['mode']

export const RESULTS = foundOf(KEYS)

/** Where a TAP service keeps the results of its jobs, and the jobs. */
export interface JobPlace {
  readonly bucket: string
  readonly database: DatabaseAddress
  readonly keptDays: { readonly hard: number }
}

/** Names as shared/tap/job-objects.ts gives them; the job decides about the objects, and there is one. */
const OWN_RULES = [
  { name: 'tap-results', kind: 'result', pattern: '^r/[0-9a-f]{2}/(?<job>[0-9a-f]{32})/\\d+/result\\.[a-z0-9]+$' },
  { name: 'tap-uploads', kind: 'upload', pattern: '^u/[0-9a-f]{2}/(?<job>[0-9a-f]{32})/.+$' },
] as const

/** As shared/uws/job-table.ts makes it. */
const OWN_TABLE: SectionOf<typeof TABLE> = {
  table: ['uws', 'job'],
  idColumn: 'id',
  phaseColumn: 'phase',
  destructionColumn: 'destruction',
  deletedColumn: 'deleted_at',
  creationColumn: 'created_at',
}

/**
 * The results bucket and its rules, with what follows from the jobs of the TAP services. null: nothing is said about
 * results, or something is wrong, and that has been reported.
 */
export function readResults(
  found: Found<typeof KEYS>,
  places: readonly JobPlace[],
  releases: ReleasesConfig | null,
  report: Report,
): ResultsConfig | null {
  const given = found.whole()
  if (given === undefined) return null
  const buckets = [...new Set(places.map((place) => place.bucket))]
  const bucket = given.bucket ?? (buckets.length === 1 ? buckets[0] : undefined)
  const isSaid = KEY_NAMES.some((key) => found.isGiven(key))
  if (bucket === undefined) {
    if (isSaid)
      report.error('missing_key', { ...found.place, path: join(found.place.path, 'bucket') }, 'bucket is missing')
    return null
  }
  if (bucket === releases?.bucket) {
    const message = 'is the releases bucket: results need a bucket of their own, so that no rule can reach a release'
    report.error('conflict', found.placeOf('bucket'), message)
  }
  const own = places.filter((place) => place.bucket === bucket)
  const rules = [...(given.rules ?? []), ...ownRules(own)]
  if (rules.length === 0) {
    report.error('missing_key', { ...found.place, path: join(found.place.path, 'rules') }, 'rules is missing')
    return null
  }
  if (given.jobs !== null && !rules.some(({ pattern }) => pattern.includes('(?<job>'))) {
    report.warn('no_effect', found.placeOf('jobs'), 'no rule has a group (?<job>…) to look up here')
  }
  return { ...given, bucket, rules, jobs: given.jobs ?? ownJobs(own), stateBucket: given.stateBucket ?? bucket }
}

const KEY_NAMES = Object.keys(KEYS) as (keyof typeof KEYS)[]

function ownRules(places: readonly JobPlace[]): readonly ResultRule[] {
  if (places.length === 0) return []
  const retentionMs = 24 * HOUR_MS * Math.max(...places.map(({ keptDays }) => keptDays.hard))
  return OWN_RULES.map((rule) => ({ ...rule, retentionMs, minimumAgeMs: 24 * HOUR_MS }))
}

function ownJobs(places: readonly JobPlace[]): JobTable | null {
  const databases = new Map(places.map(({ database }) => [identifyDatabase(database), database]))
  if (databases.size === 0) return null
  return { ...OWN_TABLE, databases: [...databases.values()], graceMs: 24 * HOUR_MS }
}
