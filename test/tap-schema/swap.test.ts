import pg from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { recordRejection } from '../../shared/tap-schema/reject.ts'
import { rollback } from '../../shared/tap-schema/rollback.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { readStatus } from '../../shared/tap-schema/status.ts'
import { type SwapRequest, swap } from '../../shared/tap-schema/swap.ts'
import { poolDyingAt } from '../support/dying-pool.ts'
import { everyNth, runs } from '../support/effort.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { prepareReleases } from '../support/prepared-database.ts'
import { sampleSchema, stageRequest } from '../support/sample-release.ts'

const actor = 'tester'

const stagedR1 = prepareReleases([], 'r1')
const liveR1 = prepareReleases(['r1'])
const liveR1StagedR2 = prepareReleases(['r1'], 'r2')
const liveR2 = prepareReleases(['r1', 'r2'])
const liveR2StagedR3 = prepareReleases(['r1', 'r2'], 'r3')

/** Versions in the live, staging and previous slot. */
async function versions(database: TestDatabase): Promise<(string | null)[]> {
  const { slots } = await readStatus(database.pool)
  return [slots.live.version, slots.staging.version, slots.previous.version]
}

async function deploy(database: TestDatabase, version: string): Promise<void> {
  await stageRelease(database.pool, stageRequest(version, { redelivery: 'restage' }))
  await swap(database.pool, { expectedVersion: version, actor })
}

function attempt(operation: typeof swap, database: TestDatabase, request: Partial<SwapRequest>) {
  return operation(database.pool, { expectedVersion: '?', actor, ...request }).catch((error) => error)
}

async function connectAs(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

describe('swap', () => {
  test('the first deployment makes staging live', async () => {
    const database = await stagedR1()
    const outcome = await swap(database.pool, { expectedVersion: 'r1', actor })
    expect(outcome).toMatchObject({ outcome: 'swapped', live: 'r1', previous: null, attempts: 1, warnings: [] })
    expect(await versions(database)).toEqual(['r1', null, null])
  })

  test('live becomes previous, and the previous one before it goes', async () => {
    const database = await createTestDatabase()
    for (const version of ['r1', 'r2', 'r3']) await deploy(database, version)
    expect(await versions(database)).toEqual(['r3', null, 'r2'])
    const { history } = await readStatus(database.pool)
    expect(history[0]).toMatchObject({ action: 'swapped', version: 'r3', replaced: 'r2', actor: 'tester' })
    expect(history[0]?.source).toEqual(stageRequest('r3').source)
  })

  test('a version other than the expected one is refused', async () => {
    const database = await liveR1StagedR2()
    const error = await attempt(swap, database, { expectedVersion: 'r3' })
    expect(error).toMatchObject({ code: 'version_mismatch', expected: 'r3', found: 'r2' })
    expect(await versions(database)).toEqual(['r1', 'r2', null])
  })

  test('another version than the expected one is said at once, also while somebody looks at the staging slot', async () => {
    const database = await stagedR1()
    const reader = await connectAs(database.url)
    await reader.query('begin; select count(*) from tap_schema_staging.tables')
    expect(await attempt(swap, database, { expectedVersion: 'r2', deadlineMs: 400 })).toMatchObject({
      code: 'version_mismatch',
      found: 'r1',
    })
    expect(await attempt(swap, database, { expectedVersion: 'r1', deadlineMs: 100 })).toMatchObject({ code: 'busy' })
    await reader.query('commit')
    expect(await attempt(swap, database, { expectedVersion: 'r1' })).toMatchObject({ live: 'r1' })
  })

  test('so is another upload of the same version, when the caller names the upload', async () => {
    const database = await createTestDatabase()
    await stageRelease(database.pool, stageRequest('main'))
    const error = await attempt(swap, database, { expectedVersion: 'main', expectedGeneration: '999' })
    expect(error).toMatchObject({ code: 'version_mismatch' })
    expect(await swap(database.pool, { expectedVersion: 'main', expectedGeneration: '1000', actor })).toMatchObject({
      live: 'main',
    })
  })

  test('an empty or half-made staging slot is refused', async () => {
    const database = await createTestDatabase()
    expect(await attempt(swap, database, { expectedVersion: 'r1' })).toMatchObject({ code: 'empty_slot' })
    await database.pool.query('create schema tap_schema_staging')
    expect(await attempt(swap, database, { expectedVersion: 'unversioned' })).toMatchObject({ code: 'empty_slot' })
  })

  test.each([
    ['lost rows', "delete from tap_schema_staging.columns11 where table_name = 'survey.object'", 'columns has'],
    [
      'got rows',
      "insert into tap_schema_staging.schemas11 (schema_name) values ('mine')",
      'schemas has 3 rows instead',
    ],
  ])('a staging slot that %s since it was staged is refused, and goes live once it is staged again', async (...row) => {
    const [, statement, message] = row
    const database = await liveR1StagedR2()
    await database.pool.query(statement)
    expect(await attempt(swap, database, { expectedVersion: 'r2' })).toMatchObject({
      code: 'staging_changed',
      permanent: true,
      message: expect.stringContaining(message),
    })
    expect(await versions(database)).toEqual(['r1', 'r2', null])
    await deploy(database, 'r2')
    expect(await versions(database)).toEqual(['r2', null, 'r1'])
  })

  test('a staging slot without one of its tables is refused', async () => {
    const database = await stagedR1()
    await database.pool.query('drop table tap_schema_staging.key_columns11 cascade')
    expect(await attempt(swap, database, { expectedVersion: 'r1' })).toMatchObject({ code: 'empty_slot' })
  })

  test('a staging slot that the history does not know goes live as it is', async () => {
    const database = await stagedR1()
    await database.pool.query('truncate almagest.history; delete from tap_schema_staging.key_columns11')
    expect(await swap(database.pool, { expectedVersion: 'r1', actor })).toMatchObject({ live: 'r1' })
  })

  test('of two swaps at once one wins and the other changes nothing', async () => {
    const database = await liveR1StagedR2()
    const outcomes = await Promise.all([1, 2].map(() => attempt(swap, database, { expectedVersion: 'r2' })))
    expect(outcomes.map((outcome) => outcome.outcome ?? outcome.code).sort()).toEqual(['swapped', 'unchanged'])
    expect(await versions(database)).toEqual(['r2', null, 'r1'])
  })
})

describe('rollback', () => {
  test('exchanges live and previous, and the call that names the other version undoes it', async () => {
    const database = await liveR2StagedR3()
    expect(await rollback(database.pool, { expectedVersion: 'r1', actor })).toMatchObject({
      outcome: 'rolled_back',
      live: 'r1',
      previous: 'r2',
    })
    expect(await versions(database)).toEqual(['r1', 'r3', 'r2'])
    await rollback(database.pool, { expectedVersion: 'r2', actor })
    expect(await versions(database)).toEqual(['r2', 'r3', 'r1'])
  })

  test('is refused without a previous slot, and for another version', async () => {
    const database = await liveR1()
    expect(await attempt(rollback, database, { expectedVersion: 'r0' })).toMatchObject({ code: 'empty_slot' })
    await deploy(database, 'r2')
    expect(await attempt(rollback, database, { expectedVersion: 'r2' })).toMatchObject({
      code: 'version_mismatch',
      found: 'r1',
    })
    expect(await versions(database)).toEqual(['r2', null, 'r1'])
  })
})

describe('an exchange whose answer was lost', () => {
  /** What of the slots and of the history must be the same after a call that changes nothing. */
  const look = async (database: TestDatabase) => {
    const { slots, history } = await readStatus(database.pool)
    return { ids: [slots.live.id, slots.staging.id, slots.previous.id], entries: history.length }
  }

  test('is not made twice by the same call, with an id or without, and the answer shows both slots', async () => {
    const database = await liveR1StagedR2()
    const { id } = (await readStatus(database.pool)).slots.staging
    const swapped = await swap(database.pool, { expectedVersion: 'r2', expectedId: id!, actor })
    const done = await look(database)
    for (const expectation of [{}, { expectedId: id! }, { expectedGeneration: '1000' }]) {
      const again = await swap(database.pool, { expectedVersion: 'r2', ...expectation, actor })
      expect(again).toMatchObject({ outcome: 'unchanged', live: 'r2', previous: 'r1', slots: swapped.slots })
    }
    expect(swapped.slots).toMatchObject({
      live: { schema: 'tap_schema', version: 'r2', id, source: { generation: '1000' }, schemas: ['survey'] },
      previous: { schema: 'tap_schema_previous', version: 'r1', source: { generation: '1000' }, schemas: ['survey'] },
    })
    expect(await look(database)).toEqual(done)
    const { slots } = await readStatus(database.pool)
    expect(swapped.slots).toEqual({ live: slots.live, previous: slots.previous })
  })

  test('is not undone by the same rollback again', async () => {
    const database = await liveR2()
    const { id } = (await readStatus(database.pool)).slots.previous
    await rollback(database.pool, { expectedVersion: 'r1', expectedId: id!, actor })
    const done = await look(database)
    for (const expectation of [{}, { expectedId: id! }]) {
      const again = await rollback(database.pool, { expectedVersion: 'r1', ...expectation, actor })
      expect(again).toMatchObject({ outcome: 'unchanged', live: 'r1', previous: 'r2' })
    }
    expect(await look(database)).toEqual(done)
  })

  test('is not undone where both slots hold the same upload: without an id the rollback is refused', async () => {
    const database = await createTestDatabase()
    await deploy(database, 'main')
    await deploy(database, 'main')
    const { live, previous } = (await readStatus(database.pool)).slots
    for (const expectation of [{}, { expectedGeneration: '1000' }]) {
      const message = expect.stringContaining(`the previous slot: id ${previous.id}; live: id ${live.id}`)
      const error = await attempt(rollback, database, { expectedVersion: 'main', ...expectation })
      expect(error).toMatchObject({ code: 'ambiguous_slot', permanent: true, message })
    }
    for (const outcome of ['rolled_back', 'unchanged']) {
      const request = { expectedVersion: 'main', expectedId: previous.id! }
      expect(await attempt(rollback, database, request)).toMatchObject({ outcome })
    }
    expect((await look(database)).ids).toEqual([previous.id, null, live.id])
  })

  test('is distinguished from another request for the same version: one that was staged or rejected again since', async () => {
    const database = await createTestDatabase()
    await deploy(database, 'main')
    const source = { ...stageRequest('main').source, generation: '2000' }
    await recordRejection(database.pool, {
      ...{ version: 'main', source, actor, problems: [], durationMs: 1, redelivery: 'skip' },
    })
    expect(await attempt(swap, database, { expectedVersion: 'main' })).toMatchObject({ code: 'empty_slot' })
    await deploy(database, 'r2')
    await stageRelease(database.pool, stageRequest('r3'))
    await rollback(database.pool, { expectedVersion: 'main', actor })
    expect(await attempt(swap, database, { expectedVersion: 'main' })).toMatchObject({ code: 'version_mismatch' })
    expect(await attempt(rollback, database, { expectedVersion: 'main' })).toMatchObject({ outcome: 'unchanged' })
  })

  test('another stage than the expected one is refused, also of the very same upload', async () => {
    const database = await createTestDatabase()
    await stageRelease(database.pool, stageRequest('main'))
    const { id } = (await readStatus(database.pool)).slots.staging
    await stageRelease(database.pool, stageRequest('main', { redelivery: 'restage' }))
    expect(await attempt(swap, database, { expectedVersion: 'main', expectedId: id! })).toMatchObject({
      code: 'version_mismatch',
      message: expect.stringContaining(`main (id ${id! + 1}), not main (id ${id})`),
    })
  })

  test('slots that an earlier Almagest staged have no id, and are exchanged by their version', async () => {
    const database = await liveR2()
    await database.pool.query('alter table tap_schema_previous.versions drop column history_id')
    expect((await readStatus(database.pool)).slots.previous).toMatchObject({ version: 'r1', id: null })
    expect(await rollback(database.pool, { expectedVersion: 'r1', actor })).toMatchObject({ live: 'r1' })
    expect(await attempt(rollback, database, { expectedVersion: 'r1' })).toMatchObject({ outcome: 'unchanged' })
  })
})

describe('schemas of others under our names', () => {
  test('a tap_schema_temp that somebody left behind is no obstacle and stays', async () => {
    const database = await createTestDatabase()
    await database.pool.query('create schema tap_schema_temp; create table tap_schema_temp.keep as select 1 as one')
    await deploy(database, 'r1')
    await deploy(database, 'r2')
    await rollback(database.pool, { expectedVersion: 'r1', actor })
    expect((await database.pool.query('select one from tap_schema_temp.keep')).rows).toEqual([{ one: 1 }])
  })

  test('a foreign tap_schema_previous is set aside whole', async () => {
    const database = await liveR1()
    await database.pool.query(
      'create schema tap_schema_previous; create table tap_schema_previous.diary as select 42 as answer',
    )
    await stageRelease(database.pool, stageRequest('r2'))
    const outcome = await swap(database.pool, { expectedVersion: 'r2', actor })
    expect(outcome.warnings).toEqual([expect.stringContaining('tap_schema_previous_aside_')])
    const aside = /tap_schema_previous_aside_\w+/.exec(outcome.warnings[0]!)![0]
    expect((await database.pool.query(`select answer from "${aside}".diary`)).rows).toEqual([{ answer: 42 }])
  })

  test('a half-made tap_schema_previous is swept away', async () => {
    const database = await liveR1()
    await database.pool.query('create schema tap_schema_previous; create table tap_schema_previous.tables11 (a int)')
    await deploy(database, 'r2')
    expect(await versions(database)).toEqual(['r2', null, 'r1'])
  })

  test('a live slot that Repertoire made is taken over: status, swap and rollback work', async () => {
    const database = await createTestDatabase({ initialised: false })
    await database.pool.query(REPERTOIRE_SLOT)
    const { initialiseDatabase } = await import('../../shared/tap-schema/roles.ts')
    await initialiseDatabase(database.pool)
    const { slots } = await readStatus(database.pool)
    expect(slots.live).toMatchObject({ version: 'w.2025.43', rows: null, source: null })
    await stageRelease(database.pool, stageRequest('r1'))
    const operator = await database.createLogin('almagest_stager', 'almagest_owner')
    await swap(database.poolAs(operator), { expectedVersion: 'r1', actor })
    expect(await versions(database)).toEqual(['r1', null, 'w.2025.43'])
    await rollback(database.poolAs(operator), { expectedVersion: 'w.2025.43', actor })
    expect(await versions(database)).toEqual(['w.2025.43', null, 'r1'])
  })
})

const REPERTOIRE_SLOT = `
create schema tap_schema;
create table tap_schema.schemas11 (schema_name varchar(64) primary key);
create table tap_schema.version (version varchar not null primary key, loaded_at timestamptz default now() not null);
create view tap_schema.schemas as select * from tap_schema.schemas11;
insert into tap_schema.version values ('w.2025.43')`

describe('objects that depend on a slot', () => {
  test.each([
    ['a view', 'create view site.catalogue as select * from tap_schema.tables', 'view site.catalogue'],
    [
      'a view of the table itself',
      'create view site.catalogue as select * from tap_schema.tables11',
      'view site.catalogue',
    ],
    [
      'a materialized view',
      'create materialized view site.copy as select * from tap_schema.columns',
      'materialized view site.copy',
    ],
    [
      'a foreign key',
      'create table site.notes (schema_name varchar(64) references tap_schema.schemas11)',
      'constraint notes_schema_name_fkey on table site.notes',
    ],
    [
      'a function',
      'create function site.count() returns bigint begin atomic select count(*) from tap_schema.columns11; end',
      'function site.count()',
    ],
  ])('%s over the live slot makes a swap refuse, and is named', async (_kind, statement, name) => {
    const database = await liveR1StagedR2()
    await database.pool.query(`create schema site; ${statement}`)
    const error = await attempt(swap, database, { expectedVersion: 'r2' })
    expect(error).toMatchObject({ code: 'dependent_objects', objects: [name] })
    expect(error.message).toContain(name)
    expect(await versions(database)).toEqual(['r1', 'r2', null])
  })

  test('one over the previous slot makes a swap refuse, but not a rollback, which drops nothing', async () => {
    const database = await liveR2()
    await database.pool.query('create schema site; create view site.old as select * from tap_schema_previous.tables')
    await stageRelease(database.pool, stageRequest('r3'))
    expect(await attempt(swap, database, { expectedVersion: 'r3' })).toMatchObject({
      code: 'dependent_objects',
      objects: ['view site.old'],
    })
    const outcome = await rollback(database.pool, { expectedVersion: 'r1', actor })
    expect(outcome.warnings).toEqual([expect.stringContaining('view site.old')])
    expect((await database.pool.query('select count(*)::int from site.old')).rows).toEqual([{ count: 6 }])
  })
})

describe('readers', () => {
  test('a slow reader delays a swap until it is done', async () => {
    const database = await liveR1StagedR2()
    const reader = await connectAs(database.url)
    await reader.query('begin; select count(*) from tap_schema.tables')
    const swapping = swap(database.pool, { expectedVersion: 'r2', actor, lockTimeoutMs: 200 })
    // The swap meets the reader, waits for it in vain, and gives way.
    const patiently = { timeout: 60_000, interval: 5 }
    await expect.poll(() => waiting(database), patiently).toBe(1)
    await expect.poll(() => waiting(database), patiently).toBe(0)
    const other = await connectAs(database.url)
    expect((await other.query('select version from tap_schema.version')).rows).toEqual([{ version: 'r1' }])
    expect((await reader.query('select version from tap_schema.version')).rows).toEqual([{ version: 'r1' }])
    await reader.query('commit')
    const outcome = await swapping
    expect(outcome.attempts).toBeGreaterThan(1)
    expect((await reader.query('select version from tap_schema.version')).rows).toEqual([{ version: 'r2' }])
  })

  test('one that never ends makes the swap give up as busy, with nothing changed', async () => {
    const database = await liveR1StagedR2()
    const reader = await connectAs(database.url)
    await reader.query('begin; select count(*) from tap_schema.tables')
    const error = await attempt(swap, database, { expectedVersion: 'r2', deadlineMs: 400, lockTimeoutMs: 20 })
    expect(error).toMatchObject({ code: 'busy', permanent: false })
    await reader.query('commit')
    expect(await versions(database)).toEqual(['r1', 'r2', null])
  })

  test('a stage that is running makes the swap wait its turn', async () => {
    const database = await liveR1StagedR2()
    const blocker = await connectAs(database.url)
    await blocker.query(`begin; select pg_advisory_xact_lock(${0x616c6d61}, 0)`)
    expect(await attempt(swap, database, { expectedVersion: 'r2', deadlineMs: 200 })).toMatchObject({ code: 'busy' })
    await blocker.query('rollback')
    expect(await attempt(swap, database, { expectedVersion: 'r2' })).toMatchObject({ live: 'r2' })
  })

  test('prepared statements read the live slot across swaps and rollbacks', async () => {
    const database = await liveR1()
    const session = await connectAs(database.url)
    const read = () => session.query({ name: 'version', text: 'select version from tap_schema.version' })
    const seen: unknown[] = [(await read()).rows[0].version]
    await deploy(database, 'r2')
    seen.push((await read()).rows[0].version)
    await rollback(database.pool, { expectedVersion: 'r1', actor })
    seen.push((await read()).rows[0].version)
    expect(seen).toEqual(['r1', 'r2', 'r1'])
  })

  test('prepared statements with `select *` too: releases that are loaded with the same options have the same columns', async () => {
    const database = await liveR1()
    const session = await connectAs(database.url)
    const tables = ['schemas', 'tables', 'columns', 'keys', 'key_columns']
    const relations = [...tables, ...tables.map((table) => `${table}11`), 'version', 'versions']
    const read = async () => {
      for (const name of relations) await session.query({ name, text: `select * from tap_schema.${name}` })
      return (await session.query({ name: 'version', text: 'select * from tap_schema.version' })).rows[0].version
    }
    const seen = [await read()]
    for (const version of ['r2', 'r3']) {
      const files = new Map([['other.yaml', sampleSchema('other', { image: [{ name: 'url', datatype: 'text' }] })]])
      await stageRelease(database.pool, stageRequest(version, { files }))
      await swap(database.pool, { expectedVersion: version, actor })
      seen.push(await read())
    }
    await rollback(database.pool, { expectedVersion: 'r2', actor })
    expect([...seen, await read()]).toEqual(['r1', 'r2', 'r3', 'r2'])
  })

  test('no query that joins the tables, in any order, sees one of the old release and another of the new one', async () => {
    const database = await createTestDatabase()
    for (const version of ['r1', 'r2']) {
      const files = new Map([['survey.yaml', sampleSchema(`survey_${version}`)]])
      await stageRelease(database.pool, stageRequest(version, { files }))
      await swap(database.pool, { expectedVersion: version, actor })
    }
    let running = true
    const seen = {
      'versions v, schemas11 s, tables11 t, columns11 c': new Set<string>(),
      'columns11 c, tables11 t, schemas11 s, versions v': new Set<string>(),
      'version v, tables t, columns c, schemas s': new Set<string>(),
    }
    const read = async ([tables, answers]: readonly [string, Set<string>]) => {
      const reader = await connectAs(database.url)
      const from = tables.replaceAll(/\w+ \w/g, (table) => `tap_schema.${table}`)
      while (running) {
        const found = await reader.query(`
          select v.version, s.schema_name, t.schema_name as of_table, c.table_name from ${from}
           where s.schema_name <> 'tap_schema' and t.schema_name <> 'tap_schema' and c.table_name not like 'tap_schema.%'`)
        answers.add(JSON.stringify(found.rows[0]))
      }
    }
    const readers = [...Object.entries(seen), ...Object.entries(seen)].map(read)
    for (let turn = 0; turn < 2 * runs(3); turn++) {
      await rollback(database.pool, { expectedVersion: turn % 2 === 0 ? 'r1' : 'r2', actor })
    }
    running = false
    await Promise.all(readers)
    const whole = (version: string) => {
      const schema = `survey_${version}`
      return JSON.stringify({ version, schema_name: schema, of_table: schema, table_name: `${schema}.object` })
    }
    for (const [tables, answers] of Object.entries(seen)) {
      expect([...answers].sort(), tables).toEqual([whole('r1'), whole('r2')])
    }
  })
})

/** Sessions of the database that wait for a lock. */
async function waiting(database: TestDatabase): Promise<number> {
  const found = await database.pool.query<{ count: number }>(
    `select count(*)::int from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  )
  return found.rows[0]!.count
}

/** Which schemas and relations there are, whose they are, and how much has happened. */
async function lookAtSlots(database: TestDatabase): Promise<unknown> {
  const found = await database.pool.query(`
    select n.nspname, n.oid, n.nspowner, n.nspacl::text, (select count(*) from almagest.history) as entries,
           (select json_agg(json_build_array(oid, relname, relowner, relacl) order by oid) from pg_class where relnamespace = n.oid)
      from pg_namespace n where starts_with(n.nspname, 'tap_schema') order by n.nspname`)
  return found.rows
}

test('a connection lost at any step of a swap changes nothing, and the next try succeeds', async () => {
  const database = await liveR2StagedR3()
  const before = await lookAtSlots(database)
  const { first, by } = everyNth(3)
  for (let step = first; ; step += by) {
    const dying = poolDyingAt(database.pool, database.pool, step)
    const outcome = await swap(dying.pool, { expectedVersion: 'r3', actor }).catch((error) => error)
    if (outcome.outcome === 'swapped') {
      expect(step).toBeGreaterThan(8)
      break
    }
    expect(outcome, `step ${step}`).toMatchObject({ code: 'database', permanent: false })
    expect(await lookAtSlots(database), `step ${step}`).toEqual(before)
  }
  expect(await versions(database)).toEqual(['r3', null, 'r2'])
})

test('a connection lost at any step of a rollback changes nothing', async () => {
  const database = await liveR2()
  const before = await lookAtSlots(database)
  const { first, by } = everyNth(3)
  for (let step = first; ; step += by) {
    const dying = poolDyingAt(database.pool, database.pool, step)
    const outcome = await rollback(dying.pool, { expectedVersion: 'r1', actor }).catch((error) => error)
    if (outcome.outcome === 'rolled_back') {
      expect(step).toBeGreaterThan(6)
      break
    }
    expect(outcome, `step ${step}`).toMatchObject({ code: 'database' })
    expect(await lookAtSlots(database), `step ${step}`).toEqual(before)
  }
  expect(await versions(database)).toEqual(['r1', null, 'r2'])
})
