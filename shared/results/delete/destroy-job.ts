import type { ResultRule, ResultsConfig, SweepMode } from '../../environment/results.ts'
import type { ListedObject, ObjectPage } from '../../stored-objects.ts'
import { expandPattern } from '../classify/expand-pattern.ts'
import { isActive } from '../classify/jobs.ts'
import { createMatchRule, isState } from '../classify/match-rule.ts'
import { createOwnerLookup } from '../classify/owners.ts'
import { SYSTEM_CLOCK } from '../clock.ts'
import type { ResultBucket } from '../result-bucket.ts'
import { ActiveJobError, EndlessListingError, VersionedBucketError } from '../result-failures.ts'
import type { SweepParts } from '../sweep/sweep.ts'
import { addDeletions, deleteObjects } from './delete-objects.ts'
import { createDeletePace } from './delete-pace.ts'
import { type Deletions, noDeletions } from './deletions.ts'

export interface DestroyReport {
  readonly job: string
  readonly mode: SweepMode
  readonly bucket: string
  /** The phase in the job table; null: it is not there, or there is no table. */
  readonly jobPhase: string | null
  readonly objects: readonly DestroyedObject[]
  readonly deletions: Deletions
}

export interface DestroyedObject {
  readonly name: string
  readonly bytes: number
  readonly rule: string
  /** Whether a hold or a retention policy keeps it. */
  readonly kept: boolean
}

/**
 * Deletes the results of one job now, whatever their age, `customTime` and destruction; objects under holds and
 * retention policies are kept. The job itself is not touched, and one that has not ended is refused. It can be repeated.
 *
 * @throws ActiveJobError, EndlessListingError, and as sweepResults
 */
export async function destroyJob(
  config: ResultsConfig,
  parts: Omit<SweepParts, 'stateBucket'>,
  { job, mode }: { readonly job: string; readonly mode: SweepMode },
): Promise<DestroyReport> {
  const { serverTime, settings } = await parts.bucket.describe()
  if (mode === 'delete' && settings?.versioning === true) throw new VersionedBucketError(config.bucket)
  const owners = createOwnerLookup(parts.jobs, config.jobs?.graceMs ?? 0, () => serverTime.getTime())
  const owner = (await owners.find(new Set([job])))(job)
  const known = owner.kind === 'job' ? owner.job : null
  if (known !== null && isActive(known) && !known.deletedByUser) throw new ActiveJobError(job, known.phase)

  const clock = parts.clock ?? SYSTEM_CLOCK
  const started = clock.now()
  const { timeBudgetMs } = config.limits
  const checkTime = () => {
    if (clock.now() - started > timeBudgetMs) throw new EndlessListingError(config.bucket, timeBudgetMs)
  }
  const found = await findObjects(config, parts.bucket, job, checkTime)
  const objects = found.map(({ object, rule }) => {
    const kept = object.held || Date.parse(object.retainedUntil ?? '') > serverTime.getTime()
    return { object, shown: { name: object.name, bytes: object.size, rule: rule.name, kept } }
  })
  const deletions = noDeletions()
  if (mode === 'delete') {
    const selected = objects.flatMap(({ object, shown }) => (shown.kept ? [] : [object]))
    const result = await deleteObjects(selected, {
      bucket: parts.bucket,
      pace: createDeletePace(config.limits, clock),
      checkpoint: async () => {},
      isStillExpired: async () => true,
      mayGoOn: () => true,
      onDeleted: () => {},
      onFailed: ({ message }) => parts.logger.warning(`results of job ${job}: ${message}`),
    })
    if (result.outcome === 'failed') throw result.error
    addDeletions(deletions, result)
  }
  const report = { job, mode, bucket: config.bucket, jobPhase: known?.phase ?? null }
  parts.logger.info(`results of job ${job}: ${found.length} found, ${deletions.deleted} deleted`, {
    ...report,
    ...deletions,
  })
  return { ...report, objects: objects.map(({ shown }) => shown), deletions }
}

/** By the prefixes that the rules give for the job; objects under them can still be another's. */
async function findObjects(
  config: ResultsConfig,
  bucket: ResultBucket,
  job: string,
  checkTime: () => void,
): Promise<{ readonly object: ListedObject; readonly rule: ResultRule }[]> {
  const { rules } = config
  const matchRule = await createMatchRule(rules)
  const found = new Map<string, { readonly object: ListedObject; readonly rule: ResultRule }>()
  const waiting = (await choosePrefixes(rules, bucket, job)).values()
  const work = async () => {
    for (const prefix of waiting) {
      for await (const object of listAll(bucket, prefix, checkTime)) {
        if (isState(config, object)) continue
        const match = matchRule(object.name)
        const named = object.metadata.jobid
        const isOfJob = match !== null && (match.job ?? named) === job && (named === undefined || named === job)
        if (isOfJob) found.set(object.name, { object, rule: match.rule })
      }
    }
  }
  await Promise.all(Array.from({ length: LISTS_AT_ONCE }, work))
  return [...found.values()].sort((a, b) => (a.object.name < b.object.name ? -1 : 1))
}

const LISTS_AT_ONCE = 16

/** Where the digest of the layout is not known, there are hundreds: too many for a bucket that fits a page. */
async function choosePrefixes(
  rules: readonly ResultRule[],
  bucket: ResultBucket,
  job: string,
): Promise<ReadonlySet<string>> {
  const prefixes = new Set(rules.flatMap(({ pattern }) => expandPattern(pattern, job)))
  if (prefixes.size <= LISTS_AT_ONCE) return prefixes
  return (await bucket.page({})).nextPageToken === null ? new Set(['']) : prefixes
}

async function* listAll(bucket: ResultBucket, prefix: string, checkTime: () => void): AsyncGenerator<ListedObject> {
  let pageToken: string | null = null
  do {
    checkTime()
    const page: ObjectPage = await bucket.page(prefix === '' ? {} : { prefix }, pageToken)
    yield* page.objects
    pageToken = page.nextPageToken
  } while (pageToken !== null)
}
