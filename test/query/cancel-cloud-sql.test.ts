import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type FakeCloudSql, openFakeCloudSql } from '../../local/cloud-sql/fake-cloud-sql.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { connect } from '../../shared/platform/postgres/database.ts'
import { cancelQuery } from '../../shared/query/postgresql/cancel.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

const INSTANCE = 'example:us-central1:cancel'
const USER = 'canceller@example.iam'

let database: TestDatabase
let cloud: FakeCloudSql

beforeAll(async () => {
  database = await createTestDatabase({ initialised: false, keep: true })
  await database.pool.query(`create role "${USER}" login`)
  cloud = await openFakeCloudSql({ instance: INSTANCE, postgres: database.url })
  for (const [name, value] of Object.entries(await cloud.variablesFor(`${USER}.gserviceaccount.com`))) {
    vi.stubEnv(name, value)
  }
})

afterAll(async () => {
  vi.unstubAllEnvs()
  await cloud?.stop()
  await database?.pool.query(`drop role "${USER}"`)
  await database?.drop()
})

test('a statement in Cloud SQL is cancelled over another connection of the same kind', async () => {
  const name = new URL(database.url).pathname.slice(1)
  const place = { instance: INSTANCE, ipType: 'PRIVATE', database: name, user: USER, poolMax: 2 } as const
  const address = { kind: 'cloudsql', ...place, adminApiEndpoint: cloud.adminApiEndpoint } as const
  const logger = createLogger({ write: () => {} })
  const { pool, close } = await connect(address, { applicationName: 'almagest-test', logger })
  const client = await pool.connect()
  const sleeping = client.query('select pg_sleep(60)').catch((error: unknown) => error)
  const active = "select from pg_stat_activity where usename = $1 and query like '%pg_sleep%' and state = 'active'"
  while ((await database.pool.query(active, [USER])).rowCount === 0);
  await cancelQuery(client, pool)
  expect(await sleeping).toMatchObject({ code: '57014' })
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  client.release()
  await close()
  expect(cloud.refusals).toEqual([])
})
