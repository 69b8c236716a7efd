import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { PLAIN } from '../../shared/tap-schema/options.ts'
import { rollback } from '../../shared/tap-schema/rollback.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { sampleSchema, stageRequest } from '../support/sample-release.ts'

const actor = 'tester'

async function deploy({ pool }: TestDatabase, version: string, options = stageRequest(version).options): Promise<void> {
  const files = new Map([['survey.yaml', sampleSchema(`survey_${version}`)]])
  await stageRelease(pool, stageRequest(version, { files, options }))
  await swap(pool, { expectedVersion: version, actor })
}

async function oldSnapshot({ url }: TestDatabase, isolation: string): Promise<pg.Client> {
  const reader = new pg.Client({ connectionString: url })
  await reader.connect()
  onTestFinished(() => reader.end())
  await reader.query(`begin isolation level ${isolation}; select count(*) from pg_class`)
  return reader
}

const READ = `
select (select array_agg(version) from tap_schema.versions) as versions,
       (select array_agg(version) from tap_schema.version) as version,
       (select array_agg(schema_name) from tap_schema.schemas where schema_name <> 'tap_schema') as schemas,
       (select count(*)::int from tap_schema.tables) as tables,
       (select count(*)::int from tap_schema.columns) as columns,
       (select count(*)::int from tap_schema.keys) as keys,
       (select count(*)::int from tap_schema.key_columns) as key_columns,
       (select count(*)::int from tap_schema.columns where table_name = any(array['tap_schema.keys'])) as found_by_index`

async function read(client: pg.Client | pg.Pool): Promise<unknown> {
  return (await client.query(READ)).rows[0]
}

test.each([
  ['repeatable read', undefined],
  ['serializable', undefined],
  ['serializable, read only, deferrable', undefined],
  ['repeatable read', PLAIN],
])('a %s reader whose snapshot is older than a stage and a swap sees the whole new release', async (...given) => {
  const [isolation, options] = given
  const database = await createTestDatabase()
  await deploy(database, 'r1', options)
  const reader = await oldSnapshot(database, isolation)
  await deploy(database, 'r2', options)
  const seen = await read(reader)
  expect(seen).toMatchObject({ versions: ['r2'], version: ['r2'], schemas: ['survey_r2'], tables: 6 })
  expect(seen).toEqual(await read(database.pool))
  await reader.query('set enable_seqscan = off')
  expect(await read(reader)).toEqual(seen)
})

test('and the whole old one after a rollback', async () => {
  const database = await createTestDatabase()
  const first = await oldSnapshot(database, 'repeatable read')
  await deploy(database, 'r1')
  await deploy(database, 'r2')
  const second = await oldSnapshot(database, 'repeatable read')
  await rollback(database.pool, { expectedVersion: 'r1', actor })
  const now = await read(database.pool)
  expect(now).toMatchObject({ versions: ['r1'], schemas: ['survey_r1'] })
  expect(await read(first)).toEqual(now)
  expect(await read(second)).toEqual(now)
})
