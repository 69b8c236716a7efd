import { setImmediate } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { QueryBusyError, QueryServiceError, QueryUnavailableError, QueryValueError } from '../../shared/query/errors.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { cellsOf, prepareDatabase, prepareQueries, type QueryDatabase, readAll, request } from './query-stage.ts'

let shared: QueryDatabase

beforeAll(async () => {
  shared = await prepareDatabase({ keep: true })
})

afterAll(() => shared.database.drop())

const ROWS = 'SELECT ra FROM survey.object'
const A_MILLION = 'SELECT a.*, b.* FROM survey.object AS a, survey.object AS b'

async function terminateSessions(admin: pg.Pool, login: string): Promise<void> {
  await admin.query('select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = $1', [login])
}

test('a connection that is killed amid the rows ends them with an error, and the next query has another', async () => {
  const { service, database, login, pool } = await prepareQueries({ on: shared })
  const running = await service.start(request(A_MILLION, { maxRows: 2_000_000 }))
  const reading = readAll(running).catch((error: unknown) => error)
  await terminateSessions(database.pool, login)
  const error = await reading
  expect(error).toBeInstanceOf(QueryUnavailableError)
  expect(String(error)).toContain('The database is not available')
  expect(cellsOf(await readAll(await service.start(request(ROWS)))).length).toBe(1000)
  expect(pool.idleCount).toBe(pool.totalCount)
})

test('a connection that dies without a word amid the rows ends them with an error', async () => {
  const { service, pool } = await prepareQueries({ on: shared })
  let client: pg.PoolClient | undefined
  pool.once('acquire', (acquired) => {
    client = acquired
  })
  const running = await service.start(request(A_MILLION, { maxRows: 2_000_000 }))
  socketOf(client!).destroy()
  await expect(readAll(running)).rejects.toThrow('The connection to the database was lost')
  expect(pool.totalCount).toBe(pool.idleCount)
})

/** What nobody but `pg` should touch. */
function socketOf(client: pg.PoolClient): { destroy(): void } {
  return (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream
}

test('a query whose connection turns out to be dead is sent again on another one', async () => {
  const { service, pool } = await prepareQueries({ on: shared })
  await readAll(await service.start(request(ROWS)))
  pool.once('acquire', (client) => socketOf(client).destroy())
  expect(cellsOf(await readAll(await service.start(request(ROWS)))).length).toBe(1000)
})

test('a database that cannot be reached is not available; nothing is said of where it is', async () => {
  const { database, liveTables } = await prepareQueries()
  const nowhere = new pg.Pool({ host: '127.0.0.1', port: 1, user: 'nobody', database: 'secret' })
  const { service } = await prepareQueries({ pool: nowhere, liveTables })
  const error: Error = await service.start(request(ROWS)).then(
    () => new Error('answered'),
    (reason) => reason,
  )
  expect(error).toBeInstanceOf(QueryUnavailableError)
  expect(error.message).toBe('The database cannot be reached: try again in a moment.')
  expect(error.cause).toBeDefined()
  await nowhere.end()
  expect(database.pool.ended).toBe(false)
})

test('a database that goes away with all connections and comes back: queries fail in between, and no more after', async () => {
  const { service, database, login, pool } = await prepareQueries()
  const running = await service.start(request(A_MILLION, { maxRows: 2_000_000 }))
  const reading = readAll(running).catch((error: unknown) => error)
  await Promise.all([1, 2, 3].map(async () => readAll(await service.start(request(ROWS)))))
  await database.pool.query(`alter role ${login} connection limit 0`)
  await terminateSessions(database.pool, login)
  expect(await reading).toBeInstanceOf(QueryUnavailableError)
  const outcomes = await Promise.all([1, 2, 3].map(() => service.start(request(ROWS)).catch((error: unknown) => error)))
  expect(outcomes.map((outcome) => (outcome instanceof QueryBusyError ? 'busy' : outcome))).toEqual(
    Array(3).fill('busy'),
  )
  await database.pool.query(`alter role ${login} connection limit -1`)
  const [first, second] = await Promise.all([1, 2].map(async () => readAll(await service.start(request(ROWS)))))
  expect([cellsOf(first!).length, cellsOf(second!).length]).toEqual([1000, 1000])
  expect(pool.idleCount).toBe(pool.totalCount)
})

test('a query that finds no connection free is refused as busy', async () => {
  const { database, login, liveTables } = await prepareQueries()
  const small = new pg.Pool({ connectionString: database.urlAs(login), max: 1, connectionTimeoutMillis: 100 })
  const { service } = await prepareQueries({ pool: small, liveTables })
  const first = await service.start(request(A_MILLION, { maxRows: 2_000_000 }))
  const second = service.start(request(ROWS))
  await expect(second).rejects.toThrow(QueryBusyError)
  await expect(second).rejects.toMatchObject({ kind: 'busy' })
  await first.close()
  expect(cellsOf(await readAll(await service.start(request(ROWS)))).length).toBe(1000)
  await small.end()
})

test('what TAP_SCHEMA says and the database lacks is for the operator: the log has it, the user a sentence', async () => {
  const { service, goLive, logged } = await prepareQueries()
  const columns = [{ name: 'object_id', datatype: 'long' }, { name: 'lost' }]
  await goLive('w.2026.02', new Map([['survey.yaml', sampleSchema('survey', { object: columns, gone: columns })]]))
  for (const adql of ['SELECT lost FROM survey.object', 'SELECT lost FROM survey.gone']) {
    const starting = service.start(request(adql))
    await expect(starting).rejects.toThrow(QueryServiceError)
    await expect(starting).rejects.toThrow(/^The service describes survey\.\w+, but its database has not all of that/)
  }
  expect(logged.map(({ fields }) => String(fields.error))).toEqual([
    'error: column s1.lost does not exist',
    'error: relation "survey.gone" does not exist',
  ])
})

test('a table that the service may not read is for the operator too', async () => {
  const { service, database, login, logged } = await prepareQueries()
  await database.pool.query(`revoke select on survey.object from ${login}`)
  await expect(service.start(request(ROWS))).rejects.toThrow('The service may not read all of survey.object.')
  expect(logged.length).toBe(1)
})

test('a value that cannot be computed is said in plain words, before or amid the rows', async () => {
  const { service, pool } = await prepareQueries({ on: shared })
  const failing: readonly (readonly [string, string])[] = [
    ['SELECT 1 / object_id AS x FROM survey.object', 'The query divides by zero.'],
    ['SELECT LOG(object_id) AS x FROM survey.object', 'The query takes the logarithm of a number'],
    ['SELECT SQRT(-1 - object_id) AS x FROM survey.object', 'The query takes a power, or a root'],
    ['SELECT CAST(object_id * 1000 AS SMALLINT) AS x FROM survey.object', 'A number becomes too large'],
    ['SELECT ACOS(object_id + 2) AS x FROM survey.object', 'is one that a function does not take'],
    ["SELECT CAST('x' || 'y' AS INTEGER) AS x FROM survey.object", 'A text cannot be read as the type'],
    ['SELECT ra FROM survey.object WHERE ra = (SELECT dec FROM survey.object)', 'A subquery that must give one value'],
  ]
  for (const [adql, message] of failing) {
    const outcome = await service
      .start(request(adql))
      .then(readAll)
      .catch((error: unknown) => error)
    if (outcome instanceof Error && outcome.constructor.name === 'AdqlError') continue
    expect(outcome, adql).toBeInstanceOf(QueryValueError)
    expect(String(outcome), adql).toContain(message)
  }
  const late =
    'SELECT a.object_id, 1 / (a.object_id - 900) AS x FROM survey.object AS a, survey.object AS b ORDER BY a.object_id'
  const running = await service.start(request(late, { maxRows: 2_000_000 })).catch((error: unknown) => error)
  if (running instanceof Error) expect(running.message).toBe('The query divides by zero.')
  else await expect(readAll(running as never)).rejects.toThrow('The query divides by zero.')
  expect(pool.idleCount).toBe(pool.totalCount)
})

test('a query that an operator cancels is not blamed for its time', async () => {
  const { service, database, login } = await prepareQueries({ on: shared })
  const starting = service.start(
    request('SELECT COUNT(*) FROM survey.object AS a, survey.object AS b, survey.object AS c'),
  )
  const outcome = starting.catch(String)
  const cancel =
    "select pg_cancel_backend(pid) from pg_stat_activity where usename = $1 and state = 'active' and query like '%copy (%'"
  while ((await database.pool.query(cancel, [login])).rows.length === 0) await setImmediate()
  expect(await outcome).toBe('QueryUnavailableError: The query was cancelled by an operator of the database.')
})
