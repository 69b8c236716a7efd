import type { QueryConfig } from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import type { JobConnection } from '../../../shared/results/classify/read-job-table.ts'
import { openUwsJobs } from '../../../shared/results/classify/uws-jobs.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'
import { JOB_TABLE } from '../config.ts'

/** As CADC's UWS library makes it: unquoted names, ids of fixed width, times without zone that mean UTC. */
const CADC = `
  create schema uws;
  create table uws.Job (
    jobID char(16) primary key,
    executionPhase varchar(16) not null,
    destructionTime timestamp,
    deletedByUser smallint not null default 0,
    creationTime timestamp not null
  );
  insert into uws.Job values
    ('abcdefgh01234567', 'COMPLETED', '2026-11-21 12:00:00.5', 0, '2026-11-14 12:00'),
    ('short', 'executing', null, 0, '2026-11-20 12:00'),
    ('gone', 'ERROR', 'infinity', 1, '2026-11-01 12:00')`

describe("CADC's table of jobs", () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase({ initialised: false, keep: true })
    await database.pool.query(CADC)
    // What a session thinks of time zones and of digits must not matter.
    const name = new URL(database.url).pathname.slice(1)
    await database.pool.query(
      `alter database ${name} set timezone = 'Asia/Tokyo'; alter database ${name} set extra_float_digits = -15`,
    )
    return () => database.drop()
  })
  const open = (change: object = {}) =>
    openUwsJobs(async () => database.poolAs('postgres', 1), { ...JOB_TABLE, ...change })

  it('finds the jobs that are there, in one query', async () => {
    const jobs = await open().find(['abcdefgh01234567', 'short', 'gone', 'never'])
    expect(Object.fromEntries(jobs)).toEqual({
      abcdefgh01234567: { phase: 'COMPLETED', destruction: Date.parse('2026-11-21T12:00:00.5Z'), deletedByUser: false },
      short: { phase: 'EXECUTING', destruction: null, deletedByUser: false },
      gone: { phase: 'ERROR', destruction: 9e15, deletedByUser: true },
    })
  })

  it('says how far it reaches', async () => {
    const { newest, now } = await open().inspect()
    expect(newest).toBe(Date.parse('2026-11-20T12:00:00Z'))
    expect(Math.abs(now - Date.now())).toBeLessThan(60_000)
  })

  it('finds nothing for ids that are no ids', async () => {
    expect((await open().find(["'; drop table uws.Job; --", 'ä', ''])).size).toBe(0)
  })

  it('is asked for ids with a zero byte in vain, and for the others all the same', async () => {
    expect([...(await open().find(['a\0b', 'short'])).keys()]).toEqual(['short'])
  })

  it('finds a job for an id that its column takes for the same, so that no result of it is an orphan', async () => {
    const id = '6f9619ff-8b86-d011-b42d-00c04fc964ff'
    await database.pool.query(`
      create table uws.Uuids (jobID uuid, executionPhase text, destructionTime timestamp, deletedByUser boolean,
                              creationTime timestamp);
      insert into uws.Uuids values ('${id}', 'COMPLETED', null, false, '2026-11-21');
      create table uws.Numbers as select 7 as jobID, executionPhase, destructionTime, deletedByUser, creationTime
                                    from uws.Uuids`)
    const uuids = open({ table: ['uws', 'uuids'] })
    expect([...(await uuids.find([id.toUpperCase()])).keys()]).toContain(id.toUpperCase())
    expect([...(await uuids.find(['no-uuid', id])).keys()]).toEqual([id])
    expect([...(await open().find(['short  '])).keys()]).toContain('short  ')
    const numbers = open({ table: ['uws', 'numbers'] })
    expect([...(await numbers.find(['7', '99999999999', 'x'])).keys()]).toEqual(['7'])
    await expect(numbers.find(['007'])).rejects.toMatchObject({ code: 'job_table', permanent: false })
  })

  it.each([
    ['1', true],
    ['-1', true],
    ['2.0', true],
    ['T', true],
    ['yes', true],
    ['0', false],
    ['0.00', false],
    ['N', false],
    ['no', false],
    ['', false],
    [' ', false],
    ['1970-01-01', false],
    [null, false],
  ])('takes %j for: deleted by the user is %s, and nothing unknown for a yes', async (text, deletedByUser) => {
    await database.pool.query(`
      drop table if exists uws.texts;
      create table uws.texts as select jobid, executionphase, destructiontime, creationtime, null::text as deletedbyuser
                                  from uws.job where jobid = 'short'`)
    await database.pool.query('update uws.texts set deletedbyuser = $1', [text])
    expect((await open({ table: ['uws', 'texts'] }).find(['short'])).get('short')).toMatchObject({ deletedByUser })
  })

  it('that is empty says so', async () => {
    await database.pool.query('create table uws.Empty (like uws.Job)')
    expect((await open({ table: ['uws', 'empty'] }).inspect()).newest).toBeNull()
  })

  it('may have other names, times with zone and truth values', async () => {
    await database.pool.query(`
      create table "Jobs" ("Id" text, state text, dies timestamptz, killed boolean, born timestamptz);
      insert into "Jobs" values ('a', 'ABORTED', '2026-11-21 12:00+02', true, '2026-11-21 00:00+00'),
                                ('b', 'ABORTED', null, null, null)`)
    const jobs = open({
      table: ['Jobs'],
      idColumn: 'Id',
      phaseColumn: 'state',
      destructionColumn: 'dies',
      deletedColumn: 'killed',
      creationColumn: 'born',
    })
    expect(Object.fromEntries(await jobs.find(['a', 'b']))).toEqual({
      a: { phase: 'ABORTED', destruction: Date.parse('2026-11-21T10:00:00Z'), deletedByUser: true },
      b: { phase: 'ABORTED', destruction: null, deletedByUser: false },
    })
    expect((await jobs.inspect()).newest).toBe(Date.parse('2026-11-21T00:00:00Z'))
  })

  it('that is not there fails as something that may pass', async () => {
    const error = { code: 'job_table', permanent: false, message: expect.stringContaining('uws.nowhere') }
    await expect(open({ table: ['uws', 'nowhere'] }).find(['a'])).rejects.toMatchObject(error)
    const down = openUwsJobs(() => Promise.reject(new Error('no connection')), JOB_TABLE)
    await expect(down.inspect()).rejects.toMatchObject({ code: 'job_table' })
  })
})

describe('a table that may not show every job as it is now gives no answer', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase({ initialised: false, keep: true })
    await database.pool.query(`${CADC};
      create role ${READER} login;
      grant usage on schema uws to ${READER};
      create schema other;
      create table public.alone (like uws.job);
      insert into public.alone select * from uws.job;
      create table other.twin (like uws.job);
      create table uws.twin (like uws.job);
      create view uws.some as select * from uws.job where deletedByUser = 0;
      create materialized view uws.once as select * from uws.job;
      create foreign data wrapper nowhere;
      create server elsewhere foreign data wrapper nowhere;
      create foreign table uws.far (jobid varchar) server elsewhere;
      create sequence uws.counter;
      create table uws.whole (like uws.job) partition by range (creationTime);
      create table uws.old partition of uws.whole for values from (minvalue) to ('2026-11-10');
      create table uws.new partition of uws.whole for values from ('2026-11-10') to (maxvalue);
      insert into uws.whole select * from uws.job;
      create table uws.child () inherits (uws.job);
      create table uws.history as select * from uws.job union all select jobid, 'ARCHIVED', null, 1, now() from uws.job;
      grant select on all tables in schema uws to ${READER}`)
    return async () => {
      await database.pool.query(`drop owned by ${READER}; drop role ${READER}`)
      await database.drop()
    }
  })
  const READER = 'job_reader_of_test'
  const open = (table: readonly string[]) =>
    openUwsJobs(async () => database.poolAs('postgres', 1), { ...JOB_TABLE, table })
  const refusal = (message: RegExp) => ({
    code: 'job_table',
    permanent: false,
    message: expect.stringMatching(message),
  })

  it.each<[string, RegExp]>([
    ['some', /is a view, which can leave jobs out/],
    ['once', /materialized view/],
    ['far', /foreign table/],
    ['counter', /not a table/],
    ['old', /part of another table/],
    ['child', /part of another table/],
    ['nowhere', /does not exist/],
  ])('uws.%s', async (name, message) => {
    const jobs = open(['uws', name])
    await expect(jobs.find(['short'])).rejects.toMatchObject(refusal(message))
    await expect(jobs.inspect()).rejects.toMatchObject(refusal(message))
  })

  it('with several rows for a job, of which one may be an old one', async () => {
    await expect(open(['uws', 'history']).find(['short'])).rejects.toMatchObject(
      refusal(/several rows for the job short/),
    )
  })

  it('with row security that hides some of them from the reader, and an answer for who sees all', async () => {
    await database.pool.query(`
      create table uws.secret (like uws.job);
      insert into uws.secret select * from uws.job;
      alter table uws.secret enable row level security;
      create policy own on uws.secret for select to ${READER} using (jobid = 'short');
      grant select on uws.secret to ${READER}`)
    const reader = database.poolAs(READER, 1)
    const jobs = openUwsJobs(async () => reader, { ...JOB_TABLE, table: ['uws', 'secret'] })
    await expect(jobs.find(['short', 'gone'])).rejects.toMatchObject(refusal(/row-level security/))
    await expect(jobs.inspect()).rejects.toMatchObject(refusal(/row-level security/))
    expect((await open(['uws', 'secret']).find(['short', 'gone'])).size).toBe(2)
  })

  it('of a replica', async () => {
    // A standby of its own would say the same of itself.
    const pool = database.poolAs('postgres', 1)
    const standby = {
      async connect() {
        const client = await pool.connect()
        const query = (config: QueryConfig) =>
          client.query({ ...config, text: config.text.replace('pg_is_in_recovery()', 'true') })
        return { query: query as JobConnection['query'], release: (error?: Error) => client.release(error) }
      },
    }
    const jobs = openUwsJobs(async () => standby, { ...JOB_TABLE, table: ['uws', 'job'] })
    await expect(jobs.find(['short'])).rejects.toMatchObject(refusal(/replica/))
  })

  it('without a schema, when several have one of its name; else it is found whatever the search path', async () => {
    const [{ current }] = (await database.pool.query('select current_database() as current')).rows
    await database.pool.query(`alter database "${current}" set search_path = other, uws`)
    await expect(open(['twin']).find(['short'])).rejects.toMatchObject(refusal(/in other, uws: write the schema/))
    expect((await open(['alone']).find(['short'])).size).toBe(1)
    expect((await open(['uws', 'whole']).find(['short', 'gone'])).size).toBe(2)
  })

  it('even where sessions begin with settings that hide rows or keep an old snapshot, it shows what is there', async () => {
    const [{ current }] = (await database.pool.query('select current_database() as current')).rows
    await database.pool.query(`
      alter database "${current}" set default_transaction_isolation = 'serializable';
      alter database "${current}" set default_transaction_deferrable = on;
      alter database "${current}" set row_security = on`)
    const jobs = open(['uws', 'job'])
    expect((await jobs.find(['fresh'])).size).toBe(0)
    await database.pool.query(`insert into uws.job values ('fresh', 'COMPLETED', null, 0, '2026-11-21')`)
    expect((await jobs.find(['fresh'])).size).toBe(1)
    expect((await jobs.inspect()).newest).toBe(Date.parse('2026-11-21T00:00:00Z'))
  })
})
