import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { initialiseDatabase } from '../../shared/tap-schema/roles.ts'
import { abortJob, deleteJob, queueJob, setDestruction, setExecutionSeconds } from '../../shared/uws/change-job.ts'
import { createJob, newJobId } from '../../shared/uws/create-job.ts'
import { listEvents } from '../../shared/uws/event.ts'
import {
  deleteDue,
  findUncleared,
  forgetCleared,
  markCleared,
  markDispatched,
  markOwed,
  takeBackSilent,
  takeUndispatched,
} from '../../shared/uws/owed-work.ts'
import { readUsage } from '../../shared/uws/quota.ts'
import { listJobs, readJob, readPhases } from '../../shared/uws/read-jobs.ts'
import { initialiseJobs } from '../../shared/uws/roles.ts'
import {
  claimJob,
  completeJob,
  expireJob,
  failJob,
  holdsClaim,
  renewLease,
  returnJob,
} from '../../shared/uws/work-on-job.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

let database: TestDatabase
let user: pg.Pool

/** As `almagest init --jobs-user LOGIN`. */
const initialise = (pool: pg.Pool, users: readonly string[]) =>
  initialiseDatabase(pool, { prepareMore: (client) => initialiseJobs(client, users) })

beforeAll(async () => {
  database = await createTestDatabase({ initialised: false, keep: true })
  const login = await database.createLogin()
  user = database.poolAs(login)
  await initialise(database.pool, [login])
})
afterAll(() => database.drop())

const create = (run: boolean) =>
  createJob(user, {
    ...{ id: newJobId(), server: 'tap', owner: 'ada', runId: null, parameters: [], uploads: [] },
    ...{ executionSeconds: 60, keptSeconds: 3600, run },
  })

// What they cannot do, and others cannot, is in test/tap-schema/rights.ts.
describe('who may work with jobs', () => {
  test('can do all that the functions do', async () => {
    const { id } = await create(false)
    expect(await setExecutionSeconds(user, id, 30)).toMatchObject({ executionSeconds: 30 })
    expect(await setDestruction(user, id, new Date(Date.now() + 60_000), 3600)).toBeDefined()
    expect(await queueJob(user, id)).toMatchObject({ phase: 'QUEUED' })
    expect(await markDispatched(user, id)).toBe(true)
    await markOwed(user, id)
    expect(await takeUndispatched(user, 'tap', 60)).toEqual([id])
    const claim = (await claimJob(user, id, 30))!
    expect([await holdsClaim(user, claim), await renewLease(user, claim, 30)]).toEqual([true, true])
    expect(await takeBackSilent(user, 'tap')).toEqual([])
    expect(await returnJob(user, claim)).toBe(true)
    const again = (await claimJob(user, id, 30))!
    const stored = { object: `r/${id}`, generation: '1', bytes: 1, contentType: 'text/xml' }
    expect(await completeJob(user, again, { ...stored, rows: 1, overflow: false }, 'r1')).toBe(true)
    expect(await failJob(user, again, { type: 'fatal', message: 'late' })).toBe(false)
    expect(await expireJob(user, again, 'late')).toBe(false)
    expect((await readPhases(user, [id])).get(id)).toBe('COMPLETED')
    const listed = await listJobs(user, {
      server: 'tap',
      owner: 'ada',
      modes: ['async'],
      phases: [],
      after: null,
      last: 10,
    })
    expect(listed.map((job) => job.id)).toEqual([id])
    expect(await deleteJob(user, id)).toBe(true)
    expect(await deleteDue(user, 'tap')).toBe(0)
    expect(await findUncleared(user, 'tap', 10)).toEqual([id])
    await markCleared(user, id)
    expect(await forgetCleared(user, 'tap')).toBe(1)
    expect(await readJob(user, 'tap', id)).toBeUndefined()
    expect(await abortJob(user, (await create(true)).id)).toMatchObject({ phase: 'ABORTED' })
  })
})

/** As the first version made it. */
const FIRST_TABLE = `
create schema uws;
create table uws.job (
  id text primary key,
  server text not null,
  owner text,
  run_id text check (length(run_id) <= 64),
  phase text not null default 'PENDING'
    check (phase in ('PENDING', 'QUEUED', 'EXECUTING', 'COMPLETED', 'ERROR', 'ABORTED', 'ARCHIVED')),
  created_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
  started_at timestamptz,
  ended_at timestamptz,
  execution_seconds integer not null check (execution_seconds > 0),
  destruction timestamptz not null,
  parameters jsonb not null default '[]',
  uploads jsonb not null default '[]',
  error jsonb,
  result jsonb,
  release text,
  fence bigint not null default 0,
  silences integer not null default 0,
  lease_until timestamptz,
  dispatched_at timestamptz,
  deleted_at timestamptz,
  check ((phase = 'COMPLETED') <= (result is not null or deleted_at is not null)),
  check ((phase = 'EXECUTING') <= (lease_until is not null))
);
create index job_of_owner on uws.job (server, owner, created_at desc) where deleted_at is null;
create index job_due on uws.job (destruction)`

describe('preparing the table of jobs', () => {
  test('a second time keeps the jobs, and who may work with them', async () => {
    const { id } = await create(false)
    const later = await database.createLogin()
    await initialise(database.pool, [later])
    expect(await readJob(user, 'tap', id)).toMatchObject({ id })
    expect(await readJob(database.poolAs(later), 'tap', id)).toMatchObject({ id })
  })

  test('adds an index that is missing', async () => {
    const other = await createTestDatabase({ initialised: false })
    await initialise(other.pool, [])
    await other.pool.query('drop index uws.job_due')
    await initialise(other.pool, [])
    const { rows } = await other.pool.query("select to_regclass('uws.job_due')::text as name")
    expect(rows).toEqual([{ name: 'uws.job_due' }])
  })

  test('upgrades the table of an earlier version, with its jobs', async () => {
    const other = await createTestDatabase({ initialised: false })
    await other.pool.query(`${FIRST_TABLE};
      insert into uws.job (id, server, owner, phase, execution_seconds, destruction, result, uploads) values
        ('done', 'tap', 'ada', 'COMPLETED', 60, now() + interval '1 day', '{"bytes": 12}', '[{"bytes": 5}, {"bytes": 6}]'),
        ('gone', 'tap', 'ada', 'ABORTED', 60, now() + interval '1 day', null, '[]')`)
    await initialise(other.pool, [])
    await initialise(other.pool, [])
    expect(await readJob(other.pool, 'tap', 'done')).toMatchObject({ phase: 'COMPLETED', mode: 'async' })
    expect(await readUsage(other.pool, 'tap', 'ada')).toMatchObject({ storedBytes: 23 })
    expect(await deleteJob(other.pool, 'done')).toBe(true)
    expect((await listEvents(other.pool, { server: 'tap', type: 'job', id: 'done' })).map(({ kind }) => kind)).toEqual([
      'JOB_REMOVED',
    ])
    const sync =
      "insert into uws.job (id, server, mode, phase, execution_seconds, destruction) values ('s', 'tap', $1, 'COMPLETED', 1, now())"
    await expect(other.pool.query(sync, ['async'])).rejects.toMatchObject({ code: '23514' })
    await other.pool.query(sync, ['sync'])
  })

  test('beside the jobs of another service is refused', async () => {
    const other = await createTestDatabase({ initialised: false })
    await other.pool.query('create schema uws; create table uws.Job (jobID varchar(16) primary key)')
    const refusal = { code: 'foreign_jobs', permanent: true, message: expect.stringContaining('another database') }
    await expect(initialise(other.pool, [])).rejects.toMatchObject(refusal)
  })

  test('needs a login that may create roles, and says so', async () => {
    const other = await createTestDatabase({ initialised: false })
    const login = await other.createLogin()
    await expect(initialise(other.poolAs(login), [])).rejects.toMatchObject({ code: 'missing_role' })
  })

  test('for a login that does not exist says which', async () => {
    const other = await createTestDatabase({ initialised: false })
    const message = expect.stringContaining('nobody_of_that_name')
    await expect(initialise(other.pool, ['nobody_of_that_name'])).rejects.toMatchObject({ message })
  })

  test('in several databases of a cluster at once makes one role', async () => {
    const others = await Promise.all([1, 2, 3].map(() => createTestDatabase({ initialised: false })))
    await expect(Promise.all(others.map(({ pool }) => initialise(pool, [])))).resolves.toHaveLength(3)
  })
})
