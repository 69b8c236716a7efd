import { expect, test } from 'vitest'
import { diffSlots } from '../../shared/tap-schema/diff.ts'
import { formatDiff } from '../../shared/tap-schema/format-diff.ts'
import { initialiseDatabase } from '../../shared/tap-schema/roles.ts'
import { rollback } from '../../shared/tap-schema/rollback.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { readStatus } from '../../shared/tap-schema/status.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { stageRequest } from '../support/sample-release.ts'

const actor = 'tester'

test('a stager can stage and look, and change nothing that users query', async () => {
  const database = await createTestDatabase()
  const stager = database.poolAs(await database.createLogin('almagest_stager'))
  await stageRelease(stager, stageRequest('r1'))
  await swap(database.pool, { expectedVersion: 'r1', actor })
  await stageRelease(stager, stageRequest('r2'))
  expect((await readStatus(database.pool)).slots.staging.version).toBe('r2')
  for (const statement of [
    "update tap_schema.tables11 set description = 'mine'",
    'delete from tap_schema.columns11',
    'insert into tap_schema.schemas11 (schema_name) values ($$mine$$)',
    'truncate tap_schema.keys11 cascade',
    'drop table tap_schema.key_columns11',
    'drop schema tap_schema cascade',
    'alter schema tap_schema rename to gone',
    'create table tap_schema.mine (a int)',
    'alter table tap_schema.tables11 owner to almagest_stager',
    'set role almagest_owner',
    'delete from almagest.history',
    "update almagest.history set actor = 'somebody else'",
    'drop table almagest.history',
  ]) {
    await expect(stager.query(statement), statement).rejects.toMatchObject({ code: '42501' })
  }
  await expect(swap(stager, { expectedVersion: 'r2', actor })).rejects.toMatchObject({ code: 'missing_role' })
  expect((await readStatus(database.pool)).slots.live.version).toBe('r1')
})

test('an operator can stage, swap and roll back, and cannot rewrite history', async () => {
  const database = await createTestDatabase()
  const operator = database.poolAs(await database.createLogin('almagest_stager', 'almagest_owner'))
  await stageRelease(operator, stageRequest('r1'))
  await swap(operator, { expectedVersion: 'r1', actor })
  await stageRelease(operator, stageRequest('r2'))
  await swap(operator, { expectedVersion: 'r2', actor })
  await rollback(operator, { expectedVersion: 'r1', actor })
  const { slots, history } = await readStatus(operator)
  expect([slots.live.version, slots.previous.version]).toEqual(['r1', 'r2'])
  expect(history.map(({ action }) => action)).toEqual(['rolled_back', 'swapped', 'staged', 'swapped', 'staged'])
  await expect(operator.query('delete from almagest.history')).rejects.toMatchObject({ code: '42501' })
})

test('a reader reads after every swap and rollback without new grants, and can change nothing', async () => {
  const database = await createTestDatabase()
  const login = await database.createLogin()
  const reader = database.poolAs(login)
  const live = async () => {
    const found = await reader.query(
      'select version, (select count(*)::int from tap_schema.tables11) as tables from tap_schema.version',
    )
    return found.rows[0]
  }
  const stage = (version: string) => stageRelease(database.pool, stageRequest(version, { readers: [login] }))
  await stage('r1')
  await swap(database.pool, { expectedVersion: 'r1', actor })
  expect(await live()).toEqual({ version: 'r1', tables: 6 })
  await stage('r2')
  await swap(database.pool, { expectedVersion: 'r2', actor })
  expect(await live()).toEqual({ version: 'r2', tables: 6 })
  await rollback(database.pool, { expectedVersion: 'r1', actor })
  expect(await live()).toEqual({ version: 'r1', tables: 6 })
  for (const table of ['schemas', 'tables', 'columns', 'keys', 'key_columns', 'schemas11', 'versions', 'version']) {
    await reader.query(`select * from tap_schema.${table}`)
  }
  await expect(reader.query("update tap_schema.tables11 set utype = 'x'")).rejects.toMatchObject({ code: '42501' })
  await expect(stageRelease(reader, stageRequest('r3'))).rejects.toMatchObject({ code: 'missing_role' })
  await expect(reader.query('select * from almagest.history')).rejects.toMatchObject({ code: '42501' })
})

test('a stage says who would lose read access in a swap', async () => {
  const database = await createTestDatabase()
  const [kept, member, lost, group] = await Promise.all([1, 2, 3, 4].map(() => database.createLogin()))
  await database.pool.query(`grant ${group} to ${member}`)
  const stage = (version: string, readers: readonly string[]) =>
    stageRelease(database.pool, stageRequest(version, { readers: readers as string[] }))
  expect(await stage('r1', [`${kept}`, `${member}`, `${lost}`])).toMatchObject({ warnings: [] })
  await swap(database.pool, { expectedVersion: 'r1', actor })
  const message = expect.stringMatching(new RegExp(`^${lost} may read what is live, but not this release`))
  const warning = { file: 'tap_schema_staging', code: 'reader_left_out', severity: 'warning', message }
  expect(await stage('r2', [`${kept}`, `${group}`])).toMatchObject({ warnings: [warning] })
  const [entry] = (await readStatus(database.pool)).history
  expect(entry).toMatchObject({ action: 'staged', problems: [warning] })
  // Whoever may enter the schema and read nothing in it is no reader.
  await database.pool.query('grant usage on schema tap_schema to public')
  expect(await stage('r2b', [`${kept}`, `${member}`, `${lost}`])).toMatchObject({ warnings: [] })
  await database.pool.query('grant select on tap_schema.tables to public')
  const everybody = expect.stringMatching(/^(login_\w+, )?public may read|^public, login_/)
  expect(await stage('r3', [`${kept}`, `${group}`])).toMatchObject({ warnings: [{ ...warning, message: everybody }] })
  expect(await stage('r4', [`${kept}`, `${member}`, `${lost}`])).toMatchObject({
    warnings: [{ ...warning, message: expect.stringMatching(/^public may read/) }],
  })
  const diff = await diffSlots(database.pool, 'live', 'staging')
  expect(diff.leftOut).toEqual(['public'])
  expect(formatDiff(diff)).toContain('\n! reader public would lose read access in a swap\n')
})

test('a swap or a rollback that would lock out a reader is refused, unless the caller says that it may', async () => {
  const database = await createTestDatabase()
  const { pool } = database
  const [kept, lost] = [await database.createLogin(), await database.createLogin()]
  await stageRelease(pool, stageRequest('r1', { readers: [kept, lost] }))
  await swap(pool, { expectedVersion: 'r1', actor })
  await stageRelease(pool, stageRequest('r2', { readers: [kept] }))
  const refusal = { code: 'reader_left_out', permanent: true, readers: [lost], message: expect.stringContaining(lost) }
  await expect(swap(pool, { expectedVersion: 'r2', actor })).rejects.toMatchObject(refusal)
  // What is wrong about the version is said first.
  await expect(swap(pool, { expectedVersion: 'r3', actor })).rejects.toMatchObject({ code: 'version_mismatch' })
  expect((await readStatus(pool)).slots.live.version).toBe('r1')
  const warnings = [expect.stringMatching(new RegExp(`^${lost} could read what was live before`))]
  const wish = { actor, leaveReadersOut: true }
  expect(await swap(pool, { expectedVersion: 'r2', ...wish })).toMatchObject({ outcome: 'swapped', warnings })
  expect(await diffSlots(pool, 'previous', 'live')).not.toHaveProperty('leftOut')
  expect(await rollback(pool, { expectedVersion: 'r1', actor })).toMatchObject({ warnings: [] })
  await expect(rollback(pool, { expectedVersion: 'r2', actor })).rejects.toMatchObject(refusal)
  expect(await rollback(pool, { expectedVersion: 'r2', ...wish })).toMatchObject({ outcome: 'rolled_back', warnings })
})

test('who owned a live slot before init can read it afterwards, and after the next swap', async () => {
  const database = await createTestDatabase({ initialised: false })
  const [service, operator] = [await database.createLogin(), await database.createLogin()]
  await database.pool.query(`create schema tap_schema authorization ${service}`)
  const live = `create table tap_schema.schemas11 (schema_name varchar(64) primary key);
    create view tap_schema.schemas as table tap_schema.schemas11`
  await database.poolAs(service).query(live)
  await database.pool.query(`alter view tap_schema.schemas owner to ${operator}`)
  expect(await initialiseDatabase(database.pool, { operators: [operator] })).toEqual([service])
  const read = () => database.poolAs(service).query('select count(*)::int from tap_schema.schemas')
  expect((await read()).rows).toEqual([{ count: 0 }])
  expect(await stageRelease(database.pool, stageRequest('r1'))).toMatchObject({ readers: [service] })
  await swap(database.pool, { expectedVersion: 'r1', actor })
  expect((await read()).rows).toEqual([{ count: 2 }])
  expect(await initialiseDatabase(database.pool)).toEqual([])
})

test('a reader who would lose read access can be let in by init, and then the swap is made', async () => {
  const database = await createTestDatabase()
  const reader = await database.createLogin()
  await stageRelease(database.pool, stageRequest('r1', { readers: [reader] }))
  await swap(database.pool, { expectedVersion: 'r1', actor })
  await stageRelease(database.pool, stageRequest('r2', { readers: ['almagest_owner'] }))
  await expect(swap(database.pool, { expectedVersion: 'r2', actor })).rejects.toMatchObject({ code: 'reader_left_out' })
  await initialiseDatabase(database.pool, { readers: [reader] })
  expect(await swap(database.pool, { expectedVersion: 'r2', actor })).toMatchObject({ warnings: [] })
  const found = await database.poolAs(reader).query('select version from tap_schema.version')
  expect(found.rows).toEqual([{ version: 'r2' }])
})

test('a reader of tables in a schema that everybody may enter is left out where it may not read them', async () => {
  const database = await createTestDatabase()
  const reader = await database.createLogin()
  await stageRelease(database.pool, stageRequest('r1'))
  await swap(database.pool, { expectedVersion: 'r1', actor })
  await database.pool.query(`grant usage on schema tap_schema to public;
    grant select (table_name) on tap_schema.tables11 to ${reader}`)
  await stageRelease(database.pool, stageRequest('r2', { readers: ['almagest_owner'] }))
  await database.pool.query('grant usage on schema tap_schema_staging to public')
  await expect(swap(database.pool, { expectedVersion: 'r2', actor })).rejects.toMatchObject({ readers: [reader] })
})

test('a stage without readers takes over those of the live slot, and a swap leaves nobody out', async () => {
  const database = await createTestDatabase()
  const [login, group, member] = await Promise.all([1, 2, 3].map(() => database.createLogin()))
  await database.pool.query(`grant ${group} to ${member}`)
  const first = await stageRelease(database.pool, stageRequest('r1'))
  expect(first).toMatchObject({ readers: [] })
  await swap(database.pool, { expectedVersion: 'r1', actor })
  await initialiseDatabase(database.pool, { readers: [`${login}`, `${group}`, 'public'] })
  const readers = [`${login}`, `${group}`, 'public'].sort()
  const stager = database.poolAs(await database.createLogin('almagest_stager'))
  expect(await stageRelease(stager, stageRequest('r2'))).toMatchObject({ readers, warnings: [] })
  expect(await swap(database.pool, { expectedVersion: 'r2', actor })).toMatchObject({ warnings: [] })
  await database.pool.query('revoke all on schema tap_schema from public')
  for (const reader of [login, member]) {
    const found = await database.poolAs(`${reader}`).query('select version from tap_schema.version')
    expect(found.rows).toEqual([{ version: 'r2' }])
  }
})

test('public is a reader for init and stage: everybody can read, before and after a swap', async () => {
  const database = await createTestDatabase({ initialised: false })
  await database.pool.query(`
    create schema tap_schema;
    create table tap_schema.schemas11 (schema_name varchar(64) primary key);
    grant usage on schema tap_schema to public;
    grant select on all tables in schema tap_schema to public`)
  await initialiseDatabase(database.pool, { readers: ['public'] })
  const anybody = database.poolAs(await database.createLogin())
  expect((await anybody.query('select count(*)::int from tap_schema.schemas11')).rows).toEqual([{ count: 0 }])
  expect(await stageRelease(database.pool, stageRequest('r1', { readers: ['public'] }))).toMatchObject({ warnings: [] })
  expect(await swap(database.pool, { expectedVersion: 'r1', actor })).toMatchObject({ warnings: [] })
  expect((await anybody.query('select version from tap_schema.version')).rows).toEqual([{ version: 'r1' }])
  await expect(anybody.query("update tap_schema.tables11 set utype = 'x'")).rejects.toMatchObject({ code: '42501' })
  expect(await rollback(database.pool, { expectedVersion: 'unversioned', actor })).toMatchObject({ warnings: [] })
  expect((await anybody.query('select count(*)::int from tap_schema.schemas11')).rows).toEqual([{ count: 0 }])
})

test.each(['PUBLIC', 'none', 'nobody_of_that_name'])('a reader %s that is no role is refused', async (reader) => {
  const database = await createTestDatabase()
  const staging = stageRelease(database.pool, stageRequest('r1', { readers: [reader] }))
  const message = expect.stringContaining(`${reader} (everybody is public)`)
  await expect(staging).rejects.toMatchObject({ code: 'missing_role', message })
})

test('init can be run again, and grants what it is asked to', async () => {
  const database = await createTestDatabase({ initialised: false })
  const [stager, operator, reader] = [
    await database.createLogin(),
    await database.createLogin(),
    await database.createLogin(),
  ]
  const options = { stagers: [stager], operators: [operator], readers: [reader] }
  await initialiseDatabase(database.pool, options)
  await stageRelease(database.poolAs(stager), stageRequest('r1'))
  await swap(database.poolAs(operator), { expectedVersion: 'r1', actor })
  await initialiseDatabase(database.pool, options)
  expect((await database.poolAs(reader).query('select version from tap_schema.version')).rows).toEqual([
    { version: 'r1' },
  ])
  expect((await readStatus(database.pool)).history).toHaveLength(2)
})

test('several databases of a cluster can be prepared at once', async () => {
  const databases = await Promise.all([1, 2, 3, 4].map(() => createTestDatabase({ initialised: false })))
  await Promise.all(databases.map(({ pool }) => initialiseDatabase(pool)))
  for (const { pool } of databases) expect((await readStatus(pool)).history).toEqual([])
})

test('an administrator who is no superuser can prepare a database, as on Cloud SQL', async () => {
  const database = await createTestDatabase({ initialised: false })
  const administrator = await database.createLogin()
  const name = new URL(database.url).pathname.slice(1)
  await database.pool.query(`alter role ${administrator} createrole; alter database ${name} owner to ${administrator}`)
  // The roles belong to the whole cluster, where another database's administrator may have made them.
  await database.pool.query(`
    do $$ begin create role almagest_stager; exception when duplicate_object then null; end $$;
    do $$ begin create role almagest_owner; exception when duplicate_object then null; end $$;
    grant almagest_stager, almagest_owner to ${administrator} with admin option`)
  const [loader, operator] = [await database.createLogin(), await database.createLogin()]
  await initialiseDatabase(database.poolAs(administrator), { stagers: [loader], operators: [operator] })
  await stageRelease(database.poolAs(loader), stageRequest('r1'))
  await swap(database.poolAs(operator), { expectedVersion: 'r1', actor })
  await stageRelease(database.poolAs(loader), stageRequest('r2'))
  await swap(database.poolAs(operator), { expectedVersion: 'r2', actor })
  expect((await readStatus(database.poolAs(operator))).slots.live.version).toBe('r2')
  await database.pool.query(`alter database ${name} owner to current_user`)
  await database.pool.query(`reassign owned by ${administrator} to current_user; drop owned by ${administrator}`)
})

test('init does not hold readers of an existing slot up for as long as one of them takes', async () => {
  const database = await createTestDatabase({ initialised: false })
  await database.pool.query('create schema tap_schema; create table tap_schema.tables (table_name varchar)')
  const reader = await database.pool.connect()
  await reader.query('begin; select from tap_schema.tables')
  const outcome = initialiseDatabase(database.pool, { lockTimeoutMs: 50 })
  await expect(outcome).rejects.toMatchObject({ code: 'busy', permanent: false })
  await reader.query('commit')
  reader.release()
  await initialiseDatabase(database.pool)
  const { rows } = await database.pool.query("select tableowner from pg_tables where schemaname = 'tap_schema'")
  expect(rows).toEqual([{ tableowner: 'almagest_owner' }])
})
