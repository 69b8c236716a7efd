import type { ResultsConfig, SweepMode } from '../../environment/results.ts'
import type { BucketDescription } from '../../stored-objects.ts'
import type { Deletions } from '../delete/deletions.ts'
import type { Effort, Run } from './sweep-run.ts'
import { Tally, type TallyRow } from './tally.ts'

/** What one call of the sweep came to. */
export interface SweepReport {
  /** `paused`: the time was over, the next call goes on; `busy`: another sweep is running; `repeated`: the scheduler
   * has called twice for the same time, and this is the first call's report. */
  readonly outcome: 'finished' | 'paused' | 'busy' | 'repeated'
  readonly mode: SweepMode
  readonly bucket: string
  readonly run: string | null
  /** By the earliest of the clocks of store, database and function: ages are measured from here. */
  readonly startedAt: string | null
  readonly phase: Run['phase'] | null
  readonly listed: Count
  /** What is to be deleted. */
  readonly selected: Count
  readonly rows: readonly TallyRow[]
  readonly deletions: Deletions
  /** Of what should be gone and is still there: for the alert. */
  readonly oldestExpired: Survivor | null
  readonly effort: Effort
  /** What is not as it should be. */
  readonly warnings: readonly string[]
}

export interface Count {
  readonly objects: number
  readonly bytes: number
}

export interface Survivor {
  readonly name: string
  readonly timeCreated: string
}

export function reportRun(
  { bucket }: ResultsConfig,
  run: Run,
  about: Pick<SweepReport, 'outcome' | 'mode' | 'warnings'>,
): SweepReport {
  const tally = new Tally(run.rows)
  // Of the sweep that is running nothing is known here.
  const isOther = about.outcome === 'busy'
  return {
    outcome: about.outcome,
    mode: about.mode,
    bucket,
    run: isOther ? null : run.id,
    startedAt: isOther ? null : run.startedAt,
    phase: isOther ? null : run.phase,
    listed: tally.total(),
    selected: tally.total('delete'),
    rows: tally.rows(),
    deletions: run.deletions,
    oldestExpired: findOldestExpired(run, about),
    effort: { ...run.effort },
    warnings: about.warnings,
  }
}

/** What survives a finished sweep is known by name; otherwise everything expired is still there, or may be. */
function findOldestExpired(run: Run, { outcome, mode }: Pick<SweepReport, 'outcome' | 'mode'>): Survivor | null {
  if (mode === 'delete' && outcome === 'finished') return run.deletions.oldestSurvivor
  const expired = run.rows.flatMap(({ action, oldest }) => (action === 'delete' && oldest !== null ? [oldest] : []))
  return expired.sort((a, b) => (a.timeCreated < b.timeCreated ? -1 : 1))[0] ?? null
}

/** Fields for the log, from which metrics are made: numbers, and one level deep. */
export function metricsOf(report: SweepReport): Readonly<Record<string, string | number | null>> {
  const { outcome, mode, bucket, run, phase, listed, selected, deletions, effort, oldestExpired, startedAt } = report
  const reasons = new Map<string, number>()
  for (const { action, reason, objects } of report.rows) {
    const field = `${action === 'keep' ? 'kept' : 'expired'}.${reason}`
    reasons.set(field, (reasons.get(field) ?? 0) + objects)
  }
  const since = oldestExpired === null ? null : Date.parse(startedAt ?? '') - Date.parse(oldestExpired.timeCreated)
  return {
    outcome,
    mode,
    bucket,
    run,
    phase,
    listedObjects: listed.objects,
    listedBytes: listed.bytes,
    expiredObjects: selected.objects,
    expiredBytes: selected.bytes,
    deletedObjects: deletions.deleted,
    freedBytes: deletions.deletedBytes,
    absent: deletions.absent,
    replaced: deletions.replaced,
    protected: deletions.protected,
    failed: deletions.failed,
    failedPercent: deletions.failed === 0 ? 0 : Math.round((1000 * deletions.failed) / selected.objects) / 10,
    oldestExpiredSeconds: since === null ? 0 : Math.round(since / 1000),
    ...effort,
    ...Object.fromEntries(reasons),
  }
}

const DAY_MS = 86_400_000

/** What is not as it should be with a results bucket, for people. */
export function* warnAboutBucket({ settings }: BucketDescription): Generator<string> {
  if (settings === null) {
    yield 'whether the bucket keeps old versions is not known: storage.buckets.get is missing'
    return
  }
  if (settings.versioning) yield 'the bucket keeps old versions: a sweep will refuse to delete'
  if (settings.billedDays > 0) {
    yield `every object is billed for at least ${settings.billedDays} days: results belong into the class STANDARD`
  }
  if (settings.softDeleteMs > 0) {
    const days = Math.round((10 * settings.softDeleteMs) / DAY_MS) / 10
    yield `deleted objects are kept, and billed, for ${days} more days: set the bucket's soft delete to 0`
  }
}
