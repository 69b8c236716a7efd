import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { diffSlots } from '../../shared/tap-schema/diff.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { readStatus } from '../../shared/tap-schema/status.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { stageRequest } from '../support/sample-release.ts'

const actor = 'tester'

async function connect(database: TestDatabase): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url })
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

/** Sessions of the database that wait for a lock. */
async function waiting(database: TestDatabase): Promise<number> {
  const found = await database.pool.query(
    "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  )
  return found.rows.length
}

const patiently = { timeout: 60_000, interval: 5 }

test('status and diff that come while a stage makes the slot anew show the new one', async () => {
  const database = await createTestDatabase()
  await stageRelease(database.pool, stageRequest('r1'))
  await swap(database.pool, { expectedVersion: 'r1', actor })
  await stageRelease(database.pool, stageRequest('r2'))
  // When a stage writes the history, it has dropped and made all of the slot.
  const gate = await connect(database)
  await gate.query('begin; lock table almagest.history in exclusive mode')
  const staging = stageRelease(database.pool, stageRequest('r3'))
  const insertsHistory = () =>
    gate
      .query(`select from pg_locks where relation = 'almagest.history'::regclass and not granted
        and database = (select oid from pg_database where datname = current_database())`)
      .then((found) => found.rows.length)
  await expect.poll(insertsHistory, patiently).toBe(1)
  const status = readStatus(database.pool)
  const diff = diffSlots(database.pool, 'live', 'staging')
  await expect.poll(() => waiting(database), patiently).toBe(3)
  await gate.query('commit')
  await staging
  expect((await status).slots.staging).toMatchObject({ version: 'r3', schemas: ['survey'] })
  expect(await diff).toEqual({
    from: { slot: 'live', version: 'r1', id: expect.any(Number) },
    to: { slot: 'staging', version: 'r3', id: expect.any(Number) },
    breaking: false,
    changes: [],
  })
})
