import { beforeAll, describe, expect, it } from 'vitest'
import { openUwsJobs } from '../../shared/results/uws-jobs.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { JOB_TABLE } from './config.ts'

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

  it('tells of the jobs that are there, in one question', async () => {
    const jobs = await open().find(['abcdefgh01234567', 'short', 'gone', 'never'])
    expect(Object.fromEntries(jobs)).toEqual({
      abcdefgh01234567: { phase: 'COMPLETED', destruction: Date.parse('2026-11-21T12:00:00.5Z'), deletedByUser: false },
      short: { phase: 'EXECUTING', destruction: null, deletedByUser: false },
      gone: { phase: 'ERROR', destruction: 9e15, deletedByUser: true },
    })
  })

  it('tells how far it reaches', async () => {
    expect(await open().newest()).toBe(Date.parse('2026-11-20T12:00:00Z'))
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
    const row = { id: 'a', phase: 'COMPLETED', destruction: null, deleted: text }
    const jobs = openUwsJobs(async () => ({ query: async () => ({ rows: [row] }) as never }), JOB_TABLE)
    expect((await jobs.find(['a'])).get('a')).toMatchObject({ deletedByUser })
  })

  it('that is empty says so', async () => {
    await database.pool.query('create table uws.Empty (like uws.Job)')
    expect(await open({ table: ['uws', 'empty'] }).newest()).toBeNull()
  })

  it('may have other names, times with zone and truth values', async () => {
    await database.pool.query(`
      create table "Jobs" ("Id" text, state text, dies timestamptz, killed boolean, born timestamptz);
      insert into "Jobs" values ('a', 'ABORTED', '2026-11-21 12:00+02', true, '2026-11-21 00:00+00'),
                                ('b', 'ABORTED', null, null, null)`)
    const columns = { id: 'Id', phase: 'state', destruction: 'dies', deleted: 'killed', creation: 'born' }
    const jobs = open({ table: ['Jobs'], columns })
    expect(Object.fromEntries(await jobs.find(['a', 'b']))).toEqual({
      a: { phase: 'ABORTED', destruction: Date.parse('2026-11-21T10:00:00Z'), deletedByUser: true },
      b: { phase: 'ABORTED', destruction: null, deletedByUser: false },
    })
    expect(await jobs.newest()).toBe(Date.parse('2026-11-21T00:00:00Z'))
  })

  it('that is not there fails as something that may pass', async () => {
    const error = { code: 'job_table', permanent: false, message: expect.stringContaining('uws.nowhere') }
    await expect(open({ table: ['uws', 'nowhere'] }).find(['a'])).rejects.toMatchObject(error)
    const down = openUwsJobs(() => Promise.reject(new Error('no connection')), JOB_TABLE)
    await expect(down.newest()).rejects.toMatchObject({ code: 'job_table' })
  })
})
