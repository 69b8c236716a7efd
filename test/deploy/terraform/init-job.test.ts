// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of HCL are quoted here
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { checkUserTables } from '../../../cli/commands/check-environment/check-user-tables.ts'
import { type Block, type Body, bodiesOf, readConfiguration } from '../../../deploy/terraform/configuration.ts'
import { type FakeCloudSql, openFakeCloudSql } from '../../../local/cloud-sql/fake-cloud-sql.ts'
import { type LocalPostgres, startPostgres } from '../../../local/postgres.ts'
import { initialiseRegistry } from '../../../shared/registry/state/record-table.ts'
import { initialiseDatabase } from '../../../shared/tap-schema/roles.ts'
import { stageRelease } from '../../../shared/tap-schema/stage.ts'
import { swap } from '../../../shared/tap-schema/swap.ts'
import { createUserTable } from '../../../shared/user-tables/create-table.ts'
import { initialiseUserTables } from '../../../shared/user-tables/ddl.ts'
import { callAlmagest } from '../../support/call-command.ts'
import { makeMemoryFolder } from '../../support/memory-folder.ts'
import type { CommandResult } from '../../support/run-command.ts'
import { stageRequest } from '../../support/sample-release.ts'

const INSTANCE = 'example:us-central1:almagest-tap'
const ACCOUNT = 'almagest-init@example.iam.gserviceaccount.com'
const PASSWORD = 'made by Terraform'

const LOADER = 'almagest-load-release@example.iam'
const SWAPPER = 'almagest-swap-schema@example.iam'
const DISCOVERY = 'almagest-discovery@example.iam'
const TAP = 'almagest-tap@example.iam'

/** A cluster of its own: roles belong to a cluster, and in the run's cluster a superuser has made Almagest's. */
let postgres: LocalPostgres
let folder: string
let admin: pg.Client
let cloud: FakeCloudSql
let blocks: readonly Block[]

beforeAll(async () => {
  folder = await makeMemoryFolder('almagest-init-')
  postgres = await startPostgres({ stateDirectory: folder, unsafe: true })
  admin = new pg.Client({ connectionString: postgres.url })
  await admin.connect()
  await demandPassword('almagest_init')
  // As Cloud SQL does it: users made by its API belong to a role that owns the databases and is no superuser, users of
  // IAM come without any right.
  await admin.query(`
    create role cloudsqlsuperuser nologin createrole createdb;
    create role almagest_init login createrole createdb in role cloudsqlsuperuser password '${PASSWORD}';
    create role cloudsqliamserviceaccount nologin;
    create role "${LOADER}" login in role cloudsqliamserviceaccount;
    create role "${SWAPPER}" login in role cloudsqliamserviceaccount;
    create role "${DISCOVERY}" login in role cloudsqliamserviceaccount;
    create role "${TAP}" login in role cloudsqliamserviceaccount;
    create role tap login;
    grant tap to "${TAP}"`)
  cloud = await openFakeCloudSql({ instance: INSTANCE, postgres: postgres.url })
  blocks = (await readConfiguration(join(import.meta.dirname, '../..', '..', 'terraform'))).flatMap(
    (module) => module.blocks,
  )
})

afterAll(async () => {
  await cloud?.stop()
  await admin?.end()
  await postgres?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Everybody else logs in without one: IAM users have none, and Cloud SQL's own checks are not what is tried here. */
async function demandPassword(login: string): Promise<void> {
  const { rows } = await admin.query("select current_setting('hba_file') as file, pg_conf_load_time() as loaded")
  const rules = `values ('host all ${login} all scram-sha-256'), ('host all all all trust')`
  await admin.query(`copy (${rules}) to ${pg.escapeLiteral(rows[0].file)}`)
  await admin.query('select pg_reload_conf()')
  await vi.waitFor(async () => {
    const client = new pg.Client({ connectionString: postgres.url })
    await client.connect()
    const found = await client.query('select pg_conf_load_time() as loaded').finally(() => client.end())
    expect(found.rows[0].loaded).not.toEqual(rows[0].loaded)
  })
}

function blockOf(type: string, name: string): Body {
  return blocks.find(({ labels }) => labels[0] === type && labels[1] === name)!.body
}

/** An expression or a template of HCL as they are used for the job: JavaScript reads them in the same way. */
function evaluate(value: unknown, scope: object): unknown {
  const code = /^\$\{(.*)\}$/s.exec(String(value))?.[1] ?? `\`${value}\``
  const functions = {
    concat: (...lists: unknown[][]) => lists.flat(),
    length: (list: unknown[]) => list.length,
    contains: (list: unknown[], value: unknown) => list.includes(value),
    replace: (text: string, from: string, to: string) => text.replaceAll(from, to),
  }
  return structuredClone(runInNewContext(code.replaceAll(/\bvar\./g, 'variables.'), { ...functions, ...scope }))
}

interface JobSettings {
  readonly ipType?: string
  readonly stagers?: readonly string[]
}

/** What Cloud Run is asked to run: the arguments and the environment of the job, for one database. */
function readJob({ ipType = 'PRIVATE', stagers = [LOADER] }: JobSettings = {}) {
  const [execution] = bodiesOf(bodiesOf(blockOf('google_cloud_run_v2_job', 'init').template)[0]!.template)
  const [container] = bodiesOf(execution!.containers)
  const variables = {
    project: 'example',
    prefix: 'almagest',
    ip_type: ipType,
    job_databases: ['tap'],
    table_databases: ['tap'],
    registry_databases: [],
  }
  const scope = {
    each: { key: 'tap', value: 'almagest-init-tap' },
    variables,
    local: {
      connection_name: INSTANCE,
      stagers,
      operators: [SWAPPER],
      readers: [DISCOVERY, 'tap'],
      job_users: [TAP],
      job_readers: [],
      publishers: [],
    },
    google_sql_user: { init: { name: evaluate(blockOf('google_sql_user', 'init').name, { variables }) } },
  }
  const environment = bodiesOf(container!.env)
  const fromSecret = environment.filter(({ value_source }) => value_source !== undefined).map(({ name }) => name)
  const plain = environment.filter(({ value }) => value !== undefined)
  return {
    execution: execution!,
    args: evaluate(container!.args, scope) as string[],
    env: Object.fromEntries(plain.map(({ name, value }) => [String(name), String(evaluate(value, scope))])),
    fromSecret,
  }
}

/** Runs the job in front of the fake Cloud SQL, as its service account, with the secret as Cloud Run hands it over. */
async function runJob({
  password = PASSWORD,
  ...settings
}: JobSettings & { readonly password?: string } = {}): Promise<CommandResult> {
  const { args, env, fromSecret } = readJob(settings)
  expect(fromSecret).toEqual(['PGPASSWORD'])
  const credentials = await cloud.variablesFor(ACCOUNT)
  const place = { ALMAGEST_ADMIN_API_ENDPOINT: cloud.adminApiEndpoint, PGPASSWORD: password }
  return callAlmagest(args, { env: { ...credentials, ...env, ...place } })
}

async function memberships(): Promise<readonly string[]> {
  const { rows } = await admin.query<{ text: string }>(`
    select m.member::regrole || ' in ' || m.roleid::regrole as text from pg_auth_members m
     where m.roleid in ('almagest_stager'::regrole, 'almagest_owner'::regrole) and m.inherit_option order by 1`)
  return rows.map(({ text }) => text.replaceAll('"', ''))
}

test('the job prepares the database over the connector, as the built-in user, and again over an endpoint; tap can keep tables', async () => {
  await createDatabase('tap')
  expect(readJob().env).toEqual({ GOOGLE_CLOUD_PROJECT: 'example' })
  const first = await runJob()
  expect(first, first.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining(`may stage: ${LOADER}`) })
  expect(cloud.logins.at(-1)).toEqual({ user: 'almagest_init', database: 'tap', certificate: 'password' })
  const expected = [
    `${LOADER} in almagest_stager`,
    `${SWAPPER} in almagest_owner`,
    `${SWAPPER} in almagest_stager`,
    'almagest_init in almagest_owner',
    'almagest_init in almagest_stager',
  ]
  expect(await memberships()).toEqual(expected)
  const { addresses } = cloud.instances.get('almagest-tap')!
  addresses.clear()
  addresses.add('PSC')
  onTestFinished(() => void addresses.add('PRIVATE'))
  const again = await runJob({ ipType: 'PSC' })
  expect(again, again.stderr).toMatchObject({ code: 0 })
  expect(await memberships()).toEqual(expected)
  // As `tap` does, whose queries run as another role.
  const ofTap = connectTo('tap')(TAP)
  const definition = { columns: [{ name: 'a', datatype: 'int', sqlType: 'integer' }] } as const
  await createUserTable(ofTap, { server: 'tap', owner: 'ann', name: 'a', definition, queryRole: 'tap' }, {})
  expect(await checkUserTables('tap', ofTap, 'tap')).toMatchObject([{ state: 'ok' }])
})

test('a wrong password is reported, and so is a user that Cloud SQL does not have', async () => {
  const refused = await runJob({ password: 'another' })
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/almagest_init.*SQLSTATE 28P01.*password/) })
  const missing = await runJob({ stagers: ['almagest-stager@example.iam.gserviceaccount.com'] })
  expect(missing).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/"almagest-stager@example\.iam" does not exist \(make it first/),
  })
})

/** Databases as Cloud SQL makes them: they belong to the role that stands for its administrators. */
async function createDatabase(name: string): Promise<(login: string, password?: string) => pg.Pool> {
  await admin.query(`create database ${name} owner cloudsqlsuperuser`)
  return connectTo(name)
}

function connectTo(name: string): (login: string, password?: string) => pg.Pool {
  return (login, password = '') => {
    const connectionString = Object.assign(new URL(postgres.url), { pathname: name, username: login, password }).href
    const pool = new pg.Pool({ connectionString, max: 1 })
    onTestFinished(() => pool.end())
    return pool
  }
}

test('a tap_schema of another login is not taken from it: init prepares the rest, and says how it is handed over', async () => {
  const connect = await createDatabase('ssotap')
  await admin.query('create role repertoire login; grant create on database ssotap to repertoire')
  const owner = connect('repertoire')
  await owner.query(
    'create schema tap_schema; create table tap_schema.tables11 (); create view tap_schema.v as select 1',
  )
  const init = connect('almagest_init', PASSWORD)
  const options = { operators: [SWAPPER, 'repertoire'], readers: ['tap'] }
  await expect(initialiseDatabase(init, options)).rejects.toMatchObject({
    code: 'missing_role',
    message: expect.stringMatching(
      /tap_schema.* belongs to repertoire.*"alter schema tap_schema owner to almagest_owner"/,
    ),
  })
  await connect(SWAPPER).query('select * from almagest.history')
  await owner.query('alter schema tap_schema owner to almagest_owner')
  await expect(initialiseDatabase(init, options)).rejects.toMatchObject({ code: 'missing_role' })
  await owner.query(
    'alter table tap_schema.tables11 owner to almagest_owner; alter view tap_schema.v owner to almagest_owner',
  )
  await initialiseDatabase(init, options)
  await connect('tap').query('select * from tap_schema.tables11')
})

test('a tap_schema that the administrators made is taken over with its rows, and staged and swapped from then on', async () => {
  const connect = await createDatabase('gems')
  await admin.query('create role site_admin login in role cloudsqlsuperuser')
  const site = connect('site_admin')
  await site.query(`
    begin; set local role cloudsqlsuperuser;
    create schema tap_schema;
    create table tap_schema.tables (table_name varchar primary key, n serial);
    create view tap_schema.version as select 'v0' as version, now() as loaded_at;
    insert into tap_schema.tables values ('a'), ('b');
    commit`)
  const init = connect('almagest_init', PASSWORD)
  const options = { stagers: [LOADER], operators: [SWAPPER], readers: [DISCOVERY] }
  for (let times = 0; times < 2; times += 1) await initialiseDatabase(init, options)
  const names = async (slot: string) =>
    (await connect(DISCOVERY).query(`select table_name from ${slot}.tables order by 1`)).rows.map(
      (row) => row.table_name,
    )
  expect(await names('tap_schema')).toEqual(['a', 'b'])
  await stageRelease(connect(LOADER), stageRequest('r1', { readers: [DISCOVERY] }))
  await swap(connect(SWAPPER), { expectedVersion: 'r1', actor: 'tester' })
  expect(await names('tap_schema')).toContain('survey.object')
  expect(await names('tap_schema_previous')).toEqual(['a', 'b'])
  await expect(site.query('delete from tap_schema.versions')).rejects.toMatchObject({ code: '42501' })
})

test('in a database of somebody else init prepares what it may, and says what its owner has to grant', async () => {
  await admin.query('create role site_owner login')
  await admin.query('create database site owner site_owner')
  const connect = connectTo('site')
  const owner = connect('site_owner')
  await owner.query('grant create on database site to almagest_init')
  const init = connect('almagest_init', PASSWORD)
  const options = { stagers: [LOADER], operators: [SWAPPER] }
  let message = ''
  await initialiseDatabase(init, options).catch((error: Error) => {
    message = error.message
  })
  expect(message).toMatch(/prepared, but site belongs to site_owner/)
  await owner.query(/let site_owner run `(grant .*)`$/.exec(message)![1]!)
  await initialiseDatabase(init, options)
  await stageRelease(connect(LOADER), stageRequest('r1'))
  await swap(connect(SWAPPER), { expectedVersion: 'r1', actor: 'tester' })
})

test('another administrator reads who has to run init', async () => {
  const connect = await createDatabase('livetap')
  await initialiseDatabase(connect('almagest_init', PASSWORD))
  await admin.query('create role other_admin login createrole createdb in role cloudsqlsuperuser')
  const wanted = { code: 'missing_role', message: expect.stringContaining('run init as almagest_init, as before') }
  await expect(initialiseDatabase(connect('other_admin'))).rejects.toMatchObject(wanted)
  await expect(initialiseDatabase(connect(DISCOVERY))).rejects.toMatchObject(wanted)
})

test('another environment on the same instance is prepared by its own user, once the first has let that one in', async () => {
  const guide = readFileSync(join(import.meta.dirname, '../../..', 'docs', 'deploy.md'), 'utf8')
  const grant = /^ {2}(grant almagest_stager, .*)$/m.exec(guide)?.[1] ?? ''
  const connect = await createDatabase('dev')
  await admin.query(`
    create role alm_dev_init login createrole createdb in role cloudsqlsuperuser;
    create role "alm-dev-tap@example.iam" login in role cloudsqliamserviceaccount`)
  const prepare = () =>
    initialiseDatabase(connect('alm_dev_init'), {
      async prepareMore(client) {
        await initialiseRegistry(client, ['alm-dev-tap@example.iam'])
        await initialiseUserTables(client, ['alm-dev-tap@example.iam'])
      },
    })
  await expect(prepare()).rejects.toMatchObject({ code: 'missing_role' })
  await connect('almagest_init', PASSWORD).query(grant.replace('PREFIX_init', 'alm_dev_init'))
  for (let times = 0; times < 2; times += 1) await prepare()
  expect(await checkUserTables('tap', connect('alm-dev-tap@example.iam'), 'alm-dev-tap@example.iam')).toMatchObject([
    { state: 'error', message: expect.stringContaining('the role of queries') },
  ])
})

test('the password of the user is what the secret holds, and the job comes after all that it needs', () => {
  const { execution } = readJob()
  const user = blockOf('google_sql_user', 'init')
  const version = blockOf('google_secret_manager_secret_version', 'init')
  expect(user.password_wo).toBe(version.secret_data_wo)
  expect(user.password_wo_version).toBe(version.secret_data_wo_version)
  expect(JSON.stringify(execution)).toContain('${google_secret_manager_secret.init.secret_id}')
  expect(execution.service_account).toBe('${google_service_account.init.email}')
  expect(execution.volumes).toBeUndefined()
  const { depends_on } = blockOf('google_cloud_run_v2_job', 'init')
  expect(depends_on).toEqual(
    expect.arrayContaining([
      '${google_sql_user.function}',
      '${google_sql_database.tap}',
      '${google_secret_manager_secret_iam_member.init}',
      '${google_project_iam_member.init_client}',
    ]),
  )
})
