import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { abortJob, deleteJob, queueJob, setParameters } from '../../shared/uws/change-job.ts'
import { newJobId } from '../../shared/uws/create-job.ts'
import { UWS_DDL } from '../../shared/uws/ddl.ts'
import { deleteDue, takeBackSilent } from '../../shared/uws/owed-work.ts'
import { type Limits, QuotaError, readUsage } from '../../shared/uws/quota.ts'
import { readJob } from '../../shared/uws/read-jobs.ts'
import { createSyncJob, endSyncJob } from '../../shared/uws/sync-jobs.ts'
import { claimJob, completeJob } from '../../shared/uws/work-on-job.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { makeJob, RESULT, uploadOf } from './make-job.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase({ initialised: false, keep: true })
  await database.pool.query(UWS_DDL)
})
afterAll(() => database.drop())

const usageOf = (owner: string | null) => readUsage(database.pool, 'tap', owner)
const times = (count: number) => Array.from({ length: count }, (_, index) => index)

/** How many of several attempts at once were let in; the others have met the limit, and nothing else. */
async function letIn(attempts: readonly Promise<unknown>[], limit: keyof Limits): Promise<number> {
  const settled = await Promise.allSettled(attempts)
  const refused = settled.filter(({ status }) => status === 'rejected')
  for (const { reason } of refused as PromiseRejectedResult[]) {
    expect(reason).toBeInstanceOf(QuotaError)
    expect(reason).toMatchObject({ limit, kind: 'over-quota', permanent: true })
  }
  return settled.length - refused.length
}

function sync(owner: string | null, limits: Limits): Promise<string> {
  const id = newJobId()
  const job = { id, server: 'tap', owner, runId: null, parameters: [], executionSeconds: 60, keptSeconds: 60 }
  return createSyncJob(database.pool, job, limits).then(() => id)
}

async function claimed(owner: string, limits: Limits = {}) {
  const { id } = await makeJob(database.pool, { owner, run: true }, limits)
  return (await claimJob(database.pool, id, 30))!
}

describe('twenty requests at once', () => {
  test.each([
    ['underway', { underway: 3 }],
    ['queued', { queued: 3 }],
  ] as const)('that make jobs to run: not more than the quota of %s are made', async (limit, limits) => {
    const owner = `made ${limit}`
    const jobs = times(20).map(() => makeJob(database.pool, { owner, run: true }, limits))
    expect(await letIn(jobs, limit)).toBe(3)
    expect(await usageOf(owner)).toMatchObject({ underway: 3, queued: 3 })
    const { rows } = await database.pool.query('select from uws.job where owner = $1', [owner])
    expect(rows).toHaveLength(3)
  })

  test('that start jobs: not more than the quota start, the others are still PENDING', async () => {
    const pending = await Promise.all(times(20).map(() => makeJob(database.pool, { owner: 'started' })))
    const started = pending.map(({ id }) => queueJob(database.pool, id, { underway: 4 }))
    expect(await letIn(started, 'underway')).toBe(4)
    const phases = await Promise.all(pending.map(({ id }) => readJob(database.pool, 'tap', id)))
    expect(phases.filter((job) => job?.phase === 'PENDING')).toHaveLength(16)
  })

  test('that bring tables: not more bytes are kept than the quota', async () => {
    const owner = 'uploader'
    const jobs = times(20).map(() => makeJob(database.pool, { owner, uploads: [uploadOf(30)] }, { storedBytes: 100 }))
    expect(await letIn(jobs, 'storedBytes')).toBe(3)
    expect(await usageOf(owner)).toEqual({ underway: 0, queued: 0, sync: 0, storedBytes: 90 })
  })

  test('that end with results: not more bytes are kept than the quota when they started', async () => {
    const claims = await Promise.all(times(20).map(() => claimed('finisher', { storedBytes: 50 })))
    const ends = claims.map((claim) => completeJob(database.pool, claim, RESULT, 'v1'))
    expect(await letIn(ends, 'storedBytes')).toBe(4)
    expect(await usageOf('finisher')).toMatchObject({ storedBytes: 48, underway: 16 })
  })

  test('that are sync queries, of all who have no name together', async () => {
    expect(
      await letIn(
        times(20).map(() => sync(null, { sync: 5 })),
        'sync',
      ),
    ).toBe(5)
    expect(await usageOf(null)).toMatchObject({ sync: 5, underway: 0 })
  })
})

describe('what counts', () => {
  test('is what is there now: jobs that have ended, were aborted or deleted, and results that are gone, do not', async () => {
    const claim = await claimed('ann')
    const aborted = await makeJob(database.pool, { owner: 'ann', run: true, uploads: [uploadOf(5)] })
    await makeJob(database.pool, { owner: 'other', run: true })
    expect(await usageOf('ann')).toEqual({ underway: 2, queued: 1, sync: 0, storedBytes: 5 })
    await completeJob(database.pool, claim, RESULT, 'v1')
    await abortJob(database.pool, aborted.id)
    expect(await usageOf('ann')).toEqual({ underway: 0, queued: 0, sync: 0, storedBytes: 17 })
    await deleteJob(database.pool, aborted.id)
    expect(await usageOf('ann')).toMatchObject({ storedBytes: 12 })
    await database.pool.query('update uws.job set destruction = now() where id = $1', [claim.id])
    await deleteDue(database.pool, 'tap', 10)
    expect(await readJob(database.pool, 'tap', claim.id)).toMatchObject({ phase: 'ARCHIVED' })
    expect(await usageOf('ann')).toMatchObject({ storedBytes: 0 })
  })

  test('a sync query whose instance died does not, and fails in the end', async () => {
    const id = await sync('ben', { sync: 1 })
    await expect(sync('ben', { sync: 1 })).rejects.toMatchObject({ limit: 'sync' })
    await database.pool.query(`update uws.job set lease_until = now() - interval '1 s' where id = $1`, [id])
    const next = await sync('ben', { sync: 1 })
    expect(await takeBackSilent(database.pool, 'tap')).toEqual([id])
    const error = { type: 'transient', message: 'The service stopped before the query ended. Try again.' }
    expect(await readJob(database.pool, 'tap', id)).toMatchObject({ phase: 'ERROR', mode: 'sync', error })
    await endSyncJob(database.pool, next, { phase: 'COMPLETED', error: null, release: 'v1' })
    expect(await readJob(database.pool, 'tap', next)).toMatchObject({ phase: 'COMPLETED', release: 'v1', result: null })
    await endSyncJob(database.pool, id, { phase: 'COMPLETED', error: null, release: 'v1' })
    expect(await readJob(database.pool, 'tap', id)).toMatchObject({ phase: 'ERROR' })
  })

  test('a table that replaces another counts once', async () => {
    const { id } = await makeJob(database.pool, { owner: 'cleo', uploads: [uploadOf(60)] }, { storedBytes: 100 })
    const change = (bytes: number, moreBytes: number) =>
      setParameters(
        database.pool,
        id,
        { runId: null, parameters: [], uploads: [uploadOf(bytes)], moreBytes },
        { storedBytes: 100 },
      )
    expect((await change(90, 30))?.uploads).toMatchObject([{ bytes: 90 }])
    await expect(change(110, 20)).rejects.toMatchObject({ limit: 'storedBytes' })
    expect((await change(10, -80))?.uploads).toMatchObject([{ bytes: 10 }])
  })

  test('a full store lets nothing start, a quota of 0 nothing at all', async () => {
    const { id } = await makeJob(database.pool, { owner: 'dora', uploads: [uploadOf(100)] }, { storedBytes: 100 })
    await expect(queueJob(database.pool, id, { storedBytes: 100 })).rejects.toThrow('delete jobs')
    await expect(queueJob(database.pool, id, { underway: 0 })).rejects.toThrow('0 jobs that are queued or executing')
    expect(await queueJob(database.pool, id, {})).toMatchObject({ phase: 'QUEUED' })
    expect(await queueJob(database.pool, id, { underway: 0 })).toBeUndefined()
  })

  test('owners and servers do not share a quota', async () => {
    await makeJob(database.pool, { owner: 'eve', run: true }, { underway: 1 })
    await makeJob(database.pool, { owner: 'eve', run: true, server: 'other' }, { underway: 1 })
    await makeJob(database.pool, { owner: 'fay', run: true }, { underway: 1 })
    await expect(makeJob(database.pool, { owner: 'eve', run: true }, { underway: 1 })).rejects.toThrow('quota')
  })
})
