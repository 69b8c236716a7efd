import { expect, onTestFinished, test } from 'vitest'
import { errorReply } from '../../../local/gcs/exchange.ts'
import { ApiError } from '../../../local/gcs/failures.ts'
import { MemoryStore } from '../../../local/gcs/memory-store.ts'
import { describeObject } from '../../../local/gcs/resource.ts'
import { startGcs } from '../../../local/gcs/server.ts'
import { openBucket } from '../../../shared/platform/storage/objects.ts'
import { sweepResults } from '../../../shared/results/sweep/sweep.ts'
import { DAY, resultsConfig, SILENT } from '../config.ts'

/** A bucket that takes so many deletions within so many milliseconds, and answers 429 to the others. */
async function startLimited(objects: number, perWindow: number, windowMs: number) {
  const store = new MemoryStore()
  const taken: number[] = []
  let refused = 0
  const gcs = await startGcs({
    store,
    buckets: ['results'],
    intercept: async ({ method }, answer) => {
      if (method !== 'DELETE') return answer()
      const now = performance.now()
      while ((taken[0] ?? now) < now - windowMs) taken.shift()
      if (taken.length >= perWindow) {
        refused += 1
        return errorReply(new ApiError(429, 'rateLimitExceeded', 'The bucket is written to too often.'))
      }
      taken.push(now)
      return answer()
    },
  })
  onTestFinished(gcs.stop)
  for (let index = 0; index < objects; index++) {
    const resource = describeObject('results', `result_${index}.xml`, await store.nextGeneration(), Buffer.alloc(1), {})
    await store.put({ ...resource, timeCreated: new Date(Date.now() - 8 * DAY).toISOString() }, Buffer.alloc(1))
  }
  let retries = 0
  const retry = { attempts: 40, baseDelayMs: 20, maxDelayMs: 200 }
  const bucket = openBucket({ bucket: 'results', apiEndpoint: gcs.endpoint }, { retry, onRetry: () => void retries++ })
  const sweep = (deletesPerSecond: number) => {
    const config = resultsConfig({ limits: { ...resultsConfig().limits, deletesPerSecond } })
    const parts = { bucket, stateBucket: bucket, jobs: null, logger: SILENT, retries: () => retries }
    return sweepResults(config, parts, { mode: 'delete', timeBudgetMs: null })
  }
  return { sweep, refused: () => refused }
}

test('a sweep that is faster than the bucket backs off and finishes', async () => {
  const { sweep, refused } = await startLimited(80, 25, 1000)
  const report = await sweep(1_000_000)
  expect(report.deletions).toMatchObject({ deleted: 80, failed: 0 })
  expect(refused()).toBeGreaterThan(0)
  expect(report.effort.retries).toBe(refused())
})

test('its own limit keeps it below that of the bucket', async () => {
  const { sweep, refused } = await startLimited(80, 75, 200)
  expect((await sweep(100)).deletions).toMatchObject({ deleted: 80, failed: 0 })
  expect(refused()).toBe(0)
})
