import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { openPool } from '../../cli/commands/server/connect.ts'
import type { InstanceTarget } from '../../cli/commands/server/database-options.ts'
import { type FakeCloudSql, openFakeCloudSql } from '../../local/cloud-sql/fake-cloud-sql.ts'
import type { ServerStatus } from '../../shared/tap-schema/status.ts'
import { callAlmagest } from '../support/call-command.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { runAlmagest } from '../support/run-command.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { writeFolder } from './release-folder.ts'

const INSTANCE = 'example:us-central1:tap'
const OPERATOR = 'cli-operator@example.iam'

let database: TestDatabase
let cloud: FakeCloudSql
/** The credentials of the operator's service account, as the metadata server gives them. */
let credentials: Record<string, string>
let name: string

beforeAll(async () => {
  database = await createTestDatabase({ keep: true })
  name = new URL(database.url).pathname.slice(1)
  await database.pool.query(`create role "${OPERATOR}" login; grant almagest_stager, almagest_owner to "${OPERATOR}"`)
  cloud = await openFakeCloudSql({ instance: INSTANCE, postgres: database.url })
  credentials = await cloud.variablesFor(`${OPERATOR}.gserviceaccount.com`)
})

afterAll(async () => {
  await cloud?.stop()
  await database?.pool.query(`drop owned by "${OPERATOR}"; drop role "${OPERATOR}"`)
  await database?.drop()
})

beforeEach(() => () => void vi.unstubAllEnvs())

/** Asks the database who has logged in, with these variables in addition to the credentials. */
async function whoIs(wish: Partial<InstanceTarget>, variables: Readonly<Record<string, string | undefined>> = {}) {
  for (const [key, value] of Object.entries({ ...credentials, ...variables })) vi.stubEnv(key, value)
  const place = { instance: INSTANCE, database: name, adminApiEndpoint: cloud.adminApiEndpoint }
  const { pool, close } = await openPool({ kind: 'cloudsql', ...place, ipType: 'PRIVATE', user: null, ...wish })
  try {
    return (await pool.query<{ login: string }>('select session_user as login')).rows[0]?.login
  } finally {
    await close()
  }
}

test('a release is staged and seen in Cloud SQL, with the credentials of a service account and no password', async () => {
  const folder = await writeFolder({ 'survey.yaml': sampleSchema('survey') })
  const env = { ...credentials, ALMAGEST_ADMIN_API_ENDPOINT: cloud.adminApiEndpoint }
  const at = ['--instance', INSTANCE, '--database', name]
  const staged = await callAlmagest(['stage', ...at, '--version', 'v1', '--schemas', 'survey', folder], { env })
  expect(staged, staged.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining('staged v1') })
  const variables = { ALMAGEST_INSTANCE: INSTANCE, ALMAGEST_DATABASE: name, ALMAGEST_USER: OPERATOR }
  const status = await runAlmagest(['status', '--json'], { env: { ...env, ...variables } })
  expect(status, status.stderr).toMatchObject({ code: 0 })
  expect(status.json<ServerStatus>().slots.staging.version).toBe('v1')
  const login = { user: OPERATOR, database: name, certificate: 'iam' }
  expect(cloud.logins).toEqual([expect.objectContaining(login), expect.objectContaining(login)])
})

test('a user may be given by the e-mail of the service account', async () => {
  expect(await whoIs({ user: `${OPERATOR}.gserviceaccount.com` })).toBe(OPERATOR)
})

test('what is meant for connections to a URL does not disturb those to an instance', async () => {
  expect(await whoIs({}, { PGSSLMODE: 'require', PGHOST: 'nowhere.invalid', PGUSER: 'somebody' })).toBe(OPERATOR)
})

test('with PGPASSWORD a built-in user logs in, who must be named', async () => {
  const login = await database.createLogin()
  expect(await whoIs({ user: login }, { PGPASSWORD: 'any' })).toBe(login)
  expect(cloud.logins.at(-1)).toMatchObject({ user: login, certificate: 'password' })
  await expect(whoIs({}, { PGPASSWORD: 'any' })).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringMatching(/--user.*unset/),
  })
})

test('somebody else is not let in by IAM, and reads what to check', async () => {
  await expect(whoIs({ user: 'alice@example.org' })).rejects.toMatchObject({
    code: 'database_connection',
    message: expect.stringMatching(
      /on example:us-central1:tap \(PRIVATE address\).*alice@example\.org.*SQLSTATE 28000.*IAM user/,
    ),
  })
})

test('an address that the instance lacks is named, and used when it has it', async () => {
  await expect(whoIs({ ipType: 'PSC' })).rejects.toMatchObject({
    code: 'database_connection',
    message: expect.stringMatching(/no PSC address.*another IP type/),
  })
  const { addresses } = cloud.instances.get('tap')!
  addresses.add('PSC')
  try {
    expect(await whoIs({ ipType: 'PSC' })).toBe(OPERATOR)
  } finally {
    addresses.delete('PSC')
  }
})

test('a refusal by IAM names the roles that this login needs', async () => {
  cloud.adminStatuses.push(403, 403)
  await expect(whoIs({})).rejects.toThrow(/roles\/cloudsql\.client and roles\/cloudsql\.instanceUser/)
  const built_in = whoIs({ user: 'somebody' }, { PGPASSWORD: 'any' })
  await expect(built_in).rejects.toThrow(/roles\/cloudsql\.client\)/)
})

test("a person's own credentials do not say who logs in, so the user must be given", async () => {
  const own = { type: 'authorized_user', client_id: 'c', client_secret: 's', refresh_token: 'r' }
  const folder = await writeFolder({ 'adc.json': JSON.stringify(own) })
  await expect(whoIs({}, { GOOGLE_APPLICATION_CREDENTIALS: join(folder, 'adc.json') })).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringMatching(/give --user/),
  })
})

test('without any credentials the way to them is said', async () => {
  const folder = await writeFolder({})
  const none = { METADATA_SERVER_DETECTION: 'none', HOME: folder, CLOUDSDK_CONFIG: folder }
  await expect(whoIs({ user: 'alice@example.org' }, none)).rejects.toMatchObject({
    code: 'database_connection',
    message: expect.stringContaining('gcloud auth application-default login'),
  })
  await expect(whoIs({}, none)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('--user') })
})
