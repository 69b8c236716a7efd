import { randomUUID } from 'node:crypto'
import type { ResultsConfig, SweepMode } from '../../environment/results.ts'
import type { Failure } from '../../failure.ts'
import type { BucketDescription, ListedObject } from '../../stored-objects.ts'
import { type Classified, classifyPage } from '../classify/classify-page.ts'
import type { JobStore } from '../classify/jobs.ts'
import { createMatchRule, isState, type MatchRule } from '../classify/match-rule.ts'
import { createOwnerLookup, inspectJobs } from '../classify/owners.ts'
import { type Clock, checkClocks, SYSTEM_CLOCK } from '../clock.ts'
import { countOrphans, findExcess, isOrphan, type Selected } from '../delete/delete-limits.ts'
import { addDeletions, deleteObjects } from '../delete/delete-objects.ts'
import { createDeletePace } from '../delete/delete-pace.ts'
import { createRecheck } from '../delete/recheck.ts'
import type { ResultBucket, StateBucket } from '../result-bucket.ts'
import { LeaseLostError, RetainedStateError, TooManyDeletionsError, VersionedBucketError } from '../result-failures.ts'
import { acquireLease, type Lease, readState } from './lease.ts'
import { metricsOf, reportRun, type SweepReport, warnAboutBucket } from './report.ts'
import { runPass } from './run-pass.ts'
import { chooseShards, type Shard, shardsOf } from './shards.ts'
import { beginRun, canContinue, type Run } from './sweep-run.ts'
import type { SweepState } from './sweep-state.ts'
import { Tally } from './tally.ts'

type Log = (message: string, fields?: Readonly<Record<string, unknown>>) => void

/** What a sweep works with. */
export interface SweepParts {
  readonly bucket: ResultBucket
  readonly stateBucket: StateBucket
  /** null: the environment has no job table. */
  readonly jobs: JobStore | null
  readonly logger: { readonly info: Log; readonly warning: Log }
  /** How often the bucket has tried again so far. */
  readonly retries?: () => number
  readonly onProgress?: (progress: SweepProgress) => void
  readonly clock?: Clock
}

export interface SweepRequest {
  readonly mode: SweepMode
  /** null: as long as it takes. */
  readonly timeBudgetMs: number | null
  /** For which time the scheduler has called; it may call twice. */
  readonly scheduledFor?: string | null
  /** Instead of the environment's `deletePercent`. */
  readonly allowPercent?: number | undefined
  /** Aborted: the sweep pauses. */
  readonly signal?: AbortSignal
  /** How often the position is saved; default 15 s. */
  readonly saveEveryMs?: number
}

export interface SweepProgress {
  readonly phase: Run['phase']
  readonly listed: number
  readonly selected: number
  readonly deleted: number
}

/**
 * One sweep over the results bucket, or as much of it as the time budget allows (results-gc §4.3 B). Everything is
 * looked at first; when not too much would be deleted, it is looked at again and deleted, each object only as it was listed. A
 * dry run ends before that and writes nothing at all.
 *
 * @throws JobTableError, EmptyJobTableError, ClocksDifferError, TooManyDeletionsError, VersionedBucketError, LeaseLostError,
 * SweepStateError, DeletionsFailError, InvalidPatternError, and what the bucket throws
 */
export async function sweepResults(
  config: ResultsConfig,
  parts: SweepParts,
  request: SweepRequest,
): Promise<SweepReport> {
  const clock = parts.clock ?? SYSTEM_CLOCK
  const started = clock.now()
  const matchRule = await createMatchRule(config.rules)
  const description = await parts.bucket.describe()
  checkClocks({ store: description.serverTime.getTime(), 'this machine': clock.date() })
  const sweep = new Sweep(config, parts, request, { matchRule, description, started })
  const report = await (request.mode === 'dry-run' ? sweep.preview() : sweep.collect())
  parts.logger.info(`sweep of gs://${config.bucket} ${report.outcome}`, metricsOf(report))
  for (const warning of report.warnings) parts.logger.warning(warning)
  return report
}

const SAVE_EVERY_MS = 15_000

const ALWAYS = async () => true

/** What is known when a sweep begins. */
interface SweepStart {
  readonly matchRule: MatchRule
  readonly description: BucketDescription
  /** By the clock of the sweep. */
  readonly started: number
}

class Sweep {
  readonly #config: ResultsConfig
  readonly #matchRule: MatchRule
  readonly #parts: SweepParts
  readonly #request: SweepRequest
  readonly #now: Date
  readonly #warnings: string[]
  readonly #settings: BucketDescription['settings']
  readonly #clock: Clock
  readonly #started: number
  /** The store's time is that of the clock plus this. */
  readonly #offsetMs: number
  readonly #retriesBefore: number
  #shards: readonly Shard[] = []
  #failed = false

  constructor(
    config: ResultsConfig,
    parts: SweepParts,
    request: SweepRequest,
    { matchRule, description, started }: SweepStart,
  ) {
    this.#config = config
    this.#matchRule = matchRule
    this.#parts = parts
    this.#request = request
    this.#clock = parts.clock ?? SYSTEM_CLOCK
    this.#started = started
    this.#retriesBefore = parts.retries?.() ?? 0
    this.#now = description.serverTime
    this.#offsetMs = this.#now.getTime() - this.#clock.now()
    this.#settings = description.settings
    this.#warnings = [...warnAboutBucket(description)]
  }

  async preview(): Promise<SweepReport> {
    const run = await this.#begin()
    const pass = await this.#survey(run, async () => {})
    this.#account(run)
    const { objects } = new Tally(run.rows).total('delete')
    const excess = this.#findExcess(run, { objects, orphans: countOrphans(run.rows) })
    if (excess !== null) this.#warnings.push(`it would delete nothing: ${excess.message}`)
    return this.#report(run, pass === 'done' ? 'finished' : 'paused')
  }

  async collect(): Promise<SweepReport> {
    this.#refuseSettings()
    const { stateBucket, stateObject, limits } = this.#config
    const where = `gs://${stateBucket}/${stateObject}`
    const parts = { bucket: this.#parts.stateBucket, clock: this.#clock, leaseMs: limits.leaseMs, where, stateObject }
    const found = await readState(parts)
    const { state } = found
    const { scheduledFor = null } = this.#request
    if (state.run === null && scheduledFor !== null && state.last?.scheduledFor === scheduledFor) {
      return { ...state.last.report, outcome: 'repeated' }
    }
    const lease = await acquireLease({ ...parts, owner: randomUUID(), offsetMs: this.#offsetMs }, found)
    if (lease === null) return this.#report(beginRun(this.#config, [], this.#now), 'busy')
    const run = await this.#continue(state).catch(async (error: unknown) => {
      await this.#releaseAfter(error, state.run, lease, state.last)
      throw error
    })
    try {
      return await this.#runPhases(run, lease, state.last)
    } catch (error) {
      this.#account(run)
      await this.#releaseAfter(error, run, lease, state.last)
      throw error
    }
  }

  async #runPhases(run: Run, lease: Lease, last: SweepState['last']): Promise<SweepReport> {
    const checkpoint = this.#checkpoints(run, lease, last)
    const pause = async () => {
      this.#account(run)
      await lease.release({ run, last })
      return this.#report(run, 'paused')
    }
    if (run.phase === 'survey') {
      if ((await this.#survey(run, checkpoint)) === 'paused') return pause()
      this.#refuseTooMany(run, {
        objects: new Tally(run.rows).total('delete').objects,
        orphans: countOrphans(run.rows),
      })
      run.phase = 'delete'
      run.positions = this.#shards.map(() => null)
    }
    if ((await this.#delete(run, checkpoint)) === 'paused') return pause()
    this.#account(run)
    const report = this.#report(run, 'finished')
    await lease.release({ run: null, last: { scheduledFor: this.#request.scheduledFor ?? null, report } })
    return report
  }

  #survey(run: Run, checkpoint: () => Promise<void>): Promise<'done' | 'paused'> {
    const owners = this.#owners()
    const tally = new Tally(run.rows)
    return this.#pass(run, checkpoint, async (objects) => {
      const before = owners.lookups
      const classified = await classifyPage(objects, this.#matchRule, owners, Date.parse(run.startedAt))
      return () => {
        for (const found of classified) tally.add(found)
        run.rows = tally.rows()
        run.effort.jobLookups += owners.lookups - before
        this.#progress(run, 0)
      }
    })
  }

  #delete(run: Run, checkpoint: () => Promise<void>): Promise<'done' | 'paused'> {
    const owners = this.#owners()
    const now = Date.parse(run.startedAt)
    let gone = run.deletions.deleted
    const deleting = {
      bucket: this.#parts.bucket,
      pace: createDeletePace(this.#config.limits, this.#clock),
      checkpoint,
      mayGoOn: this.#mayGoOn,
      onFailed: (error: Failure) => this.#warnOfFailure(error),
    }
    const select = async (objects: readonly ListedObject[]): Promise<readonly Classified[]> => {
      const before = owners.lookups
      const classified = await classifyPage(objects, this.#matchRule, owners, now)
      run.effort.jobLookups += owners.lookups - before
      return classified.filter(({ verdict }) => verdict.action === 'delete')
    }
    const ask = async (objects: readonly ListedObject[]) => (await select(objects)).map(({ object }) => object)
    const underWay = { objects: 0, orphans: 0 }
    return this.#pass(run, checkpoint, async (objects) => {
      const selected = await select(objects)
      const expired = selected.map(({ object }) => object)
      const orphans = new Set(selected.filter(isOrphan).map(({ object }) => object))
      this.#refuseTooMany(run, {
        objects: run.deletions.deleted + underWay.objects + expired.length,
        orphans: run.orphansDeleted + underWay.orphans + orphans.size,
      })
      underWay.objects += expired.length
      underWay.orphans += orphans.size
      const onDeleted = (object: ListedObject) => {
        gone += 1
        if (orphans.delete(object)) {
          underWay.orphans -= 1
          run.orphansDeleted += 1
        }
        this.#progress(run, gone)
      }
      const isStillExpired = this.#parts.jobs === null ? ALWAYS : createRecheck(expired, ask, this.#clock)
      const result = await deleteObjects(expired, { ...deleting, onDeleted, isStillExpired })
      // In the same breath, so that nothing counts twice or not at all for the share that may be deleted.
      const account = () => {
        underWay.objects -= expired.length
        underWay.orphans -= orphans.size
        addDeletions(run.deletions, result)
      }
      if (result.outcome === 'done') return account
      account()
      if (result.outcome === 'failed') throw result.error
      return null
    })
  }

  #pass(
    run: Run,
    checkpoint: () => Promise<void>,
    handle: Parameters<typeof runPass>[0]['handle'],
  ): Promise<'done' | 'paused'> {
    return runPass({
      bucket: this.#parts.bucket,
      shards: this.#shards,
      run,
      checkpoint,
      mayGoOn: this.#mayGoOn,
      handle: (objects) => handle(objects.filter((object) => !isState(this.#config, object))),
    })
  }

  #owners() {
    return createOwnerLookup(this.#parts.jobs, this.#config.jobs?.graceMs ?? 0, this.#storeTime)
  }

  readonly #storeTime = (): number => this.#clock.now() + this.#offsetMs

  readonly #mayGoOn = (): boolean => {
    const { signal, timeBudgetMs } = this.#request
    if (signal?.aborted === true) return false
    return timeBudgetMs === null || this.#clock.now() - this.#started < timeBudgetMs
  }

  /** Saves the position from time to time, which keeps the lease too. */
  #checkpoints(run: Run, lease: Lease, last: SweepState['last']): () => Promise<void> {
    const { leaseMs } = this.#config.limits
    const every = Math.min(this.#request.saveEveryMs ?? SAVE_EVERY_MS, leaseMs / 3)
    let saving: Promise<void> | undefined
    const save = async () => {
      try {
        await lease.save({ run, last })
      } catch (error) {
        // One failed save does no harm while the lease lasts.
        if (error instanceof LeaseLostError || lease.age > leaseMs / 2) throw error
        this.#parts.logger.warning('the position of the sweep was not saved', { error })
      } finally {
        saving = undefined
      }
    }
    return () => {
      if (lease.age < every) return Promise.resolve()
      saving ??= save()
      return saving
    }
  }

  #refuseSettings(): void {
    const { bucket, stateBucket } = this.#config
    if (this.#settings?.versioning === true) throw new VersionedBucketError(bucket)
    if (bucket === stateBucket && (this.#settings?.retentionMs ?? 0) > 0) throw new RetainedStateError(bucket)
  }

  #refuseTooMany(run: Run, selected: Selected): void {
    const excess = this.#findExcess(run, selected)
    if (excess !== null) throw excess
  }

  /** null: so many may be deleted. */
  #findExcess(run: Run, selected: Selected): TooManyDeletionsError | null {
    return findExcess(run.rows, selected, this.#config.limits, this.#request.allowPercent)
  }

  /** By the earliest of the clocks: no other one is to find out that something was deleted too early. */
  async #begin(): Promise<Run> {
    const { bucket, jobs } = this.#parts
    const { earliest } = jobs === null ? { earliest: this.#storeTime() } : await inspectJobs(jobs, this.#storeTime)
    const startedAt = Math.min(this.#now.getTime(), earliest, this.#clock.date())
    this.#shards = await chooseShards(this.#config.rules, bucket)
    return beginRun(this.#config, this.#shards, new Date(startedAt))
  }

  async #continue({ run }: SweepState): Promise<Run> {
    if (run === null) return this.#begin()
    const since = { run: run.id, startedAt: run.startedAt, phase: run.phase }
    const shards = shardsOf(this.#config.rules, run.positions.length)
    if (shards !== null && canContinue(run, this.#config, this.#now)) {
      this.#shards = shards
      this.#parts.logger.info('continuing an interrupted sweep', since)
      return run
    }
    this.#parts.logger.warning(
      'an interrupted sweep is too old, or has other rules: starting from the beginning',
      since,
    )
    return this.#begin()
  }

  /** The error that stopped the sweep is reported, also when the lease cannot be released. */
  async #releaseAfter(error: unknown, run: Run | null, lease: Lease, last: SweepState['last']): Promise<void> {
    if (error instanceof LeaseLostError) return
    // What was too much is counted again from the beginning.
    const kept = error instanceof TooManyDeletionsError ? null : run
    await lease.release({ run: kept, last }).catch((lost: unknown) => {
      this.#parts.logger.warning('the lease was not released; it will expire', { error: lost })
    })
  }

  #account(run: Run): void {
    run.effort.calls += 1
    run.effort.durationMs += Math.round(this.#clock.now() - this.#started)
    run.effort.retries += (this.#parts.retries?.() ?? 0) - this.#retriesBefore
  }

  #report(run: Run, outcome: SweepReport['outcome']): SweepReport {
    const { mode } = this.#request
    return reportRun(this.#config, run, { outcome, mode, warnings: this.#warnings })
  }

  /** Of the first one: the report counts them. */
  #warnOfFailure({ message }: Failure): void {
    if (!this.#failed) this.#warnings.push(`not everything could be deleted: ${message}`)
    this.#failed = true
  }

  #progress(run: Run, deleted: number): void {
    if (this.#parts.onProgress === undefined) return
    // Hears of each single deletion: there are few rows to add up.
    let [listed, selected] = [0, 0]
    for (const { action, objects } of run.rows) {
      listed += objects
      if (action === 'delete') selected += objects
    }
    this.#parts.onProgress({ phase: run.phase, listed, selected, deleted })
  }
}
