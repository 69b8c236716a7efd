import type pg from 'pg'
import { expect, test } from 'vitest'
import { UWS_DDL } from '../../shared/uws/ddl.ts'
import { takeBackSilent } from '../../shared/uws/owed-work.ts'
import { beginSubmit, forgetRemote, noteSubmitted, readRemoteQuery } from '../../shared/uws/remote-query.ts'
import { takeBackUnclear, takeOwed, takeRunning } from '../../shared/uws/watch-remote.ts'
import { claimJob } from '../../shared/uws/work-on-job.ts'
import { poolDyingAt } from '../support/dying-pool.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { makeJob } from './make-job.ts'

const ABOUT = {
  ...{ server: 'tap', owner: 'ann', plan: {}, uploads: null, loadSeconds: 1 },
  most: { all: 5, owner: 5 },
}

/** A job whose first worker has lost it while it was submitting, and that a second one has claimed. */
async function claimTwice() {
  const { pool } = await createTestDatabase({ initialised: false })
  await pool.query(UWS_DDL)
  const { id } = await makeJob(pool, { run: true })
  const first = await claimJob(pool, id, 60)
  expect(await beginSubmit(pool, first!, ABOUT)).toBe(1)
  await pool.query("update uws.job set lease_until = now() - interval '1 s'")
  expect(await takeBackUnclear(pool, 'tap', true, 'unclear')).toEqual([id])
  const second = await claimJob(pool, id, 60)
  return { pool, id, first: first!, second: second! }
}

const left = async (pool: pg.Pool, id: string) => {
  const { rows } = await pool.query(
    'select phase, lease_until = \'infinity\' as "isPassedOn" from uws.job where id = $1',
    [id],
  )
  return { ...rows[0], query: await readRemoteQuery(pool, id) }
}

test('what a worker that has lost its job does to its own submit does nothing to that of the next worker', async () => {
  const { pool, id, first, second } = await claimTwice()
  expect(await beginSubmit(pool, second, ABOUT)).toBe(2)
  expect(await noteSubmitted(pool, first, '11')).toBe(false)
  await forgetRemote(pool, { job: id, fence: first.fence })
  expect(await noteSubmitted(pool, second, '12')).toBe(true)
  // Again, as its answer did not come.
  expect(await noteSubmitted(pool, second, '12')).toBe(true)
  const query = { job: id, fence: second.fence, state: 'running', queryId: '12', uploads: null }
  expect(await left(pool, id)).toEqual({ phase: 'EXECUTING', isPassedOn: true, query })
})

test('the query of a worker that has lost its job, and could not remove it, is removed when the next one submits', async () => {
  const { pool, id, first, second } = await claimTwice()
  expect(await noteSubmitted(pool, first, '11')).toBe(false)
  // How it ends is nothing to the second worker, nor to a third.
  await pool.query("update uws.job set lease_until = now() - interval '1 s'")
  expect(await takeRunning(pool, 'tap', 0, 10)).toEqual([])
  expect(await beginSubmit(pool, second, ABOUT)).toBe(2)
  await pool.query("update uws.remote set kept_until = kept_until - interval '1 h'")
  const owed = await takeOwed(pool, 'tap', 0, 600, 10)
  expect(owed).toEqual([
    expect.objectContaining({ fence: first.fence, state: 'running', queryId: '11', isLost: false }),
  ])
  await forgetRemote(pool, owed[0]!)
  expect(await readRemoteQuery(pool, id)).toMatchObject({ fence: second.fence, state: 'submitting', queryId: null })
})

test('a job that waits for a backend in which it has nothing is queued again', async () => {
  const { pool, id, second } = await claimTwice()
  await beginSubmit(pool, second, ABOUT)
  expect(await noteSubmitted(pool, second, '12')).toBe(true)
  expect(await takeBackSilent(pool, 'tap')).toEqual([])
  await forgetRemote(pool, { job: id, fence: second.fence })
  expect(await takeBackSilent(pool, 'tap')).toEqual([id])
  expect(await left(pool, id)).toMatchObject({ phase: 'QUEUED' })
})

test('a connection lost at any step of a submit is an error of that submit, nothing is written, and the next one is the first', async () => {
  const { pool } = await createTestDatabase({ initialised: false })
  await pool.query(UWS_DDL)
  const { id } = await makeJob(pool, { run: true })
  const claim = await claimJob(pool, id, 60)
  if (claim === undefined) throw new Error('the job is queued')
  const submit = (over: typeof pool) => beginSubmit(over, claim, ABOUT)
  for (let step = 1; step <= 6; step++) {
    const error = await submit(poolDyingAt(pool, pool, step).pool).catch((failure: Error) => failure)
    expect(error, `step ${step}`).toBeInstanceOf(Error)
    expect((await pool.query('select from uws.remote')).rowCount, `step ${step}`).toBe(0)
  }
  expect(await submit(pool)).toBe(1)
})
