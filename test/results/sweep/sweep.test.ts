import { describe, expect, it } from 'vitest'
import type { ResultsConfig } from '../../../shared/environment/results.ts'
import { Failure } from '../../../shared/failure.ts'
import type { SweepReport } from '../../../shared/results/sweep/report.ts'
import { type SweepRequest, sweepResults } from '../../../shared/results/sweep/sweep.ts'
import { DAY, EPOCH, HOUR, JOB_TABLE, JobsInMemory, resultsConfig, rule, SILENT } from '../config.ts'
import { Killed, SimulatedBucket, TestClock } from '../simulated-bucket.ts'

class Refused extends Failure {
  readonly status: number | null
  constructor(status: number | null) {
    super('unavailable', 'storage', `HTTP ${status}`)
    this.status = status
  }
}

function scene(change: Partial<ResultsConfig> = {}, jobs: JobsInMemory | null = null) {
  const clock = new TestClock()
  const bucket = new SimulatedBucket(clock)
  if (jobs !== null) jobs.date = () => bucket.now
  const config = resultsConfig({ jobs: jobs === null ? null : JOB_TABLE, ...change })
  const sweep = (request: Partial<SweepRequest> = {}, parts: object = {}): Promise<SweepReport> =>
    sweepResults(
      config,
      { bucket, stateBucket: bucket, jobs, logger: SILENT, clock, ...parts },
      { mode: 'delete', timeBudgetMs: null, ...request },
    )
  return { clock, bucket, config, sweep, ago: (ms: number) => bucket.now - ms }
}

const STATE = '.almagest/sweep.json'

/** `result_0000.xml` …: every other one is old enough to go. */
function fill({ bucket, ago }: ReturnType<typeof scene>, count: number): void {
  for (let index = 0; index < count; index++) {
    const name = `result_${String(index).padStart(4, '0')}.xml`
    bucket.put(name, { at: ago(index % 2 === 0 ? 8 * DAY : 2 * DAY) })
  }
}

const isOld = (name: string) => Number(/\d+/.exec(name)?.[0]) % 2 === 0

describe('a sweep', () => {
  it('deletes what is expired, keeps the rest, and says why', async () => {
    const all = scene()
    fill(all, 10)
    all.bucket.put('notes.txt', { at: all.ago(99 * DAY), size: 7 })
    const report = await all.sweep()
    expect(all.bucket.removed.map(({ name }) => name).sort()).toEqual(
      ['0000', '0002', '0004', '0006', '0008'].map((id) => `result_${id}.xml`),
    )
    expect(all.bucket.names()).toContain('notes.txt')
    expect(report).toMatchObject({
      outcome: 'finished',
      listed: { objects: 11, bytes: 107 },
      selected: { objects: 5, bytes: 50 },
      deletions: { deleted: 5, deletedBytes: 50, absent: 0, replaced: 0, protected: 0, failed: 0 },
      oldestExpired: null,
    })
    expect(report.rows.map(({ rule, action, reason, objects }) => [rule, action, reason, objects])).toEqual([
      ['flat', 'delete', 'past-retention', 5],
      ['flat', 'keep', 'within-retention', 5],
      [null, 'keep', 'unmatched', 1],
    ])
    expect(report.rows[0]).toMatchObject({ kind: 'result', names: expect.arrayContaining(['result_0000.xml']) })
  })

  it('as a dry run reports the same and writes nothing', async () => {
    const all = scene()
    fill(all, 10)
    const before = all.bucket.names()
    const report = await all.sweep({ mode: 'dry-run' })
    expect(report).toMatchObject({ outcome: 'finished', mode: 'dry-run', selected: { objects: 5 } })
    expect(report.deletions.deleted).toBe(0)
    expect(report.oldestExpired?.name).toBe('result_0000.xml')
    expect(all.bucket.names()).toEqual(before)
    expect(all.bucket.calls.filter((call) => /^(save|remove)/.test(call))).toEqual([])
  })

  it('measures ages from its own beginning', async () => {
    const all = scene()
    all.clock.time = 400 * DAY
    all.bucket.put('result_a.xml', { at: all.ago(8 * DAY) })
    all.bucket.put('result_b.xml', { at: all.ago(6 * DAY) })
    await all.sweep()
    expect(all.bucket.names()).toEqual([STATE, 'result_b.xml'])
  })

  it('counts its own state as nothing, and never deletes it', async () => {
    const all = scene({ stateObject: 't/state' })
    all.bucket.put('t/old', { at: all.ago(9 * DAY) })
    await all.sweep()
    all.clock.time += 30 * DAY
    const report = await all.sweep()
    expect(report.listed.objects).toBe(0)
    expect(all.bucket.names()).toEqual(['t/state'])
  })

  it.each([
    ['overwritten', (bucket: SimulatedBucket) => void bucket.put('result_a.xml')],
    ['put under a hold', (bucket: SimulatedBucket) => bucket.patch('result_a.xml', { held: true })],
    [
      'given a later destruction',
      (bucket: SimulatedBucket) => bucket.patch('result_a.xml', { metadata: { destruction: '2030-01-01' } }),
    ],
  ])('keeps an object that is %s after it was listed', async (_, change) => {
    const all = scene()
    all.bucket.put('result_a.xml', { at: all.ago(8 * DAY) })
    let changed = false
    all.bucket.before = (call) => {
      if (!call.startsWith('remove') || changed) return
      changed = true
      change(all.bucket)
    }
    const report = await all.sweep()
    expect(report.deletions).toMatchObject({ deleted: 0, replaced: 1 })
    expect(all.bucket.names()).toContain('result_a.xml')
  })

  it('takes for gone what somebody else has deleted', async () => {
    const all = scene()
    all.bucket.put('result_a.xml', { at: all.ago(8 * DAY) })
    all.bucket.before = (call) => {
      if (call.startsWith('remove')) all.bucket.objects.delete('result_a.xml')
    }
    expect((await all.sweep()).deletions).toMatchObject({ deleted: 0, absent: 1 })
  })

  it('counts what a retention policy protects, and names it as the oldest survivor', async () => {
    const all = scene()
    const { timeCreated } = all.bucket.put('result_a.xml', { at: all.ago(8 * DAY) })
    all.bucket.removeListed = async () => 'protected'
    const report = await all.sweep()
    expect(report.deletions).toMatchObject({ deleted: 0, protected: 1, firstProtected: 'result_a.xml' })
    expect(report.oldestExpired).toEqual({ name: 'result_a.xml', timeCreated })
  })

  it('leaves to the next one what the store fails to delete', async () => {
    const all = scene()
    fill(all, 10)
    const remove = all.bucket.removeListed.bind(all.bucket)
    all.bucket.removeListed = async (object) => {
      if (object.name === 'result_0004.xml') throw new Refused(503)
      return remove(object)
    }
    const report = await all.sweep()
    expect(report).toMatchObject({ outcome: 'finished', deletions: { deleted: 4, failed: 1 } })
    all.bucket.removeListed = remove
    expect((await all.sweep()).deletions).toMatchObject({ deleted: 1, failed: 0 })
  })

  it.each([403, 400])(
    'counts an object that the store refuses with %i to delete, says so and goes on',
    async (status) => {
      const all = scene()
      fill(all, 10)
      const remove = all.bucket.removeListed.bind(all.bucket)
      all.bucket.removeListed = async (object) => {
        if (object.name === 'result_0004.xml') throw new Refused(status)
        return remove(object)
      }
      const report = await all.sweep()
      expect(report).toMatchObject({
        outcome: 'finished',
        deletions: { deleted: 4, failed: 1, firstFailed: 'result_0004.xml' },
        oldestExpired: { name: 'result_0004.xml' },
        warnings: [expect.stringContaining(`HTTP ${status}`)],
      })
    },
  )

  it('does not ask for all the rest of a page when it is only refused, and goes on with the next one', async () => {
    const all = scene()
    all.bucket.pageSize = 200
    for (let index = 0; index < 200; index++) all.bucket.put(`error_${index}.xml`, { at: all.ago(8 * DAY) })
    fill(all, 10)
    const remove = all.bucket.removeListed.bind(all.bucket)
    let refused = 0
    all.bucket.removeListed = async (object) => {
      if (!object.name.startsWith('error')) return remove(object)
      refused += 1
      throw new Refused(403)
    }
    const report = await all.sweep()
    expect(report).toMatchObject({ outcome: 'finished', deletions: { deleted: 5, failed: 200 } })
    expect(refused).toBeLessThan(100)
  })

  it.each([401, 404])('stops when the store answers %i, and the lease is free again', async (status) => {
    const all = scene()
    fill(all, 10)
    const remove = all.bucket.removeListed.bind(all.bucket)
    all.bucket.removeListed = async () => {
      throw new Refused(status)
    }
    await expect(all.sweep()).rejects.toMatchObject({ status })
    all.bucket.removeListed = remove
    expect((await all.sweep()).deletions.deleted).toBe(5)
  })

  it('stops when deletions fail one after another', async () => {
    const all = scene()
    fill(all, 200)
    all.bucket.removeListed = async () => {
      throw new Refused(503)
    }
    await expect(all.sweep()).rejects.toMatchObject({ code: 'deletions_fail' })
  })

  it('refuses a bucket that keeps old versions; a dry run warns of it', async () => {
    const all = scene()
    fill(all, 2)
    all.bucket.versioning = true
    await expect(all.sweep()).rejects.toMatchObject({ code: 'versioned_bucket' })
    expect((await all.sweep({ mode: 'dry-run' })).warnings.join()).toContain('old versions')
    expect(all.bucket.names()).toHaveLength(2)
  })

  it('deletes no faster than it may', async () => {
    const all = scene({ limits: { ...resultsConfig().limits, deletesPerSecond: 10, deletesAtOnce: 1 } })
    fill(all, 100)
    const times: number[] = []
    all.bucket.before = (call) => {
      if (call.startsWith('remove')) times.push(all.clock.time)
    }
    await all.sweep()
    expect(times).toHaveLength(50)
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(4700)
  })
})

describe('the share that a sweep may delete', () => {
  const limits = { ...resultsConfig().limits, deletePercent: 40, deleteAnyway: 3 }

  it('is judged before anything is deleted', async () => {
    const all = scene({ limits })
    fill(all, 10)
    await expect(all.sweep()).rejects.toMatchObject({ code: 'too_many_deletions', permanent: true })
    expect(all.bucket.removed).toEqual([])
  })

  it('does not matter for a few objects', async () => {
    const all = scene({ limits })
    fill(all, 5)
    expect((await all.sweep()).deletions.deleted).toBe(3)
  })

  it.each([
    { old: 5, all: 10, percent: 50, anyway: 0, passes: true },
    { old: 5, all: 9, percent: 50, anyway: 0, passes: false },
    { old: 1, all: 3, percent: 33, anyway: 0, passes: false },
    { old: 1, all: 3, percent: 34, anyway: 0, passes: true },
    { old: 10, all: 10, percent: 99, anyway: 0, passes: false },
    { old: 10, all: 10, percent: 100, anyway: 0, passes: true },
    { old: 10, all: 10, percent: 1, anyway: 10, passes: true },
    { old: 10, all: 10, percent: 1, anyway: 9, passes: false },
    { old: 0, all: 0, percent: 1, anyway: 0, passes: true },
  ])('is exact: $old of $all at $percent % or $anyway', async ({ old, all: count, percent, anyway, passes }) => {
    const all = scene({ limits: { ...resultsConfig().limits, deletePercent: percent, deleteAnyway: anyway } })
    for (let index = 0; index < count; index++) {
      all.bucket.put(`result_${index}.xml`, { at: all.ago(index < old ? 8 * DAY : DAY) })
    }
    const end = await all.sweep().catch((error: Failure) => error.code)
    expect(end).toEqual(passes ? expect.objectContaining({ outcome: 'finished' }) : 'too_many_deletions')
    expect(all.bucket.removed).toHaveLength(passes ? old : 0)
  })

  it('is reported by a dry run, which has nothing to refuse', async () => {
    const all = scene({ limits })
    fill(all, 10)
    const report = await all.sweep({ mode: 'dry-run' })
    expect(report).toMatchObject({ outcome: 'finished', warnings: [expect.stringContaining('5 (50 %) of 10 objects')] })
    expect((await all.sweep({ mode: 'dry-run', allowPercent: 100 })).warnings).toEqual([])
    expect((await scene({ limits }).sweep({ mode: 'dry-run' })).warnings).toEqual([])
  })

  it('can be lifted by somebody who has looked', async () => {
    const all = scene({ limits })
    fill(all, 10)
    await expect(all.sweep()).rejects.toThrow('--allow-percent')
    expect((await all.sweep({ allowPercent: 100 })).deletions.deleted).toBe(5)
  })

  it('also holds when the job table loses its jobs between looking and deleting', async () => {
    const jobs = new JobsInMemory()
    const all = scene({ limits }, jobs)
    for (let index = 0; index < 10; index++) {
      jobs.set(`j${index}`, { created: all.bucket.now, destruction: all.bucket.now + DAY })
      all.bucket.put(`result_j${index}.xml`, { at: all.ago(8 * DAY) })
    }
    all.bucket.put('t/old', { at: all.ago(8 * DAY) })
    const find = jobs.find.bind(jobs)
    jobs.find = async (ids) => (jobs.questions > 3 ? new Map([['j0', jobs.jobs.get('j0')!]]) : find(ids))
    all.bucket.before = (call) => {
      if (call.startsWith('save')) jobs.questions = 4
    }
    jobs.questions = 0
    await expect(all.sweep()).rejects.toMatchObject({ code: 'too_many_deletions' })
    expect(all.bucket.removed.filter(({ name }) => name.startsWith('result_'))).toEqual([])
  })
})

describe('a job table that has lost jobs', () => {
  const limits = { ...resultsConfig().limits, deletePercent: 100, deleteAnyway: 1000, orphanPercent: 20 }

  /** `known` results whose job is over, `lost` ones whose job is unknown. */
  function withOrphans({ known, lost, age = 8 * DAY }: { known: number; lost: number; age?: number }) {
    const jobs = new JobsInMemory()
    const all = scene({ limits }, jobs)
    jobs.set('newest', { created: all.bucket.now - 2 * DAY })
    for (let index = 0; index < known; index++) {
      jobs.set(`k${index}`, { created: all.ago(8 * DAY), destruction: all.bucket.now - HOUR })
      all.bucket.put(`result_k${index}.xml`, { at: all.ago(8 * DAY) })
    }
    for (let index = 0; index < lost; index++) all.bucket.put(`result_l${index}.xml`, { at: all.ago(age) })
    return { ...all, jobs }
  }

  it.each([
    { known: 4, lost: 1, passes: true },
    { known: 7, lost: 2, passes: false },
    { known: 80, lost: 20, passes: true },
    { known: 80, lost: 21, passes: false },
    { known: 0, lost: 1, passes: false },
    { known: 1, lost: 59, passes: false },
  ])('stops the sweep, however few objects there are: $lost of $known and $lost', async ({ known, lost, passes }) => {
    const all = withOrphans({ known, lost })
    const end = await all.sweep().catch((error: Failure) => error.code)
    expect(end).toEqual(passes ? expect.objectContaining({ outcome: 'finished' }) : 'too_many_deletions')
    expect(all.bucket.removed).toHaveLength(passes ? known + lost : 0)
  })

  it('stops it also when the results without a job are kept, for the table may be an old copy', async () => {
    const all = withOrphans({ known: 5, lost: 5, age: 1.5 * DAY })
    await expect(all.sweep()).rejects.toMatchObject({
      code: 'too_many_deletions',
      message: expect.stringContaining('lacks the jobs of 5 (50 %) of 10 results, 20 % may be missing'),
    })
    expect(all.bucket.removed).toEqual([])
  })

  it('is reported by a dry run, and can be lifted by somebody who has looked', async () => {
    const all = withOrphans({ known: 5, lost: 5 })
    expect((await all.sweep({ mode: 'dry-run' })).warnings).toEqual([expect.stringContaining('lacks the jobs')])
    expect((await all.sweep({ allowPercent: 100 })).deletions.deleted).toBe(10)
  })

  it('between looking and deleting deletes nothing of those whose job was known', async () => {
    const all = withOrphans({ known: 10, lost: 0 })
    for (const id of all.jobs.jobs.keys()) all.jobs.set(id, { destruction: all.bucket.now + DAY })
    all.jobs.set('k0', { destruction: all.bucket.now - HOUR })
    all.bucket.before = (call) => {
      if (!isSecondPass(all.bucket, call)) return
      for (const id of [...all.jobs.jobs.keys()]) if (id !== 'newest' && id !== 'k9') all.jobs.jobs.delete(id)
    }
    await expect(all.sweep()).rejects.toThrow('lost jobs since the survey: 0 results were orphans then, 9 are now')
    expect(all.bucket.removed).toEqual([])
    expect(all.bucket.names()).toHaveLength(11)
  })

  it('after an interruption deletes no more orphans than the survey has seen', async () => {
    const all = withOrphans({ known: 40, lost: 5 })
    all.bucket.pageSize = 10
    const report = await all.sweep({ timeBudgetMs: 1e9, signal: AbortSignal.abort() })
    expect(report.outcome).toBe('paused')
    const limit = new AbortController()
    all.bucket.before = (call) => {
      if (call.startsWith('remove')) limit.abort()
    }
    expect((await all.sweep({ signal: limit.signal })).outcome).toBe('paused')
    all.bucket.before = () => {}
    for (let index = 0; index < 40; index++) all.jobs.jobs.delete(`k${index}`)
    const gone = all.bucket.removed.length
    await expect(all.sweep()).rejects.toMatchObject({ code: 'too_many_deletions' })
    expect(all.bucket.removed.length - gone).toBeLessThanOrEqual(5)
  })
})

describe('clocks', () => {
  it.each([
    { machine: -2 * HOUR },
    { machine: 400 * DAY },
    { database: -40 * DAY },
    { database: 2 * HOUR },
    { newestJob: 5 * HOUR },
    { newestJob: 9e15 - EPOCH },
  ])('that differ from that of the store stop the sweep before anything is deleted: %j', async (ahead) => {
    const { machine = 0, database = 0, newestJob = 0 } = ahead
    const all = withJob()
    all.clock.date = () => all.bucket.now + machine
    all.jobs.date = () => all.bucket.now + database
    all.jobs.set('late', { created: all.bucket.now + newestJob })
    await expect(all.sweep()).rejects.toMatchObject({ code: 'clocks_differ', permanent: false })
    await expect(all.sweep({ mode: 'dry-run' })).rejects.toMatchObject({ code: 'clocks_differ' })
    expect(all.bucket.removed).toEqual([])
  })

  it('that differ a little: the earliest decides, so that nothing is deleted too early by any of them', async () => {
    const all = withJob()
    all.jobs.date = () => all.bucket.now - HOUR / 2
    all.jobs.set('a', { destruction: all.bucket.now - HOUR / 3 })
    expect(await all.sweep()).toMatchObject({ outcome: 'finished', deletions: { deleted: 0 } })
    all.clock.time += HOUR / 3
    expect(await all.sweep()).toMatchObject({ outcome: 'finished', deletions: { deleted: 1 } })
  })

  it('are compared again when an interrupted sweep goes on', async () => {
    const all = withJob()
    const limit = new AbortController()
    all.bucket.before = (call) => {
      if (isSecondPass(all.bucket, call)) limit.abort()
    }
    expect((await all.sweep({ signal: limit.signal })).outcome).toBe('paused')
    all.bucket.before = () => {}
    all.jobs.date = () => all.bucket.now - DAY
    await expect(all.sweep()).rejects.toMatchObject({ code: 'clocks_differ' })
    expect(all.bucket.removed).toEqual([])
  })

  function withJob() {
    const jobs = new JobsInMemory()
    const all = scene({}, jobs)
    jobs.set('a', { created: all.ago(DAY), destruction: all.bucket.now - HOUR })
    all.bucket.put('result_a.xml', { at: all.ago(8 * DAY) })
    return { ...all, jobs }
  }
})

/** A small bucket is listed three times: to see how large it is, to look, to delete. */
function isSecondPass({ calls }: SimulatedBucket, call: string): boolean {
  return call.startsWith('page') && calls.filter((one) => one.startsWith('page')).length === 3
}

describe('the job table', () => {
  const withJobs = () => {
    const jobs = new JobsInMemory()
    const all = scene({}, jobs)
    jobs.set('live', { created: all.bucket.now, destruction: all.bucket.now + HOUR })
    jobs.set('dead', { destruction: all.bucket.now - HOUR })
    for (const id of ['live', 'dead', 'lost']) all.bucket.put(`result_${id}.xml`, { at: all.ago(30 * DAY) })
    all.bucket.put('t/old', { at: all.ago(30 * DAY) })
    return { ...all, jobs }
  }

  it('decides what goes', async () => {
    const all = withJobs()
    const report = await all.sweep()
    expect(all.bucket.names()).toEqual([STATE, 'result_live.xml'])
    expect(report.effort.jobLookups).toBeGreaterThan(0)
  })

  it('that is empty stops everything, also what goes by age', async () => {
    const all = withJobs()
    all.jobs.jobs.clear()
    await expect(all.sweep()).rejects.toMatchObject({ code: 'empty_job_table', permanent: false })
    expect(all.bucket.removed).toEqual([])
  })

  it('that becomes empty in the middle stops everything', async () => {
    const all = withJobs()
    all.bucket.before = (call) => {
      if (isSecondPass(all.bucket, call)) all.jobs.jobs.clear()
    }
    await expect(all.sweep()).rejects.toMatchObject({ code: 'empty_job_table' })
    expect(all.bucket.removed).toEqual([])
  })

  it('that does not answer stops everything, and the next sweep goes on', async () => {
    const all = withJobs()
    const find = all.jobs.find.bind(all.jobs)
    all.jobs.find = async () => {
      throw new Refused(null)
    }
    await expect(all.sweep()).rejects.toThrow()
    expect(all.bucket.removed).toEqual([])
    all.jobs.find = find
    expect((await all.sweep()).deletions.deleted).toBe(3)
  })

  it('is asked again before deleting: a destruction that was extended in the meantime counts', async () => {
    const all = withJobs()
    all.bucket.before = (call) => {
      if (isSecondPass(all.bucket, call)) {
        all.jobs.set('dead', { destruction: all.bucket.now + DAY })
      }
    }
    const report = await all.sweep()
    expect(report.selected.objects).toBe(3)
    expect(all.bucket.names()).toEqual([STATE, 'result_dead.xml', 'result_live.xml'])
  })
})

describe('slow deletions', () => {
  it('ask the job table again: a destruction that was extended while its page was deleted counts', async () => {
    const jobs = new JobsInMemory()
    const limits = { ...resultsConfig().limits, deletesPerSecond: 1 }
    const all = scene({ limits }, jobs)
    for (let index = 0; index < 100; index++) {
      jobs.set(`j${index}`, { created: all.bucket.now, destruction: all.bucket.now - HOUR })
      all.bucket.put(`result_j${index}.xml`, { at: all.ago(8 * DAY) })
    }
    const kept: string[] = []
    all.bucket.before = (call) => {
      if (!call.startsWith('remove') || all.bucket.removed.length !== 10) return
      for (const name of all.bucket.names().filter((name) => name.startsWith('result_') && !call.endsWith(name))) {
        kept.push(name)
        jobs.set(/j\d+/.exec(name)![0], { destruction: all.bucket.now + DAY })
      }
    }
    const report = await all.sweep()
    // One on its way, and those of the five seconds for which an answer is good.
    expect(all.bucket.removed.length).toBeLessThanOrEqual(10 + 1 + 6)
    expect(kept.length).toBeGreaterThan(80)
    expect(report).toMatchObject({ outcome: 'finished', deletions: { replaced: 0, failed: 0 } })
    expect(report.oldestExpired).toBeNull()
  })

  it('of a page during which the job table stops answering end the sweep', async () => {
    const jobs = new JobsInMemory()
    const all = scene({ limits: { ...resultsConfig().limits, deletesPerSecond: 1 } }, jobs)
    jobs.set('a', { created: all.bucket.now, destruction: all.bucket.now - HOUR })
    for (let index = 0; index < 50; index++) all.bucket.put(`r/00/a/${index}/result.vot`, { at: all.ago(8 * DAY) })
    all.bucket.before = (call) => {
      if (!call.startsWith('remove')) return
      jobs.find = () => Promise.reject(new Refused(null))
    }
    await expect(all.sweep()).rejects.toThrow('HTTP null')
    expect(all.bucket.removed.length).toBeLessThanOrEqual(7)
  })

  it('all in one shard use what may be deleted at the same time, and no more', async () => {
    const all = scene({ limits: { ...resultsConfig().limits, deletesAtOnce: 20 } })
    for (let index = 0; index < 1200; index++) all.bucket.put(`r/7f/${index}/1/result.vot`, { at: all.ago(8 * DAY) })
    let [underWay, most] = [0, 0]
    const remove = all.bucket.removeListed.bind(all.bucket)
    all.bucket.removeListed = async (object) => {
      underWay += 1
      most = Math.max(most, underWay)
      await new Promise((done) => setImmediate(done))
      underWay -= 1
      return remove(object)
    }
    expect((await all.sweep()).deletions.deleted).toBe(1200)
    expect(most).toBe(20)
  })

  it('are over soon when the time is', async () => {
    const all = scene({ limits: { ...resultsConfig().limits, deletesPerSecond: 1 } })
    fill(all, 400)
    expect((await all.sweep({ timeBudgetMs: 20_000 })).outcome).toBe('paused')
    expect(all.clock.time).toBeLessThan(23_000)
  })

  it('count as deleted also when the page is not finished for a failure', async () => {
    const all = scene()
    fill(all, 200)
    const remove = all.bucket.removeListed.bind(all.bucket)
    let count = 0
    all.bucket.removeListed = async (object) => {
      count += 1
      if (count > 70) throw new Refused(401)
      return remove(object)
    }
    await expect(all.sweep()).rejects.toMatchObject({ status: 401 })
    const before = all.bucket.removed.length
    expect(before).toBeGreaterThan(0)
    all.bucket.removeListed = remove
    const report = await all.sweep()
    expect(report).toMatchObject({ outcome: 'finished', deletions: { deleted: 100, deletedBytes: 1000 } })
    expect(all.bucket.removed).toHaveLength(100)
  })
})

describe('a sweep whose time is over', () => {
  it('saves its position, and the next calls go on until everything is gone', async () => {
    const all = scene()
    fill(all, 400)
    all.bucket.pageSize = 10
    all.bucket.before = (call) => {
      if (call.startsWith('page')) all.clock.time += 100
    }
    const outcomes: string[] = []
    const runs = new Set<string | null>()
    let report: SweepReport | undefined
    while (report?.outcome !== 'finished') {
      report = await all.sweep({ timeBudgetMs: 500 })
      outcomes.push(report.outcome)
      runs.add(report.run)
      expect(outcomes.length).toBeLessThan(100)
    }
    expect(outcomes.length).toBeGreaterThan(5)
    expect(runs.size).toBe(1)
    expect(report).toMatchObject({ listed: { objects: 400 }, deletions: { deleted: 200 } })
    expect(report.effort.calls).toBe(outcomes.length)
    expect(all.bucket.names().filter((name) => name !== STATE && isOld(name))).toEqual([])
  })

  it('pauses although page after page is empty and says that there is another one, and goes on when that ends', async () => {
    const all = scene({ rules: [rule('any', '^.+_\\d+\\.xml$', '7d')] })
    fill(all, 10)
    all.bucket.pageSize = 4
    const page = all.bucket.page.bind(all.bucket)
    let saves = 0
    all.bucket.before = (call) => {
      if (call.startsWith('save')) saves += 1
    }
    all.bucket.page = async (range, token) => {
      all.clock.time += 1000
      if (range.startOffset === undefined) return page(range, token)
      return { objects: [], nextPageToken: String(all.clock.time) }
    }
    const report = await all.sweep({ timeBudgetMs: 100_000 })
    expect(report).toMatchObject({ outcome: 'paused', phase: 'survey', listed: { objects: 3 } })
    expect(all.clock.time).toBeLessThan(110_000)
    // The lease is kept all the time.
    expect(saves).toBeGreaterThan(5)
    all.bucket.page = page
    expect(await all.sweep()).toMatchObject({ outcome: 'finished', listed: { objects: 10 }, deletions: { deleted: 5 } })
  })

  it('counts once what the store shows again', async () => {
    const all = scene({ rules: [rule('any', '^.+_\\d+\\.xml$', '7d')] })
    fill(all, 10)
    all.bucket.pageSize = 4
    const page = all.bucket.page.bind(all.bucket)
    all.bucket.page = async ({ startOffset, ...range }, token) => {
      const found = await page({ ...range, ...(startOffset && { startOffset }) }, token)
      const again = await page({})
      return { ...found, objects: [...new Set([...(startOffset ? again.objects : []), ...found.objects])] }
    }
    expect(await all.sweep()).toMatchObject({ listed: { objects: 10 }, deletions: { deleted: 5 } })
  })

  it('pauses on a signal as well', async () => {
    const all = scene()
    fill(all, 100)
    all.bucket.pageSize = 10
    const stop = new AbortController()
    all.bucket.before = (call) => {
      if (call === 'remove result_0050.xml') stop.abort()
    }
    expect((await all.sweep({ signal: stop.signal })).outcome).toBe('paused')
    const report = await all.sweep()
    expect(report).toMatchObject({ outcome: 'finished', listed: { objects: 100 }, deletions: { deleted: 50 } })
  })

  it('begins anew when the rules have changed since', async () => {
    const all = scene()
    fill(all, 100)
    all.bucket.pageSize = 10
    const stop = new AbortController()
    all.bucket.before = (call) => {
      if (call.startsWith('remove')) stop.abort()
    }
    const paused = await all.sweep({ signal: stop.signal })
    all.bucket.before = () => {}
    const rules = all.config.rules.map((rule) => ({ ...rule, retentionMs: 100 * DAY }))
    const parts = { bucket: all.bucket, stateBucket: all.bucket, jobs: null, logger: SILENT, clock: all.clock }
    const removed = all.bucket.removed.length
    const report = await sweepResults({ ...all.config, rules }, parts, { mode: 'delete', timeBudgetMs: null })
    expect(report).toMatchObject({ outcome: 'finished', selected: { objects: 0 } })
    expect(report.run).not.toBe(paused.run)
    expect(all.bucket.removed).toHaveLength(removed)
  })
})

describe('a sweep that is killed', () => {
  /** Kills the sweep at its n-th call of the store; everything it does afterwards fails. */
  const killAt = (all: ReturnType<typeof scene>, call: number) => {
    let count = 0
    all.bucket.before = () => {
      count += 1
      if (count >= call) throw new Killed()
    }
  }

  it('at any call is taken over when its lease is over, and nothing is missed or counted twice', async () => {
    for (let call = 1; call <= 60; call++) {
      const all = scene()
      fill(all, 60)
      all.bucket.pageSize = 9
      killAt(all, call)
      const end = await all.sweep({ saveEveryMs: 0 }).then(
        (report) => report.outcome,
        (error: unknown) => error,
      )
      all.bucket.before = () => {}
      if (end === 'finished') continue
      expect(end).toBeInstanceOf(Killed)
      if (all.bucket.objects.has(STATE)) expect((await all.sweep()).outcome, `call ${call}`).toBe('busy')
      all.clock.time += all.config.limits.leaseMs + 1
      const report = await all.sweep()
      expect(report.outcome).toBe('finished')
      expect(all.bucket.names().filter((name) => name !== STATE && isOld(name))).toEqual([])
      expect(all.bucket.names().filter((name) => name !== STATE && !isOld(name))).toHaveLength(30)
      expect(new Set(all.bucket.removed.map(({ name }) => name)).size).toBe(all.bucket.removed.length)
    }
  })
})

describe('two sweeps', () => {
  it('at the same time: one does it, the other says that it is busy', async () => {
    const all = scene()
    fill(all, 100)
    const reports = await Promise.all([all.sweep(), all.sweep(), all.sweep()])
    expect(reports.map(({ outcome }) => outcome).sort()).toEqual(['busy', 'busy', 'finished'])
    expect(all.bucket.removed).toHaveLength(50)
  })

  it('one waiting long for its state: the wait counts as its time, and its lease is a whole one all the same', async () => {
    const all = scene()
    fill(all, 10)
    all.bucket.before = (call) => {
      // The store takes its time to hand the state out.
      if (call === `read ${STATE}`) all.clock.time += 90_000
    }
    const untils: number[] = []
    const save = all.bucket.save.bind(all.bucket)
    all.bucket.save = (name, content, options) => {
      const { lease } = JSON.parse(String(content))
      if (lease !== null) untils.push(Date.parse(lease.until) - all.bucket.now)
      return save(name, content, options)
    }
    expect((await all.sweep({ timeBudgetMs: 60_000 })).outcome).toBe('paused')
    expect(untils).toEqual([all.config.limits.leaseMs])
  })

  it('even a short one finishes although an object takes one write per second only', async () => {
    const all = scene()
    fill(all, 10)
    const save = all.bucket.save.bind(all.bucket)
    let last = Number.NEGATIVE_INFINITY
    all.bucket.save = async (...args) => {
      if (all.clock.time - last < 1000) throw new Refused(429)
      last = all.clock.time
      return save(...args)
    }
    expect((await all.sweep()).outcome).toBe('finished')
    expect((await all.sweep()).outcome).toBe('finished')
  })

  it('one after the other: both finish', async () => {
    const all = scene()
    fill(all, 10)
    expect((await all.sweep()).deletions.deleted).toBe(5)
    expect((await all.sweep()).deletions.deleted).toBe(0)
  })

  it('for the same time of the scheduler: the second gets the report of the first', async () => {
    const all = scene()
    fill(all, 10)
    const first = await all.sweep({ scheduledFor: '2026-11-21T03:00:00Z' })
    fill(all, 10)
    all.bucket.calls.length = 0
    const second = await all.sweep({ scheduledFor: '2026-11-21T03:00:00Z' })
    expect(second).toEqual({ ...first, outcome: 'repeated' })
    expect(all.bucket.calls).toEqual(['describe', `read ${STATE}`])
    const third = await all.sweep({ scheduledFor: '2026-11-22T03:00:00Z' })
    expect(third).toMatchObject({ outcome: 'finished', deletions: { deleted: 5 } })
  })

  it('one that was taken over deletes nothing more', async () => {
    const all = scene({ limits: { ...resultsConfig().limits, deletesPerSecond: 1, deletesAtOnce: 1 } })
    fill(all, 200)
    let other: Promise<SweepReport> | undefined
    let taken = 0
    all.bucket.before = (call) => {
      if (!call.startsWith('remove') || other !== undefined) return
      // Frozen for longer than its lease, just before a deletion.
      all.clock.time += all.config.limits.leaseMs + 1
      taken = all.bucket.removed.length
      other = all.sweep({ timeBudgetMs: 0 })
      return other.then(() => {})
    }
    await expect(all.sweep()).rejects.toMatchObject({ code: 'lease_lost' })
    expect((await other)?.outcome).toBe('paused')
    // The one deletion that was on its way; it was of something expired, by its generation.
    expect(all.bucket.removed.length - taken).toBeLessThanOrEqual(1)
  })

  it.each<[string, (state: string) => string]>([
    ['nothing', () => ''],
    ['no JSON', (state) => state.slice(0, -9)],
    ['something else', () => '{"type": "service_account"}'],
    ['of another version', (state) => state.replace('sweep 1', 'sweep 2')],
    ['only its beginning', () => '{"almagest": "sweep 1"}'],
    ['without a time', (state) => state.replace(/"startedAt":"[^"]*"/, '"startedAt":"soon"')],
    ['in an unknown phase', (state) => state.replace('"phase":"delete"', '"phase":"mop"')],
    ['of other positions', (state) => state.replace(/"positions":\[[^\]]*\]/, '"positions":[7]')],
    ['without its counts', (state) => state.replace('"deleted":', '"gone":')],
    ['under a lease for ever', (state) => state.replace('"lease":null', '"lease":{"owner":"me","until":"never"}')],
  ])('the object of the state being %s, nothing is done', async (_, change) => {
    const all = scene()
    fill(all, 40)
    const stop = new AbortController()
    all.bucket.pageSize = 9
    all.bucket.before = (call) => {
      if (call === 'remove result_0020.xml') stop.abort()
    }
    expect((await all.sweep({ signal: stop.signal })).outcome).toBe('paused')
    const state = all.bucket.objects.get(STATE)!
    const content = Buffer.from(change(String(state.content)))
    expect(content.equals(state.content)).toBe(false)
    all.bucket.objects.set(STATE, { ...state, content })
    const removed = all.bucket.removed.length
    await expect(all.sweep()).rejects.toMatchObject({ code: 'sweep_state', permanent: true })
    expect(all.bucket.removed).toHaveLength(removed)
    all.bucket.objects.set(STATE, state)
    expect((await all.sweep()).outcome).toBe('finished')
  })
})
