import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkUserTables } from '../../cli/commands/check-environment/check-user-tables.ts'
import { createUserTable } from '../../shared/user-tables/create-table.ts'
import { initialiseUserTables } from '../../shared/user-tables/ddl.ts'
import { shareTable } from '../../shared/user-tables/share-table.ts'
import { listReadable } from '../../shared/user-tables/user-table.ts'
import { callAlmagest } from '../support/call-command.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { writeFolder } from './release-folder.ts'

let database: TestDatabase
let client: pg.PoolClient
/** Roles and logins: of the function, of queries, and one that is neither. */
let [login, query, between] = ['', '', '']

beforeAll(async () => {
  database = await createTestDatabase({ keep: true })
  login = await database.createLogin()
  query = await database.createLogin()
  between = await database.createLogin()
  client = await database.pool.connect()
  await initialiseUserTables(client, [login])
  await client.query(`grant ${query} to ${login}`)
  await create('ann', 'targets')
})
const create = (owner: string, name: string) => {
  const definition = { columns: [{ name: 'a', datatype: 'int', sqlType: 'integer' }] } as const
  return createUserTable(database.poolAs(login), { server: 'tap', owner, name, definition, queryRole: query }, {})
}
afterAll(async () => {
  client.release()
  await database.drop()
})

/** What is found while something is wrong, which is taken back. */
async function breakAndCheck(...statements: readonly string[]) {
  const names: Readonly<Record<string, string>> = { ':login': login, ':query': query, ':between': between }
  await client.query('begin')
  try {
    for (const statement of statements) {
      await client.query(statement.replaceAll(/:(login|query|between)\b/g, (name) => names[name] ?? ''))
    }
    return await checkUserTables('tap', client, query)
  } finally {
    await client.query('rollback')
  }
}

test('as init leaves them, the roles are right, and it is said who may work with the tables', async () => {
  const [found, ...others] = await breakAndCheck(`set local role ${login}`)
  expect(others).toEqual([])
  expect(found).toEqual({ subject: 'tap: tables of users', state: 'ok', message: expect.stringContaining(login) })
  const [asOther] = await breakAndCheck('set local role :between')
  expect(asOther).toMatchObject({ state: 'ok', message: expect.stringContaining('this login may not') })
})

describe('an error with what to do', () => {
  test('no table is made where queries could read those of all users', async () => {
    await client.query(`grant almagest_user_tables to ${query}`)
    await expect(create('ann', 'unsafe')).rejects.toMatchObject({ kind: 'misconfigured', code: 'query_role' })
    await client.query(`revoke almagest_user_tables from ${query}`)
    expect((await client.query("select from user_tables.item where name = 'unsafe'")).rowCount).toBe(0)
  })

  test.each([
    ['no init', ['drop schema user_tables cascade'], 'init --tables-user'],
    ['queries that own', ['grant almagest_user_tables to :query'], 'revoke almagest_user_tables from '],
    [
      'queries that own by way of another role',
      ['grant almagest_user_tables to :between', 'grant :between to :query'],
      'revoke almagest_user_tables from login_',
    ],
    ['queries past row level security', ['alter role :query bypassrls'], 'nobypassrls'],
    ['queries of a superuser', ['alter role :query superuser'], 'nosuperuser'],
    ['no role of queries', ['alter role :query rename to gone_role_of_queries'], 'there is no role login_'],
    ['an owner that may log in', ['alter role almagest_user_tables login'], 'nologin'],
    [
      'an owner without rights',
      [
        'revoke delete on user_tables.item from almagest_user_tables',
        'revoke create on schema user_data from almagest_user_tables',
        'revoke grant option for usage on schema user_data from almagest_user_tables cascade',
        'revoke almagest_jobs from almagest_user_tables',
      ],
      'lacks almagest_jobs, create on schema user_data, delete on user_tables.item, usage with grant option on schema user_data',
    ],
    ['a table that every query reads', ['alter table user_data.t1 disable row level security'], 'user_data.t1'],
    ['a table of another role', ['alter table user_data.t1 owner to :between'], 'user_data.t1 belongs to another role'],
    ['schemas for everybody', ['grant usage on schema user_data, user_tables to public'], 'user_data, user_tables'],
    ['a login that runs no queries', ['revoke :query from :login', 'set local role :login'], 'cannot run queries as'],
  ])('%s', async (_what, statements, message) => {
    const found = await breakAndCheck(...statements)
    expect(found.map(({ state }) => state)).toEqual(['error'])
    expect(found[0]?.message).toContain(message)
  })
})

test('check-environment looks at the quotas in the file, and with --connect at the roles', async () => {
  const text = (role: string, quotas: string) => `
discovery: {trustedProxy: true}
tap:
  servers:
    tap:
      schemas: [survey]
      databaseUrl: '${database.urlAs(login)}'
      service:
        url: https://data.example.org/tap
        access: {type: gafaelfawr}
        query: {role: ${role}}
        userTables: {}
        jobs: {bucket: results, topic: projects/example/topics/queries, quotas: {default: {${quotas}}}}
`
  const run = async (role: string, quotas: string) => {
    const folder = await writeFolder({ 'environment.yaml': text(role, quotas) })
    const { stdout } = await callAlmagest(['check-environment', '--json', '--connect', `${folder}/environment.yaml`])
    const { checks } = JSON.parse(stdout) as { checks: { subject: string; state: string; message: string }[] }
    return checks.filter(({ subject }) => subject.includes('tables')).map(({ state }) => state)
  }
  expect(await run(query, 'tables: 20, tableBytes: 1000000')).toEqual(['ok', 'ok'])
  expect(await run('no_such_role', 'tables: 20')).toEqual(['warning', 'error'])
})

test('the statements of the runbook for tables of users do what it says', async () => {
  const runbook = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'runbook.md'), 'utf8')
  const section = runbook.slice(runbook.indexOf('### Tables that users keep'))
  const [largest, most, give, drop] = [...section.matchAll(/```sql\n(.*?)```/gs)].map(([, sql = '']) => sql)
  const run = (sql = '', names: Readonly<Record<string, string>> = {}) =>
    client.query(sql.replaceAll(/\b(USER|OLD|NEW)\b/g, (name) => names[name] ?? name))
  const owners = async () =>
    (await client.query('select owner, name from user_tables.item order by 1, 2')).rows.map(
      ({ owner, name }) => `${owner}.${name}`,
    )
  await create('eve', 'one')
  await create('eve', 'two')
  await shareTable(
    database.poolAs(login),
    { server: 'tap', owner: 'eve', name: 'one' },
    [{ type: 'user', name: 'dan' }],
    { mode: 'read', until: null },
  )
  expect((await run(largest, { USER: 'eve' })).rows.map(({ name }) => name).sort()).toEqual(['one', 'two'])
  expect((await run(most)).rows.map(({ owner, tables }) => `${owner} ${tables}`).sort()).toEqual(['ann 1', 'eve 2'])
  await create('max', 'two')
  await expect(run(give, { OLD: 'eve', NEW: 'max' })).rejects.toMatchObject({ code: '23505' })
  await client.query('rollback')
  await run(give, { OLD: 'eve', NEW: 'kay' })
  expect(await owners()).toEqual(['ann.targets', 'kay.one', 'kay.two', 'max.two'])
  const seen = await listReadable(database.pool, 'tap', { user: 'dan', groups: [] })
  expect(seen.map(({ owner, name }) => `${owner}.${name}`)).toEqual(['kay.one'])
  for (const OLD of ['kay', 'max']) await run(drop, { OLD })
  expect(await owners()).toEqual(['ann.targets'])
  const left = await client.query(
    "select (select count(*)::int from pg_class where relnamespace = 'user_data'::regnamespace) as tables, (select count(*)::int from uws.share) as shares",
  )
  expect(left.rows).toEqual([{ tables: 1, shares: 0 }])
})
