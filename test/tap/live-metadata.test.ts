import type pg from 'pg'
import { expect, test } from 'vitest'
import { STANDARD_FUNCTIONS } from '../../shared/adql/functions/table.ts'
import { openPostgresqlService } from '../../shared/query/postgresql.ts'
import { type LiveMetadata, type LiveMetadataSource, watchLiveMetadata } from '../../shared/tap/live-metadata.ts'
import { MetadataError, NothingLiveError } from '../../shared/tap/metadata-failures.ts'
import { rollback } from '../../shared/tap-schema/rollback.ts'
import { cellsOf, LOWER_CASE, prepareQueries, readAll, request } from '../query/query-stage.ts'
import { CADC_SLOT } from '../support/foreign-slot.ts'
import { createTestDatabase } from '../support/postgres.ts'

/** A pool that counts how often its connections read the columns of a slot. */
function counting(pool: pg.Pool): { readonly pool: pg.Pool; readonly loads: () => number } {
  let loads = 0
  const count = (client: pg.PoolClient) => {
    const { query } = client
    client.query = ((...args: unknown[]) => {
      if (typeof args[0] === 'string' && args[0].includes('"column_index"')) loads += 1
      return Reflect.apply(query, client, args)
    }) as typeof client.query
  }
  pool.on('connect', count)
  return { pool, loads: () => loads }
}

async function ask(liveTables: LiveMetadataSource, pool: pg.Pool, adql: string): Promise<string[][]> {
  const service = openPostgresqlService<LiveMetadata>({
    ...{ pool, role: null, geometry: 'auto', functions: STANDARD_FUNCTIONS, liveTables },
    logger: { error: () => {} },
  })
  const running = await service.start(request(adql))
  return cellsOf(await readAll(running)).map((row) => row.map(String))
}

test('what is live is read once for all who ask, and once more when something else is', async () => {
  const { database, login, goLive } = await prepareQueries()
  const { pool, loads } = counting(database.poolAs(login))
  const metadata = watchLiveMetadata({ pool, role: null, names: LOWER_CASE })
  const first = await Promise.all(Array.from({ length: 8 }, () => metadata.latest()))
  expect(new Set(first.map(({ version }) => version))).toEqual(new Set(['w.2026.01']))
  expect(await metadata.refresh()).toBe(await metadata.latest())
  expect(loads()).toBe(1)
  await goLive('w.2026.02')
  expect((await metadata.latest()).version).toBe('w.2026.01')
  const next = await Promise.all(Array.from({ length: 8 }, () => metadata.refresh()))
  expect(new Set(next.map(({ version }) => version))).toEqual(new Set(['w.2026.02']))
  expect((await metadata.latest()).version).toBe('w.2026.02')
  expect(loads()).toBe(2)
  await rollback(database.pool, { expectedVersion: 'w.2026.01', actor: 'tester' })
  const back = await metadata.refresh()
  expect(back.identity).toBe(first[0]!.identity)
  expect(back.source?.object).toBe('w.2026.01/schemas.tar.gz')
})

test('its rows are those of TAP_SCHEMA, itself included, in the order of their indexes', async () => {
  const { liveTables } = await prepareQueries()
  const { rows, versioned } = await liveTables.latest()
  expect(versioned).toBe(true)
  expect(rows.schemas.map(({ schema_name }) => schema_name)).toEqual(['survey', 'tap_schema'])
  expect(rows.tables.map(({ table_name }) => table_name)).toEqual([
    'survey.object',
    'tap_schema.schemas',
    'tap_schema.tables',
    'tap_schema.columns',
    'tap_schema.keys',
    'tap_schema.key_columns',
  ])
  expect(rows.columns.filter(({ table_name }) => table_name === 'survey.object').slice(0, 2)).toEqual([
    {
      ...{ table_name: 'survey.object', column_name: 'object_id', datatype: 'long', arraysize: null, xtype: null },
      ...{ size: null, description: null, utype: null, unit: null, ucd: null },
      ...{ indexed: 0, principal: 0, std: 0, column_index: null },
    },
    expect.objectContaining({ column_name: 'ra', unit: 'deg', ucd: 'pos.eq.ra' }),
  ])
  expect(rows.keys.find(({ from_table }) => from_table === 'tap_schema.columns')).toEqual({
    ...{ key_id: 'k2', from_table: 'tap_schema.columns', target_table: 'tap_schema.tables' },
    ...{ description: null, utype: null },
    columns: [{ from_column: 'table_name', target_column: 'table_name' }],
  })
})

test('a slot that another tool made, without a version or a description of itself, is served all the same', async () => {
  const { pool } = await createTestDatabase({ initialised: false })
  await pool.query(`${CADC_SLOT}; create schema survey; create table survey.object (object_id bigint, ra float8, dec float8);
    insert into survey.object values (1, 2, 3)`)
  const metadata = watchLiveMetadata({ pool, role: null, names: LOWER_CASE })
  const { version, versioned, rows, source } = await metadata.latest()
  expect({ version, versioned, source }).toEqual({ version: 'unversioned', versioned: false, source: null })
  expect(rows.tables.length).toBe(6)
  expect(await ask(metadata, pool, 'SELECT table_name FROM TAP_SCHEMA.tables')).toEqual([['survey.object']])
  const joined =
    'SELECT c.column_name FROM tap_schema.columns AS c, survey.object AS o WHERE o.object_id = 1 ORDER BY 1'
  expect(await ask(metadata, pool, joined)).toEqual([['dec'], ['object_id'], ['ra']])
  expect(await ask(metadata, pool, 'SELECT "size" FROM tap_schema.columns WHERE std = 1')).toEqual([])
})

test('a slot that another tool made and changes in its place is read again after a minute', async () => {
  const { pool } = await createTestDatabase({ initialised: false })
  await pool.query(CADC_SLOT)
  let minutes = 0
  const metadata = watchLiveMetadata({ pool, role: null, names: LOWER_CASE, now: () => minutes * 60_000 })
  const before = await metadata.latest()
  await pool.query("update tap_schema.tables11 set description = 'changed'")
  expect(await metadata.refresh()).toBe(before)
  minutes = 1
  expect((await metadata.latest()).rows.tables[0]?.description).toBe('changed')
})

test('a table of its own that a slot describes, such as version, can be queried', async () => {
  const { database, login, pool } = await prepareQueries()
  await database.pool.query(`
    insert into tap_schema.tables11 (schema_name, table_name, table_type) values ('tap_schema', 'tap_schema.version', 'table');
    insert into tap_schema.columns11 (table_name, column_name, datatype, arraysize, principal, indexed, std)
      values ('tap_schema.version', 'version', 'char', '*', 1, 0, 0);
    grant select on tap_schema.version to ${login}`)
  const metadata = watchLiveMetadata({ pool, role: null, names: LOWER_CASE })
  const asked =
    "SELECT v.version FROM tap_schema.version AS v, tap_schema.tables AS t WHERE t.table_name = 'survey.object'"
  expect(await ask(metadata, pool, asked)).toEqual([['w.2026.01']])
  expect((await metadata.latest()).lockSql).toMatch(/^lock table "tap_schema"\."version", "tap_schema"\."schemas11", /)
})

test('nothing is live: that is what is said, until something is', async () => {
  const database = await createTestDatabase()
  const metadata = watchLiveMetadata({ pool: database.pool, role: null, names: LOWER_CASE })
  await expect(metadata.latest()).rejects.toThrow(NothingLiveError)
  await database.pool.query('create schema tap_schema')
  await expect(metadata.refresh()).rejects.toThrow(NothingLiveError)
  await database.pool.query(`drop schema tap_schema; ${CADC_SLOT}`)
  expect((await metadata.latest()).rows.tables.length).toBe(6)
})

test('a database that fails is an error without its own words, and the next try can succeed', async () => {
  const { database, pool, login } = await prepareQueries()
  await database.pool.query(`revoke select on tap_schema.columns11 from ${login}`)
  const metadata = watchLiveMetadata({ pool, role: null, names: LOWER_CASE })
  const failing = metadata.latest()
  await expect(failing).rejects.toThrow(MetadataError)
  await expect(failing).rejects.toThrow('The service could not read its metadata: try again in a moment.')
  await database.pool.query(`grant select on tap_schema.columns11 to ${login}`)
  expect((await metadata.latest()).version).toBe('w.2026.01')
})
