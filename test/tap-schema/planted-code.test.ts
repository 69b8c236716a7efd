import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openUwsJobs } from '../../shared/results/classify/uws-jobs.ts'
import { diffSlots } from '../../shared/tap-schema/diff.ts'
import { findForeignCode } from '../../shared/tap-schema/foreign-code.ts'
import { readLiveSlot } from '../../shared/tap-schema/live-slot.ts'
import { initialiseDatabase } from '../../shared/tap-schema/roles.ts'
import { rollback } from '../../shared/tap-schema/rollback.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { readStatus } from '../../shared/tap-schema/status.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { stageRequest } from '../support/sample-release.ts'

/** A loader may do what it likes with the staging slot. None of that may run, or count, once others come to it. */
let database: TestDatabase
let loaderLogin: string
let loader: pg.Pool
let operator: pg.Pool
let reader: pg.Pool

const actor = 'tester'
const stage = (version: string, pool = loader) =>
  stageRelease(pool, stageRequest(version, { readers: [readerLogin], redelivery: 'restage' }))
let readerLogin: string

beforeAll(async () => {
  database = await createTestDatabase({ initialised: false, keep: true })
  loaderLogin = await database.createLogin()
  const operatorLogin = await database.createLogin()
  readerLogin = await database.createLogin()
  await initialiseDatabase(database.pool, {
    stagers: [loaderLogin],
    operators: [operatorLogin],
    readers: [readerLogin],
  })
  ;[loader, operator, reader] = [loaderLogin, operatorLogin, readerLogin].map((login) => database.poolAs(login, 2)) as [
    pg.Pool,
    pg.Pool,
    pg.Pool,
  ]
  await stage('r1')
  await swap(operator, { expectedVersion: 'r1', actor })
  // What the planted code does wherever it can: everybody sees it at once.
  await loader.query(`
    create schema loaders;
    grant usage on schema loaders to public;
    create table loaders.parent (a int);
    alter schema loaders owner to almagest_stager;
    alter table loaders.parent owner to almagest_stager;
    create domain loaders.name as varchar;
    create function loaders.plant() returns void language plpgsql as $$
    begin
      update tap_schema.tables11 set description = 'planted';
    end $$;
    create function loaders.mark(text) returns text language plpgsql immutable as $$
    begin
      if current_user not in ('${loaderLogin}', 'almagest_stager') then perform loaders.plant(); end if;
      return $1;
    end $$;
    create function loaders.on_change() returns trigger language plpgsql as $$
    begin
      perform loaders.plant();
      return new;
    end $$`)
})

// By the operator: looking at what is to be replaced must not run it either.
beforeEach(async () => void (await stage('r2', operator)))

afterAll(() => database?.drop())

const S = 'tap_schema_staging'

/** What is planted in the staging slot, and how the refusal of the swap names it. */
const PLANTED: readonly (readonly [string, RegExp])[] = [
  [
    `drop view ${S}.version; create view ${S}.version as select loaders.mark(version) as version, loaded_at from ${S}.versions`,
    /view \S+version uses function loaders.mark/,
  ],
  [
    `drop view ${S}.version; alter table ${S}.versions rename to v; create view ${S}.versions as select loaders.mark(version) as version, bucket, object, generation, sha256, bytes, staged_by, loaded_at from ${S}.v`,
    /uses function loaders.mark/,
  ],
  [
    `drop view ${S}.tables; create view ${S}.tables as select * from ${S}.tables11 where loaders.mark(table_name) = table_name`,
    /uses function loaders.mark/,
  ],
  [
    `drop view ${S}.tables; create view ${S}.tables as select * from ${S}.tables11 where pg_sleep(0) is not null`,
    /view \S+tables does more than name columns/,
  ],
  [
    `drop view ${S}.tables; create view ${S}.tables as select t.*, table_name::bytea as b from ${S}.tables11 t`,
    /view \S+tables does more/,
  ],
  [`create view ${S}.others as select * from loaders.parent`, /view \S+others uses column a of table loaders.parent/],
  [`create function ${S}.helper() returns int language sql as 'select 1'`, /function \S+helper\(\)/],
  [
    `create function ${S}.helper(text) returns text immutable language sql as 'select loaders.mark($1)'; create index on ${S}.tables11 (${S}.helper(utype))`,
    /function \S+helper/,
  ],
  [`create index on ${S}.tables11 (loaders.mark(table_name))`, /index \S+ uses function loaders.mark/],
  [
    `create index on ${S}.tables11 (table_name) where loaders.mark(utype) is null`,
    /index \S+ uses function loaders.mark/,
  ],
  [
    `create statistics ${S}.s on loaders.mark(utype), table_name from ${S}.tables11`,
    /statistics object \S+ uses function loaders.mark/,
  ],
  [
    `alter table ${S}.tables11 alter utype set default loaders.mark('x')`,
    /default value .* uses function loaders.mark/,
  ],
  [
    `alter table ${S}.tables11 add column g text generated always as (loaders.mark(table_name)) stored`,
    /uses function loaders.mark/,
  ],
  [
    `alter table ${S}.tables11 add check (loaders.mark(table_name) is not null)`,
    /constraint .* uses function loaders.mark/,
  ],
  [`alter table ${S}.tables11 add column d loaders.name`, /column d .* uses type loaders.name/],
  [`alter table ${S}.tables11 add column d loaders.name[]`, /column d .* uses type/],
  [`create type ${S}.kind as enum ('a')`, /type \S+kind/],
  [
    `create trigger t after update or delete on ${S}.tables11 for each row execute function loaders.on_change()`,
    /trigger t on table \S+tables11/,
  ],
  [
    `create trigger t before update on ${S}.tables11 for each row execute function suppress_redundant_updates_trigger()`,
    /trigger t on table/,
  ],
  [`create rule r as on update to ${S}.tables11 do also select loaders.plant()`, /rule r on table \S+tables11/],
  [`create policy p on ${S}.tables11 using (loaders.mark(table_name) is not null)`, /policy p on table \S+tables11/],
  [`alter table ${S}.tables11 enable row level security`, /tables11 has row level security/],
  [`create table ${S}.child () inherits (loaders.parent)`, /uses .*table loaders.parent/],
  [`create materialized view ${S}.m as select 1`, /materialized view \S+\.m/],
  [
    `alter table ${S}.tables11 rename to real; create table ${S}.tables11 (like ${S}.real); create rule "_RETURN2" as on insert to ${S}.tables11 do instead select loaders.plant()`,
    /rule _RETURN2 on table/,
  ],
]

async function liveRow(pool: pg.Pool): Promise<unknown> {
  const { rows } = await pool.query(`
    select version, (select count(*)::int from tap_schema.tables where description = 'planted') as planted
      from tap_schema.version`)
  return rows[0]
}

/** The loader leaves what it makes to the role, as the functions do; what is its own, the owner cannot take over. */
const plant = (statements: string) => loader.query(`begin; set local role almagest_stager; ${statements}; commit`)

test('whatever could run as another login is found', async () => {
  const client = await loader.connect()
  const outcomes: unknown[] = []
  for (const [statements, named] of PLANTED) {
    await client.query(`begin; set local role almagest_stager; ${statements}`)
    const found = await findForeignCode(client, S)
    await client.query('rollback')
    if (!found.some((object) => named.test(object))) outcomes.push([statements, found])
  }
  expect(outcomes).toEqual([])
  expect(await findForeignCode(client, S)).toEqual([])
  client.release()
})

test.each(PLANTED.filter(([statements]) => /view .*mark|trigger|index/.test(statements)).slice(0, 6))(
  'code in the staging slot neither runs nor goes live: %s',
  async (statements, named) => {
    await plant(statements)
    await readStatus(operator)
    await diffSlots(operator, 'live', 'staging').catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'empty_slot' })
    })
    await expect(swap(operator, { expectedVersion: 'r2', actor })).rejects.toMatchObject({
      code: 'staging_changed',
      message: expect.stringMatching(named),
    })
    expect(await liveRow(reader)).toEqual({ version: 'r1', planted: 0 })
  },
)

test('a relation that is the loader’s own stands in the way of a swap, and goes with the next stage', async () => {
  await loader.query(
    `drop view ${S}.version; create view ${S}.version as select loaders.mark(version) as version from ${S}.versions`,
  )
  await expect(swap(operator, { expectedVersion: 'r2', actor })).rejects.toMatchObject({ code: 'missing_role' })
  expect(await stage('r3', operator)).toMatchObject({ outcome: 'staged' })
  expect((await readStatus(operator)).slots.staging.version).toBe('r3')
})

test('what is planted between the look and the reading is undone by a stage', async () => {
  // PostgreSQL locks what a view reads when it is looked at.
  await plant(`drop view ${S}.version`)
  const client = await operator.connect()
  const { query } = client
  const ran: unknown[] = []
  const readAfterAll = async (args: unknown[]) => {
    await plant(`alter table ${S}.versions rename to v;
      create view ${S}.versions as select loaders.mark(version) as version, null as generation from ${S}.v`)
    const result = await Reflect.apply(query, client, args)
    ran.push(result.rows[0].version)
    return result
  }
  const spy = (...args: unknown[]) => {
    const isReading = String(args[0]).startsWith('select * from "tap_schema_staging"."versions"')
    return isReading && ran.length === 0 ? readAfterAll(args) : Reflect.apply(query, client, args)
  }
  client.query = spy as typeof client.query
  try {
    expect(await stage('r3', { connect: async () => client } as pg.Pool)).toMatchObject({ outcome: 'staged' })
  } finally {
    client.query = query
  }
  expect(ran).toEqual(['r2'])
  expect(await liveRow(reader)).toEqual({ version: 'r1', planted: 0 })
})

test('a slot that is not safe to read shows as one of unknown contents', async () => {
  await plant(
    `drop view ${S}.version; create view ${S}.version as select loaders.mark(version) as version from ${S}.versions`,
  )
  const { staging } = (await readStatus(operator)).slots
  expect(staging).toMatchObject({ exists: true, version: 'unversioned', rows: null, schemas: [] })
})

test('what a site may add to the staging slot that runs nothing does not stand in the way of a swap', async () => {
  await plant(`
    create index on ${S}.columns11 (lower(utype));
    alter table ${S}.tables11 set (autovacuum_enabled = off), alter description set statistics 500;
    alter table ${S}.tables11 alter utype set default 'none', add check (table_index is null or table_index > -1);
    comment on view ${S}.tables is 'ours';
    grant select on ${S}.tables to public;
    alter default privileges for role almagest_stager in schema ${S} grant select on tables to ${readerLogin}`)
  const outcome = await swap(operator, { expectedVersion: 'r2', actor }).catch((error: unknown) => error)
  expect(outcome).toMatchObject({ live: 'r2', warnings: [] })
  await rollback(operator, { expectedVersion: 'r1', actor })
})

test('grants that change a slot do not go live with it', async () => {
  await plant(`
    grant insert, update, trigger on ${S}.tables11 to public;
    grant update (description) on ${S}.columns11 to ${loaderLogin};
    grant all on ${S}.versions to ${loaderLogin} with grant option;
    grant all on ${S}.tables to ${loaderLogin};
    grant create on schema ${S} to public`)
  await loader.query(`grant delete on ${S}.versions to ${readerLogin}`)
  const { warnings } = await swap(operator, { expectedVersion: 'r2', actor })
  expect(warnings).toContain('public was granted insert on table tap_schema_staging.tables11: revoked')
  for (const login of [loaderLogin, readerLogin]) {
    expect(warnings.filter((warning) => warning.startsWith(login))).not.toEqual([])
  }
  for (const statement of [
    "update tap_schema.tables11 set description = 'mine'",
    "update tap_schema.tables set description = 'mine'",
    "update tap_schema.columns11 set description = 'mine'",
    'delete from tap_schema.versions',
    'create view tap_schema.mine as select 1',
    'create trigger t before update on tap_schema.tables11 execute function loaders.on_change()',
  ]) {
    for (const pool of [loader, reader]) {
      await expect(pool.query(statement), statement).rejects.toMatchObject({ code: '42501' })
    }
  }
  expect(await liveRow(reader)).toEqual({ version: 'r2', planted: 0 })
  await rollback(operator, { expectedVersion: 'r1', actor })
})

test('a live or previous slot that a stager made is neither rolled back to nor taken over by init', async () => {
  await database.pool.query('drop schema if exists tap_schema_previous cascade')
  await plant(`alter schema ${S} rename to tap_schema_previous`)
  await expect(rollback(operator, { expectedVersion: 'r2', actor })).rejects.toMatchObject({
    code: 'empty_slot',
    message: expect.stringContaining('belongs to almagest_stager'),
  })
  await expect(initialiseDatabase(database.pool)).rejects.toMatchObject({
    code: 'missing_role',
    message: expect.stringMatching(/tap_schema_previous .* belongs to almagest_stager, so that no swap/),
  })
  await stage('r3')
  await swap(operator, { expectedVersion: 'r3', actor })
  expect(await liveRow(reader)).toEqual({ version: 'r3', planted: 0 })
  await rollback(operator, { expectedVersion: 'r1', actor })
  await initialiseDatabase(database.pool)
})

test('operators of others in schema public are not used, where PostgreSQL 14 lets everybody create some', async () => {
  await database.pool.query(`
    grant create on schema public to public;
    create table public.job (jobid varchar, phase varchar, destruction timestamp, creation timestamp, deleted varchar);
    insert into public.job values ('job1', 'COMPLETED', '2026-01-01', '2025-12-01', '0');
    grant select on public.job to public`)
  await loader.query(`
    create function public.fail(varchar, varchar) returns bool language plpgsql as $$ begin raise 'planted'; end $$;
    create function public.fail(float8, int) returns float8 language plpgsql as $$ begin raise 'planted'; end $$;
    create operator public.<> (leftarg = varchar, rightarg = varchar, function = public.fail);
    create operator public.= (leftarg = varchar, rightarg = varchar, function = public.fail);
    create operator public.* (leftarg = float8, rightarg = int, function = public.fail)`)
  await expect(reader.query("select from tap_schema.schemas where schema_name <> 'a'")).rejects.toThrow('planted')
  expect(await readLiveSlot(reader, { timeoutMs: 10_000 })).toMatchObject({ version: 'r1', schemas: ['survey'] })
  const jobs = openUwsJobs(async () => reader, {
    table: ['job'],
    idColumn: 'jobid',
    phaseColumn: 'phase',
    destructionColumn: 'destruction',
    deletedColumn: 'deleted',
    creationColumn: 'creation',
  })
  expect((await jobs.find(['job1'])).get('job1')?.destruction).toBe(Date.UTC(2026, 0, 1))
  expect((await jobs.inspect()).newest).toBe(Date.UTC(2025, 11, 1))
})
