import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  abortJob,
  deleteJob,
  queueJob,
  setDestruction,
  setExecutionSeconds,
  setParameters,
} from '../../shared/uws/change-job.ts'
import type { NewJob } from '../../shared/uws/create-job.ts'
import { UWS_DDL } from '../../shared/uws/ddl.ts'
import type { Job } from '../../shared/uws/job.ts'
import {
  deleteDue,
  findUncleared,
  forgetCleared,
  markCleared,
  markDispatched,
  markOwed,
  takeBackSilent,
  takeUndispatched,
} from '../../shared/uws/owed-work.ts'
import { listJobs, readJob, readPhases } from '../../shared/uws/read-jobs.ts'
import {
  claimJob,
  completeJob,
  expireJob,
  failJob,
  holdsClaim,
  renewLease,
  returnJob,
} from '../../shared/uws/work-on-job.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { makeJob, RESULT } from './make-job.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase({ initialised: false, keep: true })
  await database.pool.query(UWS_DDL)
  await database.pool.query(UWS_DDL)
})
afterAll(() => database.drop())

const create = (job: Partial<NewJob> = {}) => makeJob(database.pool, job)

const read = (job: Job) => readJob(database.pool, 'tap', job.id)
const phaseOf = async (job: Job) => (await read(job))?.phase

async function executing(): Promise<Job> {
  const { id } = await create({ run: true })
  const claimed = await claimJob(database.pool, id, 30)
  if (claimed === undefined) throw new Error('not claimed')
  return claimed
}

async function silent(job: Job): Promise<void> {
  await database.pool.query(`update uws.job set lease_until = now() - interval '1 second' where id = $1`, [job.id])
}

describe('UWS-1, UWS-2: a new job', () => {
  test('is PENDING, or QUEUED where it is to run at once, and reads back as it was made', async () => {
    const pending = await create({ runId: 'first', owner: 'ada' })
    expect(pending).toMatchObject({ phase: 'PENDING', runId: 'first', owner: 'ada', ended: null, result: null })
    expect(pending.destruction.getTime() - pending.created.getTime()).toBeGreaterThan(3_590_000)
    expect(await read(pending)).toEqual(pending)
    expect((await create({ run: true })).phase).toBe('QUEUED')
  })

  test('is unknown to another server', async () => {
    const job = await create()
    expect(await readJob(database.pool, 'other', job.id)).toBeUndefined()
  })
})

describe('UWS-12, UWS-21: phases change only from where they may', () => {
  test('a job runs once', async () => {
    const job = await create()
    expect((await queueJob(database.pool, job.id))?.phase).toBe('QUEUED')
    expect(await queueJob(database.pool, job.id)).toBeUndefined()
    const claims = await Promise.all([1, 2, 3, 4].map(() => claimJob(database.pool, job.id, 30)))
    expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1)
  })

  test('an aborted job never becomes COMPLETED or ERROR', async () => {
    const claim = await executing()
    expect((await abortJob(database.pool, claim.id))?.phase).toBe('ABORTED')
    expect(await holdsClaim(database.pool, claim)).toBe(false)
    expect(await completeJob(database.pool, claim, RESULT, 'v1')).toBe(false)
    expect(await failJob(database.pool, claim, { type: 'fatal', message: 'no' })).toBe(false)
    expect(await abortJob(database.pool, claim.id)).toBeUndefined()
    expect(await read(claim)).toMatchObject({ phase: 'ABORTED', result: null, error: null })
  })

  test('COMPLETED comes with its object and the release, and is final', async () => {
    const claim = await executing()
    expect(await completeJob(database.pool, claim, RESULT, 'v1')).toBe(true)
    expect(await abortJob(database.pool, claim.id)).toBeUndefined()
    expect(await queueJob(database.pool, claim.id)).toBeUndefined()
    expect(await read(claim)).toMatchObject({ phase: 'COMPLETED', result: RESULT, release: 'v1', error: null })
  })

  test('an execution time that is over aborts with a reason', async () => {
    const claim = await executing()
    expect(await expireJob(database.pool, claim, 'took longer than 60 s')).toBe(true)
    expect(await read(claim)).toMatchObject({ phase: 'ABORTED', error: { message: 'took longer than 60 s' } })
  })
})

describe('leases and fences', () => {
  test('a worker that was silent loses the job, and changes nothing when it wakes up', async () => {
    const frozen = await executing()
    await silent(frozen)
    expect(await takeBackSilent(database.pool, 'tap')).toContain(frozen.id)
    const second = await claimJob(database.pool, frozen.id, 30)
    expect(await renewLease(database.pool, frozen, 30)).toBe(false)
    expect(await completeJob(database.pool, frozen, RESULT, 'v1')).toBe(false)
    expect(await returnJob(database.pool, frozen)).toBe(false)
    expect(await renewLease(database.pool, second!, 30)).toBe(true)
    expect(await completeJob(database.pool, second!, { ...RESULT, generation: '2' }, 'v1')).toBe(true)
    expect((await read(frozen))?.result?.generation).toBe('2')
  })

  test('a job whose workers die again and again fails in the end', async () => {
    let job = await executing()
    for (let round = 0; round < 10 && (await phaseOf(job)) === 'EXECUTING'; round++) {
      await silent(job)
      await takeBackSilent(database.pool, 'tap')
      job = (await claimJob(database.pool, job.id, 30)) ?? job
    }
    expect(await read(job)).toMatchObject({ phase: 'ERROR', fence: '3', error: { type: 'transient' } })
  })

  test('a worker that cannot work now gives the job back', async () => {
    const claim = await executing()
    expect(await returnJob(database.pool, claim)).toBe(true)
    expect(await takeUndispatched(database.pool, 'tap', 600)).toContain(claim.id)
    expect(await phaseOf(claim)).toBe('QUEUED')
  })
})

describe('events that are owed', () => {
  test('each queued job is handed out once, and again when the event was lost', async () => {
    const { id } = await create({ run: true })
    expect(await markDispatched(database.pool, id)).toBe(true)
    expect(await markDispatched(database.pool, id)).toBe(false)
    expect(await takeUndispatched(database.pool, 'tap', 600)).not.toContain(id)
    expect(await takeUndispatched(database.pool, 'tap', 0)).toContain(id)
    await database.pool.query(`update uws.job set dispatched_at = now() - interval '3 min' where id = $1`, [id])
    // Sent again once: the next time comes later.
    expect(await takeUndispatched(database.pool, 'tap', 120)).not.toContain(id)
    expect(await takeUndispatched(database.pool, 'tap', 60)).toContain(id)
    await markOwed(database.pool, id)
    expect(await takeUndispatched(database.pool, 'tap', 600)).toContain(id)
  })
})

describe('UWS-13, UWS-14, UWS-17: what a user sets', () => {
  test('parameters change while the job is PENDING, and no longer', async () => {
    const job = await create()
    const changed = await setParameters(database.pool, job.id, {
      ...{ runId: 'second', parameters: [{ name: 'LANG', value: 'ADQL' }], uploads: [], moreBytes: 0 },
    })
    expect(changed).toMatchObject({ runId: 'second', parameters: [{ name: 'LANG', value: 'ADQL' }] })
    await queueJob(database.pool, job.id)
    const none = { runId: null, parameters: [], uploads: [], moreBytes: 0 }
    expect(await setParameters(database.pool, job.id, none)).toBeUndefined()
  })

  test('the execution duration changes until the job runs', async () => {
    const job = await create()
    expect((await setExecutionSeconds(database.pool, job.id, 5))?.executionSeconds).toBe(5)
    const claim = await executing()
    expect(await setExecutionSeconds(database.pool, claim.id, 5)).toBeUndefined()
  })

  test('the destruction is never later than allowed nor in the past', async () => {
    const job = await create()
    const late = await setDestruction(database.pool, job.id, new Date('2999-01-01T00:00:00Z'), 7200)
    expect(late!.destruction.getTime() - job.created.getTime()).toBe(7_200_000)
    const early = await setDestruction(database.pool, job.id, new Date('1999-01-01T00:00:00Z'), 7200)
    expect(early!.destruction.getTime()).toBeGreaterThanOrEqual(job.created.getTime())
  })
})

describe('UWS-9: a deleted job', () => {
  test('is gone at once, its worker writes nothing, and its row goes when its objects are gone', async () => {
    const claim = await executing()
    expect(await deleteJob(database.pool, claim.id)).toBe(true)
    expect(await deleteJob(database.pool, claim.id)).toBe(false)
    expect(await read(claim)).toBeUndefined()
    expect(await readPhases(database.pool, [claim.id])).toEqual(new Map())
    expect(await completeJob(database.pool, claim, RESULT, 'v1')).toBe(false)
    expect(await findUncleared(database.pool, 'tap', 1000)).toContain(claim.id)
    expect(await forgetCleared(database.pool, 'tap')).toBe(0)
    await markCleared(database.pool, claim.id)
    expect(await findUncleared(database.pool, 'tap', 1000)).not.toContain(claim.id)
    expect(await forgetCleared(database.pool, 'tap')).toBe(1)
  })

  test('one past its destruction is deleted, whatever its phase; others are not', async () => {
    const [due, other] = [await executing(), await create()]
    await database.pool.query('update uws.job set destruction = now() where id = $1', [due.id])
    expect(await deleteDue(database.pool, 'tap')).toBeGreaterThan(0)
    expect(await read(due)).toBeUndefined()
    expect(await phaseOf(other)).toBe('PENDING')
    await markCleared(database.pool, other.id)
    await forgetCleared(database.pool, 'tap')
    expect(await phaseOf(other)).toBe('PENDING')
  })
})

describe('UWS-4, UWS-5: the list', () => {
  test('has the jobs of one owner, newest first, by phase, time and number', async () => {
    const first = await create({ owner: 'bea' })
    await new Promise((resolve) => setTimeout(resolve, 2))
    const second = await create({ owner: 'bea', run: true })
    await create({ owner: 'carl' })
    const list = (filter: { phases?: string[]; after?: Date; last?: number } = {}) =>
      listJobs(database.pool, {
        server: 'tap',
        owner: 'bea',
        modes: ['async'],
        phases: [],
        after: null,
        last: 100,
        ...filter,
      }).then((jobs) => jobs.map(({ id }) => id))
    expect(await list()).toEqual([second.id, first.id])
    expect(await list({ phases: ['PENDING', 'ERROR'] })).toEqual([first.id])
    expect(await list({ phases: ['SUSPENDED'] })).toEqual([])
    expect(await list({ after: first.created })).toEqual([second.id])
    expect(await list({ last: 1 })).toEqual([second.id])
    await deleteJob(database.pool, second.id)
    expect(await list()).toEqual([first.id])
  })
})
