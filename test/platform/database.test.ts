import { createServer, type Socket } from 'node:net'
import pg from 'pg'
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { startFakeCloudSql } from '../../local/cloud-sql/fake-cloud-sql.ts'
import { errorResponse } from '../../local/cloud-sql/messages.ts'
import type { CloudSqlAddress, DatabaseAddress } from '../../shared/database-address.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { databaseUserOf } from '../../shared/platform/postgres/cloud-sql.ts'
import { type ConnectOptions, connect } from '../../shared/platform/postgres/database.ts'
import { createTestDatabase } from '../support/postgres.ts'

const NOW: NonNullable<ConnectOptions['retry']> = { sleep: async () => {}, totalMs: 60_000 }

async function open(address: DatabaseAddress, options: Partial<ConnectOptions> = {}) {
  const lines: string[] = []
  const logger = createLogger({ write: (line) => void lines.push(line) })
  const database = await connect(address, { applicationName: 'almagest-test', logger, retry: NOW, ...options })
  onTestFinished(database.close)
  return { ...database, lines }
}

function byUrl(url: string, poolMax = 2): DatabaseAddress {
  return { kind: 'url', url, passwordKey: null, poolMax }
}

/** A PostgreSQL whose door misbehaves: the first connections are broken, or refused with a SQLSTATE. */
async function startDoor(postgres: string, faults: string[]) {
  const { hostname, port } = new URL(postgres)
  const sockets = new Set<Socket>()
  const { connect: dial } = await import('node:net')
  const counted = { connections: 0 }
  const server = createServer((client) => {
    counted.connections++
    sockets.add(client)
    client.on('error', () => client.destroy())
    const fault = faults.shift()
    if (fault === 'reset') return client.resetAndDestroy()
    if (fault !== undefined) return client.once('data', () => client.end(errorResponse(fault, 'refused by the test')))
    const upstream = dial(Number(port), hostname)
    sockets.add(upstream)
    upstream.on('error', () => client.destroy()).on('close', () => client.destroy())
    client.on('close', () => upstream.destroy())
    client.pipe(upstream).pipe(client)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const drop = () => {
    for (const socket of sockets) socket.destroy()
  }
  onTestFinished(async () => {
    drop()
    await new Promise((done) => server.close(done))
  })
  const address = server.address()
  const url = new URL(postgres)
  url.port = String(typeof address === 'object' ? address?.port : '')
  return { url: url.href, drop, counted }
}

describe('a database by URL', () => {
  it('is opened with the name of the application and the size of the pool', async () => {
    const { url } = await createTestDatabase({ initialised: false })
    const { pool } = await open(byUrl(url, 3))
    const { rows } = await pool.query('select current_setting($1) as name', ['application_name'])
    expect(rows).toEqual([{ name: 'almagest-test' }])
    expect(pool).toBeInstanceOf(pg.Pool)
    expect(pool.options.max).toBe(3)
  })

  it('is not connected to before it is needed', async () => {
    const { pool } = await open(byUrl('postgresql://nobody@127.0.0.1:1/nothing'))
    expect(pool.totalCount).toBe(0)
  })

  it.each(['s3cret', 'with space & + % / @ : ? #', 'Ω'])(
    'gets the password %j from its parameter',
    async (password) => {
      const received = await receivePassword(password, (port) => `postgresql://user@127.0.0.1:${port}/db`)
      expect(received).toBe(password)
    },
  )

  it('can be closed twice', async () => {
    const { close } = await open(byUrl('postgresql://nobody@127.0.0.1:1/nothing'))
    await close()
    await close()
  })

  it.each(['', 'no url', 'mysql://u:s3cret@h/d', 'u:s3cret@host/db'])(
    'is refused for good as %j, without repeating it',
    async (url) => {
      const failure = await open(byUrl(url)).catch((error: unknown) => error)
      expect(failure).toMatchObject({ code: 'invalid_database_address', permanent: true })
      expect(String(failure)).not.toContain('s3cret')
    },
  )
})

/** Plays a server that asks for the password in clear text, and says what it got. */
async function receivePassword(password: string, urlFor: (port: number) => string): Promise<string> {
  const received = new Promise<string>((resolve) => {
    const server = createServer((client) => {
      client.once('data', () => {
        client.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]))
        client.once('data', (message) => {
          resolve(message.subarray(5, -1).toString())
          client.destroy()
        })
      })
      client.on('error', () => client.destroy())
    })
    server.listen(0, '127.0.0.1', async () => {
      const address = server.address()
      const url = urlFor(typeof address === 'object' ? (address?.port ?? 0) : 0)
      const { pool } = await open(byUrl(url), { password, retry: { attempts: 1 } })
      await pool.query('select 1').catch(() => {})
      server.close()
    })
  })
  return received
}

describe('acquiring a connection', () => {
  it.each(['connect', 'query'] as const)('by %s tries again when the connection breaks', async (way) => {
    const { url } = await createTestDatabase({ initialised: false })
    const door = await startDoor(url, ['reset', 'reset', 'reset'])
    const { pool, lines } = await open(byUrl(door.url))
    if (way === 'query') expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    else {
      const client = await pool.connect()
      expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
      client.release()
    }
    expect(door.counted.connections).toBe(4)
    expect(lines.filter((line) => line.includes('trying again'))).toHaveLength(3)
  })

  it.each(['57P03', '53300', '57P01', '08006'])('tries again when the server answers %s', async (state) => {
    const { url } = await createTestDatabase({ initialised: false })
    const door = await startDoor(url, [state, state])
    const { pool } = await open(byUrl(door.url))
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    expect(door.counted.connections).toBe(3)
  })

  it.each(['28P01', '28000', '3D000', '42501', '0A000', '08P01', 'XX000'])('gives up at once on %s', async (state) => {
    const door = await startDoor(inject('postgres'), [state, state])
    const { pool } = await open(byUrl(door.url))
    await expect(pool.query('select 1')).rejects.toMatchObject({ code: 'database_connection', sqlState: state })
    expect(door.counted.connections).toBe(1)
  })

  it('never repeats a query whose connection broke', async () => {
    const { url, pool: observer } = await createTestDatabase({ initialised: false })
    await observer.query('create table witness (at int)')
    const door = await startDoor(url, [])
    const { pool } = await open(byUrl(door.url))
    const query = pool.query(`insert into witness values (1); commit; select pg_sleep(60)`)
    query.catch(() => {})
    await vi.waitFor(async () => expect((await observer.query('select from witness')).rowCount).toBe(1))
    door.drop()
    await expect(query).rejects.toThrow()
    expect((await observer.query('select from witness')).rowCount).toBe(1)
    expect(door.counted.connections).toBe(1)
  })

  it('survives idle connections that die, and logs them', async () => {
    const { url, pool: observer } = await createTestDatabase({ initialised: false })
    const { pool, lines } = await open(byUrl(url))
    await pool.query('select 1')
    await observer.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'almagest-test'`,
    )
    await vi.waitFor(() => expect(lines.some((line) => line.includes('idle connection'))).toBe(true))
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  it('tries out a connection that was used before, and replaces it when it is dead', async () => {
    const { url } = await createTestDatabase({ initialised: false })
    const door = await startDoor(url, [])
    const { pool } = await open(byUrl(door.url))
    await pool.query('select 1')
    // Like an instance that wakes up: the peer is gone, but this process does not know yet.
    const acquired = pool.connect()
    door.drop()
    const client = await acquired
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    client.release()
    expect(door.counted.connections).toBe(2)
  })

  it('trusts a connection that was in use a moment ago, where it may', async () => {
    const { url } = await createTestDatabase({ initialised: false })
    for (const [trustMs, trials] of [
      [60_000, 0],
      [0, 1],
    ] as const) {
      const { pool } = await open(byUrl(url), { trustMs })
      const client = await pool.connect()
      client.release()
      const asked = vi.spyOn(client, 'query')
      const again = await pool.connect()
      expect(again).toBe(client)
      expect(asked).toHaveBeenCalledTimes(trials)
      again.release()
    }
  })

  it.each([
    ['3D000', 'check the name of the database', { pathname: '/no_such_database' }],
    ['28000', 'check the user and the password', { username: 'no_such_role' }],
  ])('gives up at once when the server refuses with %s, and says what to check', async (state, advice, change) => {
    const url = Object.assign(new URL(inject('postgres')), change)
    const door = await startDoor(url.href, [])
    const { pool } = await open(byUrl(door.url))
    await expect(pool.connect()).rejects.toMatchObject({
      code: 'database_connection',
      permanent: false,
      sqlState: state,
      message: expect.stringContaining(advice),
    })
    expect(door.counted.connections).toBe(1)
  })

  it('gives up after its tries with a transient failure that names the database and no password', async () => {
    const door = await startDoor(
      inject('postgres'),
      Array.from({ length: 99 }, () => 'reset'),
    )
    const url = new URL(door.url)
    url.password = 's3cret'
    const { pool, lines } = await open(byUrl(url.href))
    const failure = await pool.connect().catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'database_connection', permanent: false, sqlState: null })
    expect(String(failure)).toContain(`cannot connect to database postgres on 127.0.0.1:${url.port}`)
    expect(`${failure} ${lines.join()}`).not.toContain('s3cret')
    expect(door.counted.connections).toBe(8)
  })

  it('says what to check when nothing listens', async () => {
    const { pool } = await open(byUrl('postgresql://someone@127.0.0.1:1/tap'))
    await expect(pool.query('select 1')).rejects.toMatchObject({
      code: 'database_connection',
      message: expect.stringMatching(/database tap on 127\.0\.0\.1:1.*ECONNREFUSED.*PostgreSQL is running/),
    })
  })

  it('says so when the whole pool is in use', async () => {
    const { url } = await createTestDatabase({ initialised: false })
    const { pool } = await open(byUrl(url, 1))
    pool.options.connectionTimeoutMillis = 50
    const first = await pool.connect()
    await expect(pool.connect()).rejects.toMatchObject({
      code: 'database_connection',
      message: expect.stringContaining('raise poolMax'),
    })
    first.release()
  })
})

describe('a Cloud SQL instance', () => {
  const address: CloudSqlAddress = {
    kind: 'cloudsql',
    instance: 'demo:europe-west1:tap',
    ipType: 'PUBLIC',
    user: 'loader@demo.iam.gserviceaccount.com',
    database: '',
    poolMax: 2,
    adminApiEndpoint: null,
  }

  async function setUp() {
    const { url, pool: admin } = await createTestDatabase({ initialised: false })
    await admin.query('do $$ begin create role "loader@demo.iam" login; exception when duplicate_object then end $$')
    onTestFinished(async () => {
      const cleaner = new pg.Client({ connectionString: inject('postgres') })
      await cleaner.connect()
      await cleaner.query('drop role if exists "loader@demo.iam"')
      await cleaner.end()
    })
    const serviceAccount = 'loader@demo.iam.gserviceaccount.com'
    const cloud = await startFakeCloudSql({ instance: address.instance, serviceAccount, postgres: url })
    const database = new URL(url).pathname.slice(1)
    return { cloud, address: { ...address, database, adminApiEndpoint: cloud.adminApiEndpoint } }
  }

  it('is logged in to as the IAM user, over the real connector', async () => {
    const { cloud, address } = await setUp()
    const { pool } = await open(address)
    const { rows } = await pool.query('select current_user as "user", current_setting($1) as name', [
      'application_name',
    ])
    expect(rows).toEqual([{ user: 'loader@demo.iam', name: 'almagest-test' }])
    expect(cloud.logins.at(-1)).toEqual({
      user: 'loader@demo.iam',
      database: address.database,
      certificate: 'iam',
      account: 'loader@demo.iam.gserviceaccount.com',
    })
  })

  it('is reached again when its connections are dropped', async () => {
    const { cloud, address } = await setUp()
    const { pool, lines } = await open(address)
    await pool.query('select 1')
    cloud.dropConnections()
    await vi.waitFor(() => expect(lines.some((line) => line.includes('idle connection'))).toBe(true))
    cloud.refuseNext(2)
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  it('is reached again when its idle connections are silent, after waiting for one of them', async () => {
    const { cloud, address } = await setUp()
    const { pool, lines } = await open({ ...address, poolMax: 3 })
    const clients = await Promise.all([pool.connect(), pool.connect(), pool.connect()])
    for (const client of clients) client.release()
    cloud.proxy.silenceConnections()
    const logins = cloud.logins.length
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    expect(lines.filter((line) => line.includes('trying again'))).toEqual([
      expect.stringContaining('Query read timeout'),
    ])
    expect(cloud.logins).toHaveLength(logins + 1)
    expect(pool.totalCount).toBe(1)
  })

  it('is reached again when a certificate expired that the connector did not renew', async () => {
    const { cloud, address } = await setUp()
    const { pool } = await open(address)
    await pool.query('select 1')
    // As on a machine that slept: its timers have not moved.
    cloud.clock.aheadMs += 7_200_000
    cloud.dropConnections()
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    expect(new Set(cloud.refusals.map(({ reason }) => reason))).toEqual(new Set(['expired']))
    expect(cloud.issued).toHaveLength(2)
    expect((await pool.query('select 2 as two')).rows).toEqual([{ two: 2 }])
  })

  it('whose new certificate is denied says so', async () => {
    const { cloud, address } = await setUp()
    const { pool } = await open(address)
    await pool.query('select 1')
    cloud.clock.aheadMs += 7_200_000
    cloud.dropConnections()
    const instance = cloud.instances.get('tap')
    if (instance !== undefined) instance.status = 403
    await expect(pool.query('select 1')).rejects.toMatchObject({
      code: 'database_connection',
      message: expect.stringContaining('roles/cloudsql.client'),
    })
  })

  it('that cannot be reached, and may not be asked for any more, is a failure of the query and of nothing else', async () => {
    const { cloud, address } = await setUp()
    const instance = Object.assign(cloud.instances.get('tap') ?? {}, { host: '127.0.0.2' })
    const { pool } = await open(address)
    Object.assign(instance, { status: 403 })
    const asked = cloud.adminCalls.length
    const unhandled: unknown[] = []
    const remember = (error: unknown) => void unhandled.push(error)
    process.on('unhandledRejection', remember)
    onTestFinished(() => void process.off('unhandledRejection', remember))
    await expect(pool.query('select 1')).rejects.toMatchObject({ code: 'database_connection' })
    // The connector tries to renew what it has, in the background.
    await expect.poll(() => cloud.adminCalls.length).toBeGreaterThan(asked)
    // The refusal needs a moment to arrive; it is of interest that nothing comes of it.
    await new Promise((done) => setTimeout(done, 100))
    expect(unhandled).toEqual([])
  })

  it('is waited for no longer when Google does not answer, and asked anew', async () => {
    const { cloud, address } = await setUp()
    const instance = cloud.instances.get('tap')
    if (instance !== undefined) instance.status = 0
    await expect(open(address, { preparationMs: 100 })).rejects.toMatchObject({
      code: 'database_connection',
      permanent: false,
      message: expect.stringContaining('Google did not answer within 0.1 s'),
    })
    if (instance !== undefined) instance.status = null
    const { pool } = await open(address)
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  it('whose answer comes when it is waited for no longer is left at once', async () => {
    const { address } = await setUp()
    const { Connector } = await import('@google-cloud/cloud-sql-connector')
    onTestFinished(() => void vi.restoreAllMocks())
    const { getOptions } = Connector.prototype
    const answer = Promise.withResolvers<void>()
    vi.spyOn(Connector.prototype, 'getOptions').mockImplementation(async function (
      this: typeof Connector.prototype,
      to,
    ) {
      await answer.promise
      return getOptions.call(this, to)
    })
    const close = vi.spyOn(Connector.prototype, 'close')
    await expect(open(address, { preparationMs: 50 })).rejects.toMatchObject({ code: 'database_connection' })
    expect(close).not.toHaveBeenCalled()
    answer.resolve()
    await expect.poll(() => close.mock.calls.length).toBe(1)
  })

  it('is not waited for when access is denied, and the message says which roles are needed', async () => {
    const { cloud, address } = await setUp()
    cloud.adminStatuses.push(...Array.from({ length: 20 }, () => 403))
    await expect(open(address)).rejects.toMatchObject({
      code: 'database_connection',
      permanent: false,
      message: expect.stringMatching(/demo:europe-west1:tap.*roles\/cloudsql\.client/),
    })
    cloud.adminStatuses.length = 0
    const { pool } = await open(address)
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  it('that lacks the user says what to do', async () => {
    const { address } = await setUp()
    const { pool } = await open({ ...address, user: 'stranger@demo.iam.gserviceaccount.com' })
    await expect(pool.query('select 1')).rejects.toMatchObject({
      sqlState: '28000',
      message: expect.stringContaining('IAM user'),
    })
  })

  it('without the wanted kind of address is a clear failure', async () => {
    const { address } = await setUp()
    await expect(open({ ...address, ipType: 'PSC' })).rejects.toMatchObject({
      code: 'database_connection',
      message: expect.stringContaining('demo:europe-west1:tap'),
    })
  })
})

describe('the database user of a service account', () => {
  it.each([
    ['loader@demo.iam.gserviceaccount.com', 'loader@demo.iam'],
    ['loader@demo.iam', 'loader@demo.iam'],
    ['person@example.org', 'person@example.org'],
  ])('%s is %s', (account, user) => {
    expect(databaseUserOf(account)).toBe(user)
  })
})
