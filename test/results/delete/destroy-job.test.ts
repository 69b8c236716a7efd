import { describe, expect, it } from 'vitest'
import type { ResultsConfig } from '../../../shared/environment/results.ts'
import { destroyJob } from '../../../shared/results/delete/destroy-job.ts'
import { sweepResults } from '../../../shared/results/sweep/sweep.ts'
import { DAY, FLAT, JOB_TABLE, JobsInMemory, resultsConfig, rule, SHARDED, SILENT, TEMPORARY } from '../config.ts'
import { SimulatedBucket, TestClock } from '../simulated-bucket.ts'

function scene(change: Partial<ResultsConfig> = {}, jobs: JobsInMemory | null = null) {
  const clock = new TestClock()
  const bucket = new SimulatedBucket(clock)
  if (jobs !== null) jobs.date = () => bucket.now
  const config = resultsConfig({ jobs: jobs === null ? null : JOB_TABLE, ...change })
  const parts = { bucket, stateBucket: bucket, jobs, logger: SILENT, clock }
  const destroy = (job: string, mode: 'delete' | 'dry-run' = 'delete') => destroyJob(config, parts, { job, mode })
  const sweep = () => sweepResults(config, parts, { mode: 'delete', timeBudgetMs: null })
  return { bucket, clock, config, destroy, sweep }
}

describe('destroying a job', () => {
  it('takes what is its own in every layout, over all pages, and nothing of jobs whose ids begin alike', async () => {
    const all = scene({ rules: [FLAT, SHARDED, TEMPORARY] })
    all.bucket.pageSize = 50
    for (let attempt = 0; attempt < 175; attempt++) all.bucket.put(`r/ab/job1/${attempt}/result.vot`)
    for (const name of ['result_job1.xml', 'error_job1.xml', 'result_job1.parquet']) all.bucket.put(name)
    const others = ['error_job1.txt', 'r/ab/job12/1/result.vot', 'r/ab/job1/x', 'result_job12.xml', 't/job1']
    for (const name of others) all.bucket.put(name)
    all.bucket.put('t/tagged', { metadata: { jobid: 'job1' } })
    const report = await all.destroy('job1')
    expect(report.deletions).toMatchObject({ deleted: 179, failed: 0 })
    expect(all.bucket.names()).toEqual(others.sort())
    expect((await all.destroy('job1')).objects).toEqual([])
  })

  it('asks a small bucket once and not for each of 256 prefixes', async () => {
    const all = scene()
    for (const name of ['r/ab/a/1/result.vot', 'result_a.xml', 'result_b.xml']) all.bucket.put(name)
    expect((await all.destroy('a')).deletions.deleted).toBe(2)
    expect(all.bucket.calls.filter((call) => call.startsWith('page'))).toHaveLength(2)
  })

  it('gives up a listing that does not end, and deletes nothing', async () => {
    const all = scene()
    all.bucket.put('result_a.xml')
    const page = all.bucket.page.bind(all.bucket)
    all.bucket.page = async (range, token) => {
      all.clock.time += 60_000
      return { ...(await page(range)), nextPageToken: `${token ?? ''}x` }
    }
    await expect(all.destroy('a')).rejects.toMatchObject({ code: 'endless_listing', permanent: false })
    expect(all.bucket.names()).toEqual(['result_a.xml'])
  })

  it('leaves what is held, what names another job, and what was replaced meanwhile', async () => {
    const all = scene()
    all.bucket.put('result_a.xml', { held: true })
    all.bucket.put('error_a.xml', { retainedUntil: new Date(all.bucket.now + DAY).toISOString() })
    all.bucket.put('result_a.parquet', { metadata: { jobid: 'b' } })
    all.bucket.put('error_a.parquet')
    all.bucket.before = (call) => {
      if (call === 'remove error_a.parquet') all.bucket.put('error_a.parquet')
    }
    const report = await all.destroy('a')
    expect(report.deletions).toMatchObject({ deleted: 0, replaced: 1 })
    expect(report.objects.map(({ name, kept }) => [name, kept])).toEqual([
      ['error_a.parquet', false],
      ['error_a.xml', true],
      ['result_a.xml', true],
    ])
    expect(all.bucket.objects.size).toBe(4)
  })

  it('never takes the state of the sweep for a result, whatever the rules say', async () => {
    const all = scene({ rules: [rule('everything', '^(?<job>.+)$', '7d')] })
    all.bucket.put('old', { at: all.bucket.now - 8 * DAY })
    await all.sweep()
    expect(all.bucket.names()).toEqual(['.almagest/sweep.json'])
    expect((await all.destroy('.almagest/sweep.json')).objects).toEqual([])
    expect(all.bucket.names()).toEqual(['.almagest/sweep.json'])
  })

  it.each(['PENDING', 'QUEUED', 'EXECUTING', 'HELD', 'SUSPENDED', 'UNKNOWN', 'SOMETHING', ''])(
    'is refused while the job is %j, unless its user has deleted it',
    async (phase) => {
      const jobs = new JobsInMemory()
      jobs.set('a', { phase })
      const all = scene({}, jobs)
      all.bucket.put('result_a.xml')
      await expect(all.destroy('a')).rejects.toMatchObject({ code: 'active_job' })
      expect(all.bucket.names()).toEqual(['result_a.xml'])
      jobs.set('a', { phase, deletedByUser: true })
      expect((await all.destroy('a')).deletions.deleted).toBe(1)
    },
  )

  it('does nothing when the job table is empty or does not answer, or the mode is dry-run', async () => {
    const jobs = new JobsInMemory()
    const all = scene({}, jobs)
    all.bucket.put('result_a.xml')
    await expect(all.destroy('a')).rejects.toMatchObject({ code: 'empty_job_table' })
    jobs.set('b', {})
    jobs.find = () => Promise.reject(new Error('down'))
    await expect(all.destroy('a')).rejects.toThrow('down')
    expect((await scene().destroy('a', 'dry-run')).deletions.deleted).toBe(0)
    expect(all.bucket.calls.filter((call) => /^(save|remove)/.test(call))).toEqual([])
  })
})
