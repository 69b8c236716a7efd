import { afterAll, beforeAll, expect, test } from 'vitest'
import { STANDARD_FUNCTIONS } from '../../shared/adql/functions/table.ts'
import type { PhysicalNames } from '../../shared/environment/physical-names.ts'
import { openPostgresqlService } from '../../shared/query/postgresql.ts'
import { watchLiveMetadata } from '../../shared/tap/live-metadata.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { cellsOf, prepareDatabase, prepareQueries, type QueryDatabase, readAll, request } from './query-stage.ts'

let shared: QueryDatabase

beforeAll(async () => {
  shared = await prepareDatabase({ keep: true })
})

afterAll(() => shared.database.drop())

const COUNT = 'SELECT COUNT(*) AS n FROM survey.object'
const OWN = "SELECT COUNT(*) AS n FROM tap_schema.columns WHERE table_name = 'survey.object'"
const BOTH = 'SELECT COUNT(*) AS n FROM survey.object AS o, tap_schema.tables AS t'

async function countOf(starting: Promise<Parameters<typeof readAll>[0]>): Promise<bigint | undefined> {
  return cellsOf(await readAll(await starting))[0]?.[0]?.readBigInt64BE()
}

test('data in another database than TAP_SCHEMA: each is queried where it is, both at once are refused', async () => {
  const { database: server, pool: slotPool, goLive, liveTables } = await prepareQueries()
  await server.pool.query('drop schema survey cascade')
  const other = await createTestDatabase({ initialised: false })
  await other.pool.query(`create schema survey; create table survey.object (object_id bigint, ra float8, dec float8);
    insert into survey.object values (1, 2, 3), (4, 5, 6)`)
  const { service } = await prepareQueries({ pool: other.pool, slotPool, liveTables })
  expect(await countOf(service.start(request(COUNT)))).toBe(2n)
  expect(await countOf(service.start(request(OWN)))).toBe(3n)
  await expect(service.start(request(BOTH))).rejects.toThrow(
    'survey.object and tap_schema.tables are in different databases here: query one of them at a time.',
  )
  await goLive('w.2026.02')
  const running = await service.start(request(COUNT))
  expect(running.release.version).toBe('w.2026.02')
  expect(await countOf(Promise.resolve(running))).toBe(2n)
})

test('tables of a schema that the database does not have are refused, TAP_SCHEMA is not', async () => {
  const { service } = await prepareQueries({ schemas: ['other'] })
  await expect(service.start(request(COUNT))).rejects.toThrow('Tables of survey cannot be queried here.')
  expect(await countOf(service.start(request(OWN)))).toBe(3n)
})

test('queries run with the rights of the role that the environment names', async () => {
  const { database, login, pool, liveTables } = await prepareQueries()
  const role = await database.createLogin()
  await database.pool.query(`alter role ${login} noinherit; grant ${role} to ${login}; revoke select on survey.object from ${login};
    grant usage on schema survey to ${role}; grant select on survey.object to ${role}`)
  const logger = { error: () => {} }
  const open = (as: string | null) =>
    openPostgresqlService({
      pool,
      role: as,
      geometry: 'auto',
      functions: STANDARD_FUNCTIONS,
      liveTables,
      logger,
    }).start(request(COUNT))
  await expect(open(null)).rejects.toThrow('The service may not read all of survey.object.')
  expect(await countOf(open(role))).toBe(1000n)
  const stranger = await database.createLogin()
  const refusals = [
    ['nobody_is_called_so', 'query.role is nobody_is_called_so, and the database has no such role'],
    [stranger, `the user of the address may not become: grant "${stranger}" to that user`],
  ] as const
  for (const [as, advice] of refusals) {
    const expected = {
      message: expect.stringContaining('cannot become the role'),
      cause: { message: expect.stringContaining(advice) },
    }
    await expect(open(as)).rejects.toMatchObject(expected)
    const names: PhysicalNames = { rule: 'lower', schemas: new Map(), tables: new Map(), columns: new Map() }
    await expect(watchLiveMetadata({ pool, role: as, names }).refresh()).rejects.toMatchObject(expected)
  }
})

test('tables and columns have the names in the database that the environment gives them', async () => {
  const { database, pool, login, goLive } = await prepareQueries()
  const columns = [{ name: 'objectId', datatype: 'long' }, { name: 'coordRa' }]
  await goLive('w.2026.02', new Map([['Sky.yaml', sampleSchema('Sky', { Object: columns, Other: columns })]]))
  await database.pool.query(`create schema "Sky"; create schema elsewhere;
    create table "Sky"."Object" ("objectId" bigint, ra float8); insert into "Sky"."Object" values (7, 8);
    create table elsewhere.others ("objectId" bigint, "coordRa" float8); insert into elsewhere.others values (9, 10);
    grant usage on schema "Sky", elsewhere to ${login}; grant select on all tables in schema "Sky", elsewhere to ${login}`)
  const names: PhysicalNames = {
    rule: 'exact',
    schemas: new Map(),
    tables: new Map([['sky.other', { schema: 'elsewhere', name: 'others' }]]),
    columns: new Map([['sky.object.coordra', 'ra']]),
  }
  const liveTables = watchLiveMetadata({ pool, role: null, names })
  const service = openPostgresqlService({
    pool,
    role: null,
    geometry: 'auto',
    functions: STANDARD_FUNCTIONS,
    liveTables,
    logger: { error: () => {} },
  })
  const running = await service.start(request('SELECT a.*, b.* FROM sky.object AS a, SKY.OTHER AS b'))
  expect(running.fields.map(({ name }) => name)).toEqual(['objectId', 'coordRa', 'objectId_2', 'coordRa_2'])
  const [row] = cellsOf(await readAll(running))
  expect(row?.map((cell, index) => (index % 2 === 0 ? cell?.readBigInt64BE() : cell?.readDoubleBE()))).toEqual([
    7n,
    8,
    9n,
    10,
  ])
})

test('MAXREC and one row are fetched, and for MAXREC=0 none, while the query is checked all the same', async () => {
  const { service } = await prepareQueries({ on: shared })
  const rowsOf = async (adql: string, maxRows: number) =>
    cellsOf(await readAll(await service.start(request(adql, { maxRows })))).length
  expect(await rowsOf('SELECT ra FROM survey.object', 5)).toBe(6)
  expect(await rowsOf('SELECT TOP 3 ra FROM survey.object', 5)).toBe(3)
  expect(await rowsOf('SELECT ra FROM survey.object', 0)).toBe(0)
  await expect(rowsOf('SELECT rra FROM survey.object', 0)).rejects.toThrow('Did you mean ra?')
})

test('a query that is longer or wider than the limits is refused before any work', async () => {
  const { service } = await prepareQueries({ limits: { length: 100, tables: 2 } })
  await expect(
    service.start(request(`SELECT ra FROM survey.object WHERE ${'ra > 0 AND '.repeat(20)} ra > 0`)),
  ).rejects.toThrow('100 are the most')
  await expect(
    service.start(request('SELECT 1 FROM survey.object a, survey.object b, survey.object c')),
  ).rejects.toThrow('A query may have 2 tables at most')
})
