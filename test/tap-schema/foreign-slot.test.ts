import { describe, expect, test } from 'vitest'
import { swapByPolicy } from '../../functions/load-release/auto-swap.ts'
import { diffSlots } from '../../shared/tap-schema/diff.ts'
import { formatDiff } from '../../shared/tap-schema/format-diff.ts'
import { readLiveSlot } from '../../shared/tap-schema/live-slot.ts'
import { initialiseDatabase } from '../../shared/tap-schema/roles.ts'
import { rollback } from '../../shared/tap-schema/rollback.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { readStatus } from '../../shared/tap-schema/status.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { CADC_SLOT } from '../support/foreign-slot.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { stageRequest } from '../support/sample-release.ts'

const actor = 'tester'

/** A database with a live slot of another make, and `r1` staged. */
async function takeOver(slot: string): Promise<TestDatabase> {
  const database = await createTestDatabase({ initialised: false })
  await database.pool.query(slot)
  await initialiseDatabase(database.pool)
  await stageRelease(database.pool, stageRequest('r1', { readers: ['public'] }))
  return database
}

describe('a live slot that a server of CADC made', () => {
  const others = ['table tap_schema.model_version', 'table tap_schema.settings']

  test('shows its rows and schemas in the status, and to discovery', async () => {
    const { pool } = await takeOver(CADC_SLOT)
    const { live } = (await readStatus(pool)).slots
    const rows = { schemas: 1, tables: 1, columns: 3, keys: 0, key_columns: 0 }
    expect(live).toMatchObject({ version: 'unversioned', rows, schemas: ['survey'] })
    expect(await readLiveSlot(pool, { timeoutMs: 10_000 })).toMatchObject({ versioned: false, schemas: ['survey'] })
  })

  test('is compared by its tables, and the diff says what else would be moved to previous', async () => {
    const { pool } = await takeOver(CADC_SLOT)
    const diff = await diffSlots(pool, 'live', 'staging')
    expect(diff).toMatchObject({ from: { version: 'unversioned' }, breaking: false, others })
    expect(diff.changes.map(({ kind, name, fields }) => [kind, name, Object.keys(fields ?? {})])).toEqual([
      ['schema', 'survey', ['description']],
      ['table', 'survey.object', ['description']],
    ])
    expect(formatDiff(diff)).toContain('\n! table tap_schema.settings is not part of a release and would be moved to')
  })

  test('keeps its own tables through a swap, which says where they are, and comes back with them', async () => {
    const { pool } = await takeOver(CADC_SLOT)
    const warning = `moved to tap_schema_previous with the slot that was live: ${others.join(', ')}`
    expect(await swap(pool, { expectedVersion: 'r1', actor })).toMatchObject({ warnings: [warning] })
    expect((await pool.query('select version from tap_schema_previous.model_version')).rows).toEqual([
      { version: '1.2' },
    ])
    expect(await diffSlots(pool, 'previous', 'live')).not.toHaveProperty('others')
    expect(await rollback(pool, { expectedVersion: 'unversioned', actor })).toMatchObject({ warnings: [] })
    expect((await pool.query('select version from tap_schema.model_version')).rows).toEqual([{ version: '1.2' }])
  })

  test('is swapped by hand: what it holds beside a TAP_SCHEMA makes "compatible" wait', async () => {
    const { pool } = await takeOver(CADC_SLOT)
    const outcome = await swapByPolicy(pool, { swap: 'compatible' }, { expectedVersion: 'r1', actor })
    expect(outcome).toEqual({ outcome: 'waiting', reason: `${others.join(', ')} would be moved to the previous slot` })
  })
})

test.each([
  [
    'a function, a domain, a sequence and a view beside the tables',
    `${CADC_SLOT};
     create function tap_schema.answer() returns int language sql as 'select 42';
     create domain tap_schema.name as text;
     create sequence tap_schema.numbers;
     create view tap_schema.mine as select 1 as one`,
    [
      'function tap_schema.answer()',
      'sequence tap_schema.numbers',
      'table tap_schema.model_version',
      'table tap_schema.settings',
      'type tap_schema.name',
      'view tap_schema.mine',
    ],
  ],
  [
    'copies of the tables under another postfix',
    `${CADC_SLOT};
     create table tap_schema.tables_old as table tap_schema.tables11`,
    ['table tap_schema.model_version', 'table tap_schema.settings', 'table tap_schema.tables_old'],
  ],
])('a diff names %s', async (_what, slot, objects) => {
  const { pool } = await takeOver(slot)
  expect(await diffSlots(pool, 'live', 'staging')).toMatchObject({ others: objects, breaking: false })
})

test('tables of TAP 1.0, with fewer columns and other types, are compared by what they have', async () => {
  const { pool } = await takeOver(`
create schema tap_schema;
create table tap_schema.schemas (schema_name char(64), description text, utype text);
create table tap_schema.tables (schema_name char(64), table_name char(64), table_type text, description text);
create table tap_schema.columns (table_name char(64), column_name char(64), datatype text, unit text, ucd text,
  size integer, principal smallint, indexed boolean, std bigint);
create table tap_schema.keys (key_id text, from_table text, target_table text);
create table tap_schema.key_columns (key_id text, from_column text, target_column text);
insert into tap_schema.schemas values ('survey'), ('TAP_SCHEMA');
insert into tap_schema.tables values ('survey', 'survey.object', 'table'), ('TAP_SCHEMA', 'TAP_SCHEMA.tables', 'table');
insert into tap_schema.columns values
  ('survey.object', 'object_id', 'long', null, null, null, 0, false, 0),
  ('survey.object', 'ra', 'double', 'deg', 'pos.eq.ra', null, 0, false, 0),
  ('survey.object', 'dec', 'double', 'deg', 'pos.eq.dec', null, 0, true, 0),
  ('TAP_SCHEMA.tables', 'table_name', 'char', null, null, 64, 0, false, 1)`)
  expect((await readStatus(pool)).slots.live).toMatchObject({ rows: { columns: 4 }, schemas: ['survey'] })
  const changes = (await diffSlots(pool, 'live', 'staging')).changes.filter(({ name }) => /survey/.test(name))
  expect(changes).toEqual([
    { kind: 'schema', change: 'changed', name: 'survey', breaking: false, fields: expect.any(Object) },
    { kind: 'table', change: 'changed', name: 'survey.object', breaking: false, fields: expect.any(Object) },
    {
      kind: 'column',
      change: 'changed',
      name: 'survey.object.dec',
      breaking: false,
      fields: { indexed: { from: 1, to: 0, breaking: false } },
    },
  ])
})

test('a schema that lacks one of the five tables, or the key of one, is not compared', async () => {
  for (const loss of [
    'drop table tap_schema.key_columns11',
    'alter table tap_schema.keys11 drop column key_id cascade',
  ]) {
    const { pool } = await takeOver(`${CADC_SLOT}; ${loss}`)
    expect((await readStatus(pool)).slots.live).toMatchObject({ rows: null, schemas: ['survey'] })
    await expect(diffSlots(pool, 'live', 'staging')).rejects.toMatchObject({ code: 'empty_slot' })
  }
})
