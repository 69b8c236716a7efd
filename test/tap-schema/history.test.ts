import { expect, test } from 'vitest'
import { initialiseDatabase } from '../../shared/tap-schema/roles.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { readStatus } from '../../shared/tap-schema/status.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { stageRequest } from '../support/sample-release.ts'

/** The history as the first version of Almagest made it. */
const FIRST = `
drop schema almagest cascade;
create schema almagest;
create table almagest.history (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  action text not null check (action in ('staged', 'swapped', 'rolled_back', 'rejected')),
  version text not null,
  replaced text,
  actor text not null,
  login text not null default session_user,
  bucket text,
  object text,
  generation numeric,
  sha256 text,
  bytes bigint,
  rows jsonb,
  problems jsonb not null default '[]',
  duration_ms double precision not null
);
create index history_release on almagest.history (bucket, object, generation);
grant usage on schema almagest to almagest_stager, almagest_owner;
grant select, insert on almagest.history to almagest_stager, almagest_owner`

function stage(database: TestDatabase, version: string, generation: string) {
  const source = { ...stageRequest(version).source, generation }
  return stageRelease(database.pool, stageRequest(version, { source, supersededBy: () => true }))
}

const actions = async (database: TestDatabase) =>
  (await readStatus(database.pool)).history.map(({ action, version }) => `${action} ${version}`)

test('a database of the first version of Almagest works, and init brings it up to date with all that it holds', async () => {
  const database = await createTestDatabase()
  await database.pool.query(FIRST)
  await stage(database, 'r2', '20')
  await swap(database.pool, { expectedVersion: 'r2', actor: 'tester' })
  await expect(stage(database, 'r1', '10')).rejects.toMatchObject({
    code: 'not_initialised',
    permanent: false,
    message: expect.stringContaining('earlier version'),
  })
  expect(await actions(database)).toEqual(['swapped r2', 'staged r2'])

  for (let times = 0; times < 2; times += 1) await initialiseDatabase(database.pool)
  expect(await actions(database)).toEqual(['swapped r2', 'staged r2'])
  expect(await stage(database, 'r1', '10')).toMatchObject({ outcome: 'superseded' })
  expect(await stage(database, 'r1', '10')).toMatchObject({ outcome: 'unchanged' })
  expect(await actions(database)).toEqual(['superseded r1', 'swapped r2', 'staged r2'])
})

test('a stager can write down that an upload gave way', async () => {
  const database = await createTestDatabase()
  const stager = database.poolAs(await database.createLogin('almagest_stager'))
  await stage(database, 'r2', '20')
  await stage({ ...database, pool: stager }, 'r1', '10')
  expect(await actions(database)).toEqual(['superseded r1', 'staged r2'])
})
