import { expect, test } from 'vitest'
import { UWS_DDL } from '../../shared/uws/ddl.ts'
import { beginSubmit } from '../../shared/uws/remote-query.ts'
import { claimJob } from '../../shared/uws/work-on-job.ts'
import { poolDyingAt } from '../support/dying-pool.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { makeJob } from './make-job.ts'

test('a connection lost at any step of a submit is an error of that submit, nothing is written, and the next one is the first', async () => {
  const { pool } = await createTestDatabase({ initialised: false })
  await pool.query(UWS_DDL)
  const { id } = await makeJob(pool, { run: true })
  const claim = await claimJob(pool, id, 60)
  if (claim === undefined) throw new Error('the job is queued')
  const submit = (over: typeof pool) =>
    beginSubmit(over, claim, {
      ...{ server: 'tap', owner: 'ann', plan: {}, uploads: null, loadSeconds: 1 },
      most: { all: 5, owner: 5 },
    })
  for (let step = 1; step <= 6; step++) {
    const error = await submit(poolDyingAt(pool, pool, step).pool).catch((failure: Error) => failure)
    expect(error, `step ${step}`).toBeInstanceOf(Error)
    expect((await pool.query('select from uws.remote')).rowCount, `step ${step}`).toBe(0)
  }
  expect(await submit(pool)).toBe(1)
})
