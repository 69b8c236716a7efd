import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type SweepParts, sweepResults } from '../../../shared/results/sweep/sweep.ts'
import type { ListedObject } from '../../../shared/stored-objects.ts'
import { runs } from '../../support/effort.ts'
import { DAY, FLAT, HOUR, JOB_TABLE, JobsInMemory, resultsConfig, rule, SILENT, TEMPORARY } from '../config.ts'
import { Killed, SimulatedBucket, TestClock } from '../simulated-bucket.ts'

const STATE = '.almagest/sweep.json'
/** In few shards: listing an empty one costs as much as a full one. */
const SHARDED = rule('sharded', '^r/[0-9a-c]/(?<job>[^/]+)/\\d+/result\\.vot$', '7d')

/** Users, services and time, and what may never be deleted. It knows nothing of how a sweep decides. */
class World {
  readonly clock = new TestClock()
  readonly bucket = new SimulatedBucket(this.clock)
  readonly jobs = new JobsInMemory(() => this.bucket.now)
  readonly config = resultsConfig({ jobs: JOB_TABLE, rules: [FLAT, SHARDED, TEMPORARY] })
  readonly wrongs: string[] = []
  readonly #dice: () => number
  #jobs = 0

  constructor(dice: () => number) {
    this.#dice = dice
    this.bucket.pageSize = 7
    this.commit(this.upload())
    const remove = this.bucket.removeListed.bind(this.bucket)
    this.bucket.removeListed = async (object) => {
      const found = this.bucket.objects.get(object.name)
      const live = found !== undefined && this.isLive(found)
      const outcome = await remove(object)
      if (outcome === 'removed' && live)
        this.wrongs.push(`${object.name} at ${new Date(this.bucket.now).toISOString()}`)
      return outcome
    }
  }

  pick(count: number): number {
    return Math.floor(this.#dice() * count)
  }

  chance(share: number): boolean {
    return this.#dice() < share
  }

  /** A worker has written a result; nobody knows its job yet. */
  upload(): string {
    const job = `job${this.#jobs++}`
    const name = this.chance(0.5) ? `result_${job}.xml` : `r/${(this.#jobs % 13).toString(16)}/${job}/1/result.vot`
    this.bucket.put(name)
    return job
  }

  commit(job: string): void {
    const destruction = this.chance(0.1) ? null : this.bucket.now + (1 + this.pick(10)) * DAY
    this.jobs.set(job, { created: this.bucket.now, destruction, phase: this.chance(0.1) ? 'EXECUTING' : 'COMPLETED' })
  }

  /** One of the things that happen, also in the middle of a sweep. */
  happen(): void {
    const names = this.bucket.names().filter((name) => name !== STATE)
    const name = names[this.pick(names.length)]
    const ids = [...this.jobs.jobs.keys()]
    const id = ids[this.pick(ids.length)] ?? ''
    const job = this.jobs.jobs.get(id)
    const events: readonly (() => void)[] = [
      () => this.commit(this.upload()),
      () => void this.upload(),
      () => void this.bucket.put(`t/${this.pick(50)}`),
      // A result is written over, by a second attempt.
      () => name !== undefined && this.bucket.put(name),
      () => name !== undefined && this.bucket.patch(name, { held: this.chance(0.3) }),
      () =>
        name !== undefined &&
        this.bucket.patch(name, {
          metadata: { destruction: new Date(this.bucket.now + this.pick(5) * DAY).toISOString() },
        }),
      // A destruction can be set as long as the job is there; its time over, it is not (UWS).
      () => {
        const alive =
          job !== undefined && !job.deletedByUser && (job.destruction ?? Number.POSITIVE_INFINITY) > this.bucket.now
        if (alive) this.jobs.set(id, { destruction: this.bucket.now + this.pick(20) * DAY })
      },
      () => job !== undefined && this.jobs.set(id, { phase: 'COMPLETED' }),
      () => job !== undefined && this.chance(0.3) && this.jobs.set(id, { deletedByUser: true }),
      () => {
        this.clock.time += this.pick(40) * 60_000
      },
    ]
    events[this.pick(events.length)]?.()
  }

  isLive({ name, timeCreated, held, metadata }: ListedObject, now = this.bucket.now): boolean {
    const age = now - Date.parse(timeCreated)
    const own = Date.parse(metadata.destruction ?? '')
    if (held) return true
    if (name.startsWith('t/')) return age < HOUR || own > now || (Number.isNaN(own) && age < 2 * DAY)
    if (age < DAY) return true
    const job = this.jobs.jobs.get(/job\d+/.exec(name)?.[0] ?? '')
    if (job === undefined) return own > now
    if (job.deletedByUser) return false
    return job.phase !== 'COMPLETED' || job.destruction === null || job.destruction > now
  }

  /** Runs a sweep in the middle of life; perhaps it is killed, perhaps its time is short. */
  async sweep(): Promise<void> {
    const deadAt = this.chance(0.4) ? this.pick(60) : Number.POSITIVE_INFINITY
    let calls = 0
    // What is killed does not hear of the store any more; the store has perhaps done it all the same.
    const killable = async <T>(call: () => Promise<T>): Promise<T> => {
      if (calls > deadAt) throw new Killed()
      calls += 1
      while (this.chance(0.3)) this.happen()
      const answer = await call()
      if (calls > deadAt) throw new Killed()
      return answer
    }
    const { bucket } = this
    const view: SweepParts['bucket'] = {
      describe: () => killable(() => bucket.describe()),
      page: (range, token) => killable(() => bucket.page(range, token)),
      removeListed: (object) => killable(() => bucket.removeListed(object as ListedObject)),
      read: (name) => killable(() => bucket.read(name)),
      save: (name, content, options) => killable(() => bucket.save(name, content, options)),
    }
    const parts = { bucket: view, stateBucket: view, jobs: this.jobs, logger: SILENT, clock: this.clock }
    const timeBudgetMs = this.chance(0.3) ? this.pick(120) * 60_000 : null
    const saveEveryMs = this.chance(0.5) ? 0 : 15_000
    try {
      await sweepResults(this.config, parts, { mode: 'delete', timeBudgetMs, saveEveryMs })
    } catch (error) {
      // Time may jump by more than an hour while the store answers: to a sweep its clocks differ, and it deletes nothing.
      const { code = '' } = error as { code?: string }
      if (!(error instanceof Killed) && !['lease_lost', 'clocks_differ'].includes(code)) throw error
    }
  }

  /** Nothing happens any more but sweeps; returns when the last one began. */
  async settle(): Promise<number> {
    this.clock.time += 3 * DAY
    this.jobs.set('last', { created: this.bucket.now })
    const parts = { bucket: this.bucket, stateBucket: this.bucket, jobs: this.jobs, logger: SILENT, clock: this.clock }
    const finish = () => sweepResults(this.config, parts, { mode: 'delete', timeBudgetMs: null })
    // The first one may go on where another has stopped, with the ages of that time.
    expect((await finish()).outcome).toBe('finished')
    const began = this.bucket.now
    expect((await finish()).outcome).toBe('finished')
    return began
  }
}

/** A generator of its own for each seed (mulberry32). */
function diceOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

test('whatever happens meanwhile, nothing live is deleted, and everything expired is gone in the end', async () => {
  let [deleted, kept] = [0, 0]
  const property = fc.asyncProperty(fc.integer(), async (seed) => {
    const world = new World(diceOf(seed))
    for (let day = 0; day < 12; day++) {
      for (let event = 0; event < 15; event++) world.happen()
      world.clock.time += world.pick(24) * HOUR
      // Two schedulers may call at once.
      await Promise.all(Array.from({ length: 1 + world.pick(2) }, () => world.sweep()))
    }
    const settled = await world.settle()
    expect(world.wrongs).toEqual([])
    const left = [...world.bucket.objects.values()].filter(({ name }) => name !== STATE)
    expect(left.filter((object) => !world.isLive(object, settled)).map(({ name }) => name)).toEqual([])
    deleted += world.bucket.removed.length
    kept += left.length
  })
  await fc.assert(property, { numRuns: runs(25), examples: [[512257126]] })
  // Otherwise nothing was tried.
  expect(deleted).toBeGreaterThan(1000)
  expect(kept).toBeGreaterThan(100)
})
