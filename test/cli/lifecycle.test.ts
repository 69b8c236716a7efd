import { join } from 'node:path'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import type { SchemaDiff } from '../../shared/tap-schema/diff.ts'
import type { StageOutcome } from '../../shared/tap-schema/stage.ts'
import { readStatus, type ServerStatus } from '../../shared/tap-schema/status.ts'
import type { SwapOutcome } from '../../shared/tap-schema/swap.ts'
import { buildRelease } from '../releases/build-archive.ts'
import { callAlmagest } from '../support/call-command.ts'
import { countSwaps } from '../support/count-swaps.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { prepareReleases } from '../support/prepared-database.ts'
import { type CommandResult, runAlmagest, startAlmagest } from '../support/run-command.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { writeFolder } from './release-folder.ts'

const SURVEY = sampleSchema('survey')
const SURVEY_WITHOUT_DEC = sampleSchema('survey', {
  object: [{ name: 'object_id', datatype: 'long' }, { name: 'ra' }],
})

interface ErrorDocument {
  readonly error: {
    readonly code: string
    readonly message: string
    readonly problems: readonly { readonly file: string; readonly code: string; readonly message: string }[]
  }
}

async function stage(
  database: TestDatabase,
  version: string,
  survey: string,
  more: readonly string[] = [],
): Promise<CommandResult> {
  const folder = await writeFolder({ 'survey.yaml': survey })
  return callAlmagest([
    'stage',
    '--database',
    database.url,
    '--version',
    version,
    '--schemas',
    'survey',
    ...more,
    folder,
  ])
}

/** A live release v1, a previous one v0, and nothing staged. */
const deployedTwice = prepareReleases(['v0', 'v1'])

/** The same, with v2 staged. */
const deployedTwiceAndStaged = prepareReleases(['v0', 'v1'], 'v2')

async function versions(database: TestDatabase): Promise<Record<string, string | null>> {
  const { live, staging, previous } = (await readStatus(database.pool)).slots
  return { live: live.version, staging: staging.version, previous: previous.version }
}

describe('init', () => {
  test('prepares a new database, and can be run again', async () => {
    const database = await createTestDatabase({ initialised: false })
    const login = await database.createLogin()
    const args = ['init', '--database', database.url, '--operator', login]
    expect(await callAlmagest(args)).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining(login) })
    const again = await callAlmagest([...args, '--json'])
    expect(again.code).toBe(0)
    expect(again.json()).toEqual({
      outcome: 'initialised',
      stagers: [],
      operators: [login],
      readers: [],
      jobsUsers: [],
      jobsReaders: [],
      registryUsers: [],
      tablesUsers: [],
      formerOwners: [],
    })
    expect(await versions(database)).toEqual({ live: null, staging: null, previous: null })
    const { rows } = await database.pool.query("select to_regclass('uws.job') as job")
    expect(rows).toEqual([{ job: null }])
  })

  test('makes the table of jobs for its users, also in a database that was prepared before', async () => {
    const database = await createTestDatabase()
    const users = [await database.createLogin(), await database.createLogin()]
    const args = ['init', '--database', database.url, '--jobs-user', users.join(','), '--tables-user', users.join(',')]
    expect(await callAlmagest(args)).toMatchObject({ code: 0, stdout: expect.stringContaining(users.join(', ')) })
    for (const user of users) {
      expect((await database.poolAs(user).query('select id from uws.job')).rows).toEqual([])
    }
    expect((await callAlmagest([...args, '--json'])).json()).toMatchObject({ jobsUsers: users })
  })

  test("refuses to make the table of jobs beside another service's, and prepares nothing", async () => {
    const database = await createTestDatabase({ initialised: false })
    await database.pool.query('create schema uws; create table uws.Job (jobID varchar(16) primary key)')
    const args = ['init', '--database', database.url, '--jobs-user', 'postgres', '--json']
    const refused = await callAlmagest(args)
    expect(refused.code).toBe(1)
    expect(refused.json<ErrorDocument>().error.code).toBe('foreign_jobs')
    const { rows } = await database.pool.query("select to_regnamespace('almagest') as schema")
    expect(rows).toEqual([{ schema: null }])
  })

  test('lets a stager stage and not swap, and an operator do both', async () => {
    const database = await createTestDatabase({ initialised: false })
    const [stager, operator, reader] = [
      await database.createLogin(),
      await database.createLogin(),
      await database.createLogin(),
    ]
    const grants = ['--stager', stager, '--operator', operator]
    expect(await callAlmagest(['init', '--database', database.url, ...grants])).toMatchObject({ code: 0 })
    const folder = await writeFolder({ 'survey.yaml': SURVEY })
    const staging = ['--version', 'v1', '--schemas', 'survey', '--reader', reader, folder]
    expect(await callAlmagest(['stage', '--database', database.urlAs(stager), ...staging])).toMatchObject({ code: 0 })
    const refused = await callAlmagest(['swap', 'v1', '--json', '--database', database.urlAs(stager)])
    expect(refused.code).toBe(1)
    expect(refused.json<ErrorDocument>().error.code).toBe('missing_role')
    expect(await callAlmagest(['swap', 'v1', '--database', database.urlAs(operator)])).toMatchObject({ code: 0 })
    const seen = await database
      .poolAs(reader)
      .query("select count(*)::int from tap_schema.tables where table_name = 'survey.object'")
    expect(seen.rows).toEqual([{ count: 1 }])
  })

  test('a reader that does not exist is an error, and nothing is granted', async () => {
    const database = await createTestDatabase({ initialised: false })
    const { code, stderr } = await callAlmagest([
      'init',
      '--database',
      database.url,
      '--operator',
      'nobody_of_that_name',
    ])
    expect(code).toBe(1)
    expect(stderr).toContain('nobody_of_that_name')
  })
})

describe('stage', () => {
  test('loads a folder of schemas and says what is in the slot', async () => {
    const database = await createTestDatabase()
    const { code, stdout, stderr } = await stage(database, 'releases/v1', SURVEY, ['--actor', 'hipparchus'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^staged releases\/v1 in \d+\.\d\d s: 1 schema, 1 table, 3 columns, 0 keys/)
    expect(stderr).toContain('almagest swap releases/v1')
    const { staging } = (await readStatus(database.pool)).slots
    expect(staging).toMatchObject({ version: 'releases/v1', stagedBy: 'hipparchus', schemas: ['survey'] })
  })

  test('loads an archive, and a release folder that holds one, with the same rows', async () => {
    const database = await createTestDatabase()
    const archive = await buildRelease({ 'survey.yaml': SURVEY, 'obs.yaml': sampleSchema('obs') })
    const folder = await writeFolder({ 'schemas.tar.gz': archive, 'datalink-snippets.zip': 'not looked at' })
    const args = ['stage', '--database', database.url, '--json', '--version', 'v1', '--schemas', 'obs,survey']
    const outcomes: StageOutcome[] = []
    for (const path of [folder, join(folder, 'schemas.tar.gz')]) {
      const result = await callAlmagest([...args, path])
      expect(result).toMatchObject({ code: 0, stderr: '' })
      outcomes.push(result.json())
    }
    const [first, second] = outcomes
    expect(first).toMatchObject({ outcome: 'staged', version: 'v1', warnings: [] })
    expect(second).toEqual({ ...first, durationMs: expect.any(Number) })
    const { staging } = (await readStatus(database.pool)).slots
    expect(staging.schemas).toEqual(['obs', 'survey'])
    expect(staging.source).toMatchObject({
      bucket: 'local',
      object: join(folder, 'schemas.tar.gz'),
      bytes: archive.length,
    })
  })

  test('takes the loader options', async () => {
    const database = await createTestDatabase()
    const options = ['--profile', 'plain', '--extensions', '--postfix', '_x', '--first-schema-index', '7']
    expect(await stage(database, 'v1', SURVEY, options)).toMatchObject({ code: 0 })
    const { rows } = await database.pool.query(
      `select schema_index, owner_id from tap_schema_staging.schemas_x where schema_name = 'survey'`,
    )
    expect(rows).toEqual([{ schema_index: 7, owner_id: null }])
  })

  test('a release that cannot be loaded is refused with every problem, and the slot keeps what it held', async () => {
    const database = await createTestDatabase()
    expect(await stage(database, 'good', SURVEY)).toMatchObject({ code: 0 })
    const folder = await writeFolder({
      'survey.yaml': sampleSchema('survey').replace('double', 'dubble'),
      'empty.yaml': 'name: empty\ntables: []\n',
    })
    const args = ['stage', '--database', database.url, '--version', 'bad', '--schemas', 'survey,empty,obs', folder]
    const { code, stdout, stderr } = await callAlmagest(args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    for (const file of ['survey.yaml', 'empty.yaml', 'obs.yaml']) expect(stderr).toMatch(new RegExp(`^  ${file}:`, 'm'))
    const { slots, history } = await readStatus(database.pool)
    expect(slots.staging.version).toBe('good')
    expect(history[0]).toMatchObject({ action: 'rejected', version: 'bad' })
    const machine = await callAlmagest([...args, '--json'])
    const { error } = machine.json<ErrorDocument>()
    expect(machine.code).toBe(1)
    expect(error.code).toBe('rejected')
    expect(error.problems.map((problem) => problem.file)).toEqual(
      expect.arrayContaining(['survey.yaml', 'empty.yaml', 'obs.yaml']),
    )
  })

  test('the problems of a release are shown also when the database cannot be reached', async () => {
    const folder = await writeFolder({ 'survey.yaml': 'name: survey\ntables: 5\n' })
    const database = 'postgresql://nobody@127.0.0.1:1/tap'
    const args = ['stage', '--database', database, '--version', 'v', '--schemas', 'survey', folder]
    const { code, stderr } = await callAlmagest(args)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^ {2}survey\.yaml.*tables/m)
    expect(stderr).toContain('not written into the history')
  })

  test.each([
    ['a file that is not there', 'nowhere.tar.gz', 2, /nowhere\.tar\.gz: there is no such file/],
    ['a file that is no archive', 'README', 1, /README.*gzip/],
    ['a truncated archive', 'short.tar.gz', 1, /short\.tar\.gz/],
    ['a folder without schemas', 'docs', 1, /docs/],
  ])('%s is an error that names it', async (_, name, expected, said) => {
    const archive = await buildRelease({ 'survey.yaml': SURVEY })
    const folder = await writeFolder({ README: 'hello', 'short.tar.gz': archive.subarray(0, 90), 'docs/a.txt': '' })
    const args = ['stage', '--database', 'postgresql://nobody@127.0.0.1:1/tap', '--version', 'v', '--schemas', 'survey']
    const { code, stdout, stderr } = await callAlmagest([...args, join(folder, name)])
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' })
    expect(stderr).toMatch(said)
  })
})

describe('status, diff, swap and rollback', () => {
  test('a first release goes live, a second one is compared, swapped and rolled back', async () => {
    const database = await createTestDatabase()
    const at = ['--database', database.url]
    await stage(database, 'v1', SURVEY)
    const first = await callAlmagest(['swap', 'v1', ...at])
    expect(first).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^v1 is live \(\d+ ms\)\n {2}live {6}v1; id 1; .*\n {2}previous {2}\(empty\)\n$/),
    })

    await stage(database, 'v2', SURVEY_WITHOUT_DEC)
    const diff = await callAlmagest(['diff', ...at])
    expect(diff.code).toBe(0)
    expect(diff.stdout).toContain('live (v1, id 1) -> staging (v2, id 3)')
    expect(diff.stdout).toMatch(/^! - column survey\.object\.dec$/m)

    const swapped = await runAlmagest(['swap', 'v2', '--json', '--actor', 'ptolemy', ...at])
    expect(swapped.code).toBe(0)
    expect(swapped.json<SwapOutcome>()).toMatchObject({ outcome: 'swapped', live: 'v2', previous: 'v1', attempts: 1 })
    expect(await versions(database)).toEqual({ live: 'v2', staging: null, previous: 'v1' })
    const again = await callAlmagest(['swap', 'v2', ...at])
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('v2 is live already: nothing was changed') })

    const rolledBack = await callAlmagest(['rollback', 'v1', ...at])
    expect(rolledBack).toMatchObject({ code: 0, stdout: expect.stringContaining('v1 is live again; v2 is previous') })
    expect(await versions(database)).toEqual({ live: 'v1', staging: null, previous: 'v2' })
    const { history } = await readStatus(database.pool)
    expect(history.map(({ action, version }) => `${action} ${version}`)).toEqual([
      'rolled_back v1',
      'swapped v2',
      'staged v2',
      'swapped v1',
      'staged v1',
    ])
    expect(history[1]?.actor).toBe('ptolemy')
  })

  test('status shows the slots and the history, as text and as the very JSON of the interface', async () => {
    const database = await deployedTwice()
    const text = await callAlmagest(['status', '--database', database.url])
    expect(text).toMatchObject({ code: 0, stderr: '' })
    expect(text.stdout).toMatch(/^live +v1 +3 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d .* survey$/m)
    expect(text.stdout).toMatch(/^staging +\(empty\)$/m)
    expect(text.stdout).toMatch(/^previous +v0 /m)
    expect(text.stdout).toMatch(/ swapped +v1 +v0 /)
    const machine = await callAlmagest(['status', '--json', '--history', '2', '--database', database.url])
    expect(machine.json<ServerStatus>()).toEqual(await readStatus(database.pool, { historyLimit: 2 }))
  })

  test('the database may come from ALMAGEST_DATABASE_URL', async () => {
    const database = await createTestDatabase()
    const { code, stdout } = await callAlmagest(['status'], { env: { ALMAGEST_DATABASE_URL: database.url } })
    expect(code).toBe(0)
    expect(stdout).toContain('no history')
  })

  test('diff --fail-on ends with 1 exactly when there are such changes', async () => {
    const database = await deployedTwice()
    await stage(
      database,
      'v2',
      sampleSchema('survey', { object: [{ name: 'object_id', datatype: 'long' }], more: [{ name: 'x' }] }),
    )
    const diff = async (...more: string[]) => {
      const result = await callAlmagest(['diff', '--json', '--database', database.url, ...more])
      return { code: result.code, breaking: result.json<SchemaDiff>().breaking }
    }
    expect(await diff()).toEqual({ code: 0, breaking: true })
    expect(await diff('--fail-on', 'breaking')).toEqual({ code: 1, breaking: true })
    expect(await diff('--from', 'previous', '--to', 'live', '--fail-on', 'any')).toEqual({ code: 0, breaking: false })
    expect(await diff('--from', 'staging', '--to', 'live', '--fail-on', 'any')).toMatchObject({ code: 1 })
  })

  test.each([
    ['swap', 'v9', 'version_mismatch', /holds v2, not v9/],
    ['rollback', 'v9', 'version_mismatch', /holds v0, not v9/],
  ])('%s of another version than the slot holds is refused', async (command, version, code, said) => {
    const database = await deployedTwiceAndStaged()
    const before = await versions(database)
    const args = [command, version, '--database', database.url]
    expect(await callAlmagest(args)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(said) })
    const machine = await callAlmagest([...args, '--json'])
    expect(machine).toMatchObject({ code: 1, stderr: '' })
    expect(machine.json<ErrorDocument>().error).toMatchObject({ code, problems: [] })
    expect(await versions(database)).toEqual(before)
  })

  test('swap --generation refuses another upload of the same version', async () => {
    const database = await createTestDatabase()
    await stage(database, 'main', SURVEY)
    const { generation } = (await readStatus(database.pool)).slots.staging.source!
    const args = ['swap', 'main', '--database', database.url, '--generation']
    expect(await callAlmagest([...args, '1'])).toMatchObject({ code: 1, stderr: expect.stringContaining('not main#1') })
    expect(await callAlmagest([...args, generation])).toMatchObject({ code: 0 })
    const byId = ['rollback', 'main', '--database', database.url, '--id']
    expect(await callAlmagest([...byId, 'x'])).toMatchObject({ code: 2 })
    expect(await callAlmagest([...byId, '9999'])).toMatchObject({ code: 1 })
  })

  test.each(['swap', 'diff', 'rollback'])('%s without anything to take is refused', async (command) => {
    const database = await createTestDatabase()
    const version = command === 'diff' ? [] : ['v1']
    const result = await callAlmagest([command, ...version, '--json', '--database', database.url])
    expect(result.code).toBe(1)
    expect(result.json<ErrorDocument>().error.code).toBe('empty_slot')
  })

  test('a database without Almagest says how to prepare it', async () => {
    const database = await createTestDatabase({ initialised: false })
    const { code, stderr } = await callAlmagest(['status', '--database', database.url])
    expect(code).toBe(1)
    expect(stderr).toContain('almagest init')
  })

  test('a database that cannot be reached is an error without the password', async () => {
    const secret = 'p%40ss-w0rd'
    const result = await callAlmagest(['status', '--json', '--database', `postgresql://x:${secret}@127.0.0.1:1/tap`], {
      env: { ALMAGEST_DEBUG: '1' },
    })
    expect(result.code).toBe(1)
    expect(result.json<ErrorDocument>().error.code).toBe('database_connection')
    for (const text of [result.stdout, result.stderr]) {
      expect(text).not.toContain(secret)
      expect(text).not.toContain('p@ss-w0rd')
    }
  })

  test('a swap that readers hold up gives up at its deadline; without a terminal no progress is shown', async () => {
    const database = await deployedTwiceAndStaged()
    const reader = await openTransaction(database, 'select count(*) from tap_schema.tables')
    const args = ['swap', 'v2', '--deadline', '1', '--json', '--database', database.url]
    const result = await callAlmagest(args)
    await reader.end()
    expect(result.code).toBe(1)
    expect(result.json<ErrorDocument>().error.code).toBe('busy')
    expect(result.stderr).toBe('')
    expect(await versions(database)).toEqual({ live: 'v1', staging: 'v2', previous: 'v0' })
  })

  test('Ctrl-C during a swap ends with 130 and changes nothing', async () => {
    const database = await deployedTwiceAndStaged()
    const reader = await openTransaction(database, 'select count(*) from tap_schema.tables')
    const running = startAlmagest(['swap', 'v2', '--database', database.url])
    // As long as the reader holds its tables, the swap tries again and again; it holds the lock of all swaps meanwhile.
    await expect.poll(() => countSwaps(database), { timeout: 20_000, interval: 20 }).toBe(1)
    running.child.kill('SIGINT')
    const { code, stdout, stderr } = await running.result
    await reader.end()
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' })
    expect(stderr).toContain('almagest status')
    expect(await versions(database)).toEqual({ live: 'v1', staging: 'v2', previous: 'v0' })
  })
})

/** A session that has read and not ended its transaction. */
async function openTransaction(database: TestDatabase, query: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  await client.query('begin')
  await client.query(query)
  return client
}
