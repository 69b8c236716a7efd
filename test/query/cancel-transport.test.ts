import { generateKeyPairSync } from 'node:crypto'
import { type AddressInfo, createServer, connect as dial } from 'node:net'
import { TLSSocket } from 'node:tls'
import pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { type FakeCloudSql, openFakeCloudSql } from '../../local/cloud-sql/fake-cloud-sql.ts'
import { Authority } from '../../local/cloud-sql/x509.ts'
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

/** Runs a long statement, cancels it, and uses the connection again. */
async function cancelOn(pool: pg.Pool, user: string): Promise<void> {
  const client = await pool.connect()
  const sleeping = client.query('select pg_sleep(60)').catch((error: unknown) => error)
  const active = "select from pg_stat_activity where usename = $1 and query like '%pg_sleep%' and state = 'active'"
  while ((await database.pool.query(active, [user])).rowCount === 0);
  await cancelQuery(client, pool)
  expect(await sleeping).toMatchObject({ code: '57014' })
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  client.release()
}

/** The server behind TLS alone, as PostgreSQL negotiates it; counts the connections that asked for it. */
async function startTls(postgres: string): Promise<{ readonly url: string; readonly asked: () => number }> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issued = new Authority('test').issue({
    commonName: 'localhost',
    dnsNames: [],
    publicKey,
    lifetimeMs: 86_400_000,
  })
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
  const { hostname, port } = new URL(postgres)
  let asked = 0
  const server = createServer((socket) => {
    socket.once('data', (bytes) => {
      if (bytes.readUInt32BE(4) !== SSL_REQUEST) return socket.destroy()
      asked += 1
      socket.write('S')
      const secure = new TLSSocket(socket, { isServer: true, key, cert: issued })
      const upstream = dial(Number(port), hostname)
      secure.on('error', () => upstream.destroy()).on('close', () => upstream.destroy())
      upstream.on('error', () => secure.destroy())
      secure.pipe(upstream).pipe(secure)
    })
    socket.on('error', () => socket.destroy())
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  const url = new URL(postgres)
  url.port = String((server.address() as AddressInfo).port)
  return { url: url.href, asked: () => asked }
}

const SSL_REQUEST = 80877103

test('a statement behind TLS is cancelled over another connection with TLS', async () => {
  const { url, asked } = await startTls(database.urlAs(USER))
  const pool = new pg.Pool({ connectionString: url, ssl: { rejectUnauthorized: false } })
  await cancelOn(pool, USER)
  await pool.end()
  expect(asked()).toBe(2)
})

test('a statement in Cloud SQL is cancelled over another connection of the same kind', async () => {
  const name = new URL(database.url).pathname.slice(1)
  const place = { instance: INSTANCE, ipType: 'PRIVATE', database: name, user: USER, poolMax: 2 } as const
  const address = { kind: 'cloudsql', ...place, adminApiEndpoint: cloud.adminApiEndpoint } as const
  const logger = createLogger({ write: () => {} })
  const { pool, close } = await connect(address, { applicationName: 'almagest-test', logger })
  await cancelOn(pool, USER)
  await close()
  expect(cloud.refusals).toEqual([])
})
