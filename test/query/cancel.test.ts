import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { QueryCancelledError, QueryLimitError } from '../../shared/query/errors.ts'
import { cellsOf, prepareDatabase, prepareQueries, type QueryDatabase, readAll, request } from './query-stage.ts'

let shared: QueryDatabase

beforeAll(async () => {
  shared = await prepareDatabase({ keep: true })
})

afterAll(() => shared.database.drop())

const ENDLESS = 'SELECT COUNT(*) FROM survey.object AS a, survey.object AS b, survey.object AS c, survey.object AS d'
const A_MILLION = 'SELECT a.*, b.* FROM survey.object AS a, survey.object AS b'

/** What the service's sessions are doing, those that wait for a statement left out. */
async function activeSessions(admin: pg.Pool, login: string): Promise<string[]> {
  const { rows } = await admin.query<{ event: string | null }>(
    "select wait_event as event from pg_stat_activity where usename = $1 and state <> 'idle'",
    [login],
  )
  return rows.map(({ event }) => String(event))
}

async function until(isSo: () => Promise<boolean>, milliseconds: number): Promise<number> {
  const before = performance.now()
  while (!(await isSo())) {
    if (performance.now() - before > milliseconds) throw new Error(`not so within ${milliseconds} ms`)
    await new Promise((done) => setTimeout(done, 10))
  }
  return performance.now() - before
}

test('a client that leaves before the first row takes its query along', async () => {
  const { service, database, login, pool } = await prepareQueries({ on: shared })
  const leaving = new AbortController()
  const starting = service.start(request(ENDLESS, { signal: leaving.signal }))
  await until(async () => (await activeSessions(database.pool, login)).length === 1, 5_000)
  leaving.abort()
  await expect(starting).rejects.toThrow(QueryCancelledError)
  await until(async () => (await activeSessions(database.pool, login)).length === 0, 2_000)
  expect(pool.idleCount).toBe(pool.totalCount)
})

test('a client that has left already gets no connection', async () => {
  const { service, pool } = await prepareQueries({ on: shared })
  await readAll(await service.start(request('SELECT ra FROM survey.object')))
  const before = pool.totalCount
  await expect(service.start(request(ENDLESS, { signal: AbortSignal.abort() }))).rejects.toThrow(QueryCancelledError)
  await until(async () => pool.idleCount === before, 2_000)
})

test('a query that is closed amid its rows is cancelled, and its connection answers the next one', async () => {
  const { service, database, login, pool } = await prepareQueries({ on: shared, max: 1 })
  const running = await service.start(request(A_MILLION, { maxRows: 2_000_000 }))
  for await (const chunk of running.rows) {
    expect(chunk.length).toBeGreaterThan(0)
    break
  }
  await until(async () => (await activeSessions(database.pool, login)).length === 0, 2_000)
  await running.close()
  expect(pool.idleCount).toBe(1)
  const next = await service.start(request('SELECT COUNT(*) AS n FROM survey.object'))
  expect(cellsOf(await readAll(next))[0]?.[0]?.readBigInt64BE()).toBe(1000n)
})

test('a server whose rows nobody fetches waits, and hears that its query is closed all the same', async () => {
  const { service, database, login, pool } = await prepareQueries({ on: shared })
  const before = process.memoryUsage().arrayBuffers
  const running = await service.start(request(A_MILLION, { maxRows: 2_000_000 }))
  await until(async () => (await activeSessions(database.pool, login)).includes('ClientWrite'), 5_000)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 << 20)
  await running.close()
  await until(async () => (await activeSessions(database.pool, login)).length === 0, 1_000)
  expect(pool.idleCount).toBe(pool.totalCount)
})

test('closing a query again, or after its end, is nothing', async () => {
  const { service, pool } = await prepareQueries({ on: shared })
  const running = await service.start(request('SELECT ra FROM survey.object'))
  await readAll(running)
  await running.close()
  await running.close()
  expect(pool.idleCount).toBe(pool.totalCount)
})

test('rows that a closed query has thrown away are never taken for a whole result', async () => {
  const { service } = await prepareQueries({ on: shared })
  const running = await service.start(request('SELECT ra FROM survey.object'))
  await running.close()
  await expect(readAll(running)).rejects.toThrow(QueryCancelledError)
  const slow = await service.start(request(A_MILLION, { maxRows: 2_000_000 }))
  const reading = slow.rows[Symbol.asyncIterator]()
  await reading.next()
  await slow.close()
  await expect(reading.next()).rejects.toThrow(QueryCancelledError)
})

test('many clients that leave at once leave nothing behind', async () => {
  const { service, database, login, pool } = await prepareQueries({ on: shared, max: 4 })
  const queries = Array.from({ length: 12 }, () => {
    const leaving = new AbortController()
    return { leaving, outcome: service.start(request(ENDLESS, { signal: leaving.signal })).catch(String) }
  })
  await until(async () => (await activeSessions(database.pool, login)).length === 4, 5_000)
  for (const { leaving } of queries) leaving.abort()
  const outcomes = await Promise.all(queries.map(({ outcome }) => outcome))
  expect(new Set(outcomes)).toEqual(new Set(['QueryCancelledError: the query was cancelled']))
  await until(async () => (await activeSessions(database.pool, login)).length === 0, 2_000)
  await until(async () => pool.idleCount === pool.totalCount, 2_000)
})

test('a query that takes longer than it may is ended with the limit in the message', async () => {
  const { service, pool } = await prepareQueries({ on: shared })
  const starting = service.start(request(ENDLESS, { timeoutMs: 300 }))
  await expect(starting).rejects.toThrow(QueryLimitError)
  await expect(starting).rejects.toThrow(/did not finish within 0.3 s.*asynchronous job/)
  await until(async () => pool.idleCount === pool.totalCount, 2_000)
})

test('rows that are fetched too slowly end with the same limit', async () => {
  const { service, database, login } = await prepareQueries({ on: shared })
  const running = await service.start(request(A_MILLION, { maxRows: 2_000_000, timeoutMs: 300 }))
  const slow = async () => {
    for await (const _ of running.rows) await new Promise((done) => setTimeout(done, 100))
  }
  await expect(slow()).rejects.toThrow(/did not finish within 0.3 s/)
  expect(await activeSessions(database.pool, login)).toEqual([])
})
