import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { initialiseDatabase } from '../../shared/tap-schema/roles.ts'
import { rollback } from '../../shared/tap-schema/rollback.ts'
import { findSessionsInTheWay } from '../../shared/tap-schema/sessions-in-the-way.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { runs } from '../support/effort.ts'
import { CADC_SLOT } from '../support/foreign-slot.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { prepareDatabase } from '../support/prepared-database.ts'
import { sampleSchema, stageRequest } from '../support/sample-release.ts'

const actor = 'tester'
const ORDER = ['schemas', 'tables', 'columns', 'keys', 'key_columns']
const BACKWARDS = ORDER.toReversed()
const ACROSS = ['columns', 'schemas', 'key_columns', 'tables', 'keys']
const OWN_FIRST = ['settings', 'schemas', 'tables', 'columns']
const OWN_BETWEEN = ['schemas', 'settings', 'columns']

const filesOf = (version: string) => new Map([['survey.yaml', sampleSchema(`survey_${version}`)]])

/** `r2` is live, `r1` previous and `r3` staged. */
const threeReleases = prepareDatabase(async ({ pool }) => {
  for (const version of ['r1', 'r2']) {
    await stageRelease(pool, stageRequest(version, { files: filesOf(version) }))
    await swap(pool, { expectedVersion: version, actor })
  }
  await stageRelease(pool, stageRequest('r3', { files: filesOf('r3') }))
})

const foreignRelease = prepareDatabase(
  async ({ pool }) => {
    await pool.query(CADC_SLOT)
    await initialiseDatabase(pool)
    await stageRelease(pool, stageRequest('r1', { files: filesOf('r1'), readers: ['public'] }))
  },
  { initialised: false },
)

/** What a transaction has seen of the releases; in each answer of it there must be one and the same. */
const MARKS: Readonly<Record<string, string>> = {
  schemas: `select schema_name as mark from tap_schema.schemas where schema_name <> 'tap_schema'`,
  tables: `select schema_name as mark from tap_schema.tables where schema_name <> 'tap_schema'`,
  columns: `select distinct split_part(table_name, '.', 1) as mark from tap_schema.columns where table_name not like 'tap_schema.%'`,
}

/** Readers whose transactions follow one another without end; `suffix` of the names of the tables. */
function startReaders({ url }: TestDatabase, orders: readonly (readonly string[])[], pauseMs: number, suffix = '') {
  let running = true
  const seen = { mixed: 0, transactions: 0 }
  const read = async (client: pg.Client, order: readonly string[]) => {
    while (running) {
      const marks = new Set<string>()
      await client.query('begin')
      for (const table of order) {
        const postfix = ORDER.includes(table) ? suffix : ''
        const text = MARKS[table] ?? `select 'none' as mark from tap_schema.${table} limit 0`
        const found = await client.query<{ mark: string }>(text.replace(`tap_schema.${table}`, `$&${postfix}`))
        for (const { mark } of found.rows) marks.add(mark)
        await pause(pauseMs)
      }
      await client.query('commit')
      seen.transactions += 1
      if (marks.size !== 1) seen.mixed += 1
    }
  }
  const readOn = async (order: readonly string[]) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      await read(client, order)
    } catch (error) {
      // A swap takes a server's own tables away.
      if (!String(error).includes('tap_schema.settings')) throw error
    } finally {
      await client.end()
    }
  }
  const readers = Promise.all(Array.from({ length: 8 }, (_, index) => readOn(orders[index % orders.length]!)))
  const stop = async () => {
    running = false
    await readers
    return seen
  }
  onTestFinished(async () => {
    await stop()
  })
  return { seen, stop }
}

describe('transactions that read the tables in several orders and follow one another without end', () => {
  test.each([
    ['the views', [ORDER, BACKWARDS], 10, ''],
    ['the tables', [ORDER, BACKWARDS], 10, '11'],
    ['the views as fast as they can', [ORDER, BACKWARDS], 0, ''],
    ['the views in a third order, too,', [ORDER, BACKWARDS, ACROSS], 2, ''],
  ])('of %s do not keep a swap out, and none sees two releases', async (_what, orders, pauseMs, suffix) => {
    const database = await threeReleases()
    const readers = startReaders(database, orders, pauseMs, suffix)
    const rollbacks = Array.from({ length: 2 * runs(1) - 1 }, (_, index) => (index % 2 === 0 ? 'r1' : 'r2'))
    for (const expectedVersion of rollbacks) {
      const outcome = await rollback(database.pool, { expectedVersion, actor })
      expect(outcome).toMatchObject({ outcome: 'rolled_back', live: expectedVersion })
    }
    expect(await swap(database.pool, { expectedVersion: 'r3', actor })).toMatchObject({ live: 'r3', previous: 'r1' })
    await expect.poll(() => readers.seen.transactions).toBeGreaterThan(10)
    expect((await readers.stop()).mixed).toBe(0)
  })

  test.each([
    ['begin with a table of the server’s own', [OWN_FIRST]],
    ['have a table of the server’s own at either end', [OWN_FIRST, OWN_FIRST.toReversed()]],
    ['have a table of the server’s own in the middle', [OWN_BETWEEN, OWN_BETWEEN.toReversed()]],
  ])('of a slot of another make do not keep a swap out when they %s', async (_what, orders) => {
    const database = await foreignRelease()
    const readers = startReaders(database, orders, 10, '11')
    expect(await swap(database.pool, { expectedVersion: 'r1', actor })).toMatchObject({ live: 'r1' })
    expect((await readers.stop()).mixed).toBe(0)
  })

  test('the function’s pool of five connections is enough', async () => {
    const database = await threeReleases()
    const readers = startReaders(database, [ORDER, BACKWARDS], 10)
    const pool = database.poolAs('postgres', 5)
    expect(await rollback(pool, { expectedVersion: 'r1', actor })).toMatchObject({ live: 'r1' })
    expect((await readers.stop()).mixed).toBe(0)
    expect([pool.totalCount - pool.idleCount, pool.waitingCount]).toEqual([0, 0])
  })

  test('a swap that gives up all the same leaves nobody waiting, and names who was in the way', async () => {
    const database = await threeReleases()
    const login = await database.createLogin()
    await initialiseDatabase(database.pool, { readers: [login] })
    const slow = new pg.Client({ connectionString: database.urlAs(login), application_name: 'slow report' })
    await slow.connect()
    onTestFinished(() => slow.end())
    const pid = (await slow.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]!.pid
    await slow.query('begin; select count(*) from tap_schema.columns')
    const readers = startReaders(database, [ORDER, BACKWARDS], 2)
    const error = await rollback(database.pool, { expectedVersion: 'r1', actor, deadlineMs: 2000 }).catch((e) => e)
    expect(error).toMatchObject({ code: 'busy' })
    expect(error.message).toContain(`process ${pid} of ${login} (app slow report, in its transaction for `)
    const { mixed } = await readers.stop()
    expect(mixed).toBe(0)
    await slow.query('commit')
    expect(await rollback(database.pool, { expectedVersion: 'r1', actor })).toMatchObject({ live: 'r1' })
  })
})

test('sessions that hold the Almagest lock are named too, in order of their transactions’ age', async () => {
  const database = await createTestDatabase()
  const holder = await database.pool.connect()
  await holder.query(`begin; select pg_advisory_xact_lock(${0x616c6d61}, 0)`)
  const other = await database.pool.connect()
  const named = await findSessionsInTheWay(other)
  other.release()
  expect(named).toEqual([expect.stringMatching(/^process \d+ of postgres \(in its transaction for \d+\.\d s\)$/)])
  const busy = await swap(database.pool, { expectedVersion: 'r1', actor, deadlineMs: 100 }).catch((error) => error)
  expect(busy).toMatchObject({ code: 'busy', message: expect.stringContaining(named[0]!.split(' (')[0]!) })
  await holder.query('rollback')
  holder.release()
})
