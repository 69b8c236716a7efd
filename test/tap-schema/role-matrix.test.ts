import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { initialiseRegistry } from '../../shared/registry/state/record-table.ts'
import { openUwsJobs } from '../../shared/results/classify/uws-jobs.ts'
import { diffSlots } from '../../shared/tap-schema/diff.ts'
import { readLiveSlot } from '../../shared/tap-schema/live-slot.ts'
import { initialiseDatabase } from '../../shared/tap-schema/roles.ts'
import { rollback } from '../../shared/tap-schema/rollback.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { readStatus } from '../../shared/tap-schema/status.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { createUserTable } from '../../shared/user-tables/create-table.ts'
import { initialiseUserTables } from '../../shared/user-tables/ddl.ts'
import { initialiseJobs } from '../../shared/uws/roles.ts'
import { JOB_TABLE } from '../results/config.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { stageRequest } from '../support/sample-release.ts'
import { EVERYBODY, formatRights, type Login, RIGHTS } from './rights.ts'

let database: TestDatabase
let administrator: string
/** The `readers` of the environment file. */
const READERS = ['reader', 'tap', 'publisher', 'query'] as const
const users = {} as Record<Login | 'swappingLoader' | 'tap', string>
const pools = {} as Record<keyof typeof users, pg.Pool>

beforeAll(async () => {
  database = await createTestDatabase({ initialised: false, keep: true })
  administrator = await database.createLogin()
  for (const user of [...EVERYBODY, 'swappingLoader', 'tap'] as const) {
    users[user] = await database.createLogin()
    pools[user] = database.poolAs(users[user], 2)
  }
  await database.pool.query(`
    create schema survey;
    create table survey.object (object_id bigint);
    insert into survey.object values (1);
    grant usage on schema survey to ${users.query};
    grant select on survey.object to ${users.query};
    grant ${users.query} to ${users.querier};
    create schema cadc;
    create table cadc.job (jobid varchar, executionphase varchar, destructiontime timestamp, creationtime timestamp,
                          deletedbyuser smallint);
    create table cadc.jobdetail (jobid varchar, name varchar, value varchar);
    insert into cadc.job values ('job1', 'COMPLETED', '2026-01-01', '2025-12-01', 0);
    grant usage on schema cadc to ${users.collector};
    grant select on cadc.job to ${users.collector}`)
  await initialiseDatabase(database.pool, {
    stagers: [users.loader],
    operators: [users.operator, users.swappingLoader],
    readers: READERS.map((name) => users[name]),
    async prepareMore(client) {
      await initialiseRegistry(client, [users.publisher])
      await initialiseJobs(client, [users.querier, users.watcher], [users.collector])
      await initialiseUserTables(client, [users.querier, users.watcher])
    },
  })
  const definition = { columns: [{ name: 'a', datatype: 'int', sqlType: 'integer' }] } as const
  const table = { server: 'tap', owner: 'ann', name: 'a', definition, queryRole: users.query }
  await createUserTable(pools.querier, table, {})
})

afterAll(() => database?.drop())

const actor = 'tester'
const stage = (pool: pg.Pool, version: string) =>
  stageRelease(pool, stageRequest(version, { readers: READERS.map((name) => users[name]) }))
const live = async (pool: pg.Pool) => (await readLiveSlot(pool, { timeoutMs: 10_000 }))?.version

test('each user can do its work', async () => {
  const { loader, operator, swappingLoader, reader, tap, collector } = pools
  await stage(loader, 'r1')
  await swap(operator, { expectedVersion: 'r1', actor })
  await stage(operator, 'r2')
  await stage(loader, 'r2')
  await swap(swappingLoader, { expectedVersion: 'r2', actor })
  await rollback(swappingLoader, { expectedVersion: 'r1', actor })
  await rollback(operator, { expectedVersion: 'r2', actor })
  await stage(swappingLoader, 'r3')
  await stage(loader, 'r4')
  expect((await diffSlots(operator, 'live', 'staging')).to.version).toBe('r4')
  expect((await readStatus(operator)).slots.previous.version).toBe('r1')
  expect(await live(reader)).toBe('r2')
  expect((await tap.query('select count(*)::int as n from tap_schema.tables')).rows).toEqual([{ n: 6 }])
  const jobs = openUwsJobs(async () => collector, { ...JOB_TABLE, table: ['cadc', 'job'] })
  expect((await jobs.find(['job1', 'job2'])).get('job1')?.phase).toBe('COMPLETED')
  expect((await jobs.inspect()).newest).toBe(Date.UTC(2025, 11, 1))
})

test('a loader that may swap has the rights of swap-schema, and a reader of Terraform those of discovery', async () => {
  const rightsOf = async (login: string) => {
    const { rows } = await database.pool.query(
      `select m.roleid::regrole::text as has, null as of, m.admin_option::text as how
         from pg_auth_members m where m.member = $1::text::regrole
       union all
       select a.privilege_type, c.oid::regclass::text, a.is_grantable::text
         from pg_class c cross join aclexplode(c.relacl) a where a.grantee = $1::text::regrole
       order by 1, 2`,
      [login],
    )
    return rows
  }
  const operator = await rightsOf(users.operator)
  expect(operator.map(({ has, how }) => `${has} ${how}`)).toEqual(['almagest_owner false', 'almagest_stager false'])
  expect(await rightsOf(users.swappingLoader)).toEqual(operator)
  const reader = await rightsOf(users.reader)
  expect(new Set(reader.map(({ has, how }) => `${has} ${how}`))).toEqual(new Set(['SELECT false']))
  expect(await rightsOf(users.tap)).toEqual(reader)
})

test('nobody sees what others ask', async () => {
  const busy = await pools.operator.connect()
  await busy.query("select 'a secret'")
  for (const user of EVERYBODY.filter((name) => name !== 'operator')) {
    const { rows } = await pools[user].query(
      "select query from pg_stat_activity where usename <> current_user and query like '%a secret%'",
    )
    expect(rows, user).toEqual([])
  }
  busy.release()
})

test('the README has the table of these rights', () => {
  const readme = readFileSync(join(import.meta.dirname, '..', '..', 'terraform', 'README.md'), 'utf8')
  expect(readme).toContain(`<!-- rights -->\n\n${formatRights()}\n\n<!-- end -->`)
})

describe.each(EVERYBODY)('as %s', (user) => {
  let client: pg.PoolClient
  let names: Readonly<Record<string, string>>
  let notices: (string | undefined)[] = []

  beforeAll(async () => {
    client = await pools[user].connect()
    client.on('notice', ({ code }) => void notices.push(code))
    const session = await pools[user === 'operator' ? 'loader' : 'operator'].query('select pg_backend_pid() as pid')
    names = {
      ':me': users[user],
      ':other': user === 'stranger' ? users.tap : users.stranger,
      ':administrator': administrator,
      ':query': users.query,
      ':database': new URL(database.url).pathname.slice(1),
      ':session': String(session.rows[0].pid),
    }
  })

  afterAll(async () => {
    await client.query('rollback')
    client.release()
  })

  /** What PostgreSQL answers; nothing of it stays. One round trip for each, because there are more than a thousand. */
  async function tryStatement(statement: string): Promise<string> {
    const text = statement.replaceAll(/:(me|other|administrator|query|database|session)\b/g, (name) => names[name]!)
    notices = []
    try {
      await client.query(ALONE.test(statement) ? 'rollback' : 'rollback; begin')
      await client.query(text)
      // A grant by somebody who may not grant at all is an error; by somebody who holds the right himself, a warning.
      return notices.includes('01007') ? REFUSED : 'allowed'
    } catch (error) {
      return error instanceof pg.DatabaseError ? (error.code ?? error.message) : String(error)
    }
  }

  test.each(RIGHTS)('$right', async ({ who, statements }) => {
    const expected = who.includes(user) ? 'allowed' : REFUSED
    const outcomes: Record<string, string> = {}
    for (const statement of statements) outcomes[statement] = await tryStatement(statement)
    expect(outcomes).toEqual(Object.fromEntries(statements.map((statement) => [statement, expected])))
  })
})

/** insufficient_privilege */
const REFUSED = '42501'

/** What PostgreSQL does not even look at inside of a transaction. */
const ALONE = /^(create|drop) (database|tablespace)|^alter system/
