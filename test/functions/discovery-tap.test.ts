import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import pg from 'pg'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { readLiveSlot } from '../../shared/tap-schema/live-slot.ts'
import { DEPLOYED } from '../../shared/tap-schema/options.ts'
import { rollback } from '../../shared/tap-schema/rollback.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { liveSlot, startDiscovery, withServers } from './discovery-service.ts'

const PATH = '/repertoire/discovery'
const config = { releasesPublicBase: 'https://cdn.example/releases' }

async function stage(database: TestDatabase, version: string, readers: readonly string[] = []): Promise<void> {
  const object = `${version}/schemas.tar.gz`
  const source = { bucket: 'releases', object, generation: '1', sha256: 'ab'.repeat(32), bytes: 10 }
  const files = new Map([['survey.yaml', sampleSchema('survey')]])
  const request = { version, schemas: ['survey'], files, source, options: DEPLOYED, readers, actor: 'tester' }
  await stageRelease(database.pool, { ...request, redelivery: 'restage' })
}

async function deploy(database: TestDatabase, version: string, readers: readonly string[] = []): Promise<void> {
  await stage(database, version, readers)
  await swap(database.pool, { expectedVersion: version, actor: 'tester' })
}

const start = (database: TestDatabase, tapLifetimeMs = 0) =>
  startDiscovery({
    environment: withServers('tap'),
    config,
    options: { tapLifetimeMs },
    dependencies: { readLive: () => readLiveSlot(database.pool, { timeoutMs: 5_000 }) },
  })

describe('what is live in a database', () => {
  test('is in the document, by itself, and follows swaps and rollbacks', async () => {
    const database = await createTestDatabase()
    await deploy(database, 'w.1')
    const service = await start(database)
    const { body } = await service.get(PATH)
    const expected = {
      version: 'w.1',
      loaded_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      source: { bucket: 'releases', object: 'w.1/schemas.tar.gz', generation: '1', sha256: 'ab'.repeat(32), bytes: 10 },
      schemas: ['survey'],
      metadata: {
        datalink_snippets: 'https://cdn.example/releases/w.1/datalink-snippets.zip',
        datalink_columns: 'https://cdn.example/releases/w.1/datalink-columns.zip',
        schemas: 'https://cdn.example/releases/w.1/schemas.tar.gz',
      },
    }
    expect(body.tap_schemas).toEqual({ tap: expected })
    expect((await service.get(`${PATH}/tap/tap`)).body).toEqual(expected)
    await deploy(database, 'w.2')
    expect((await service.get(PATH)).body.tap_schemas.tap.version).toBe('w.2')
    await rollback(database.pool, { expectedVersion: 'w.1', actor: 'tester' })
    expect((await service.get(PATH)).body.tap_schemas.tap.version).toBe('w.1')
    await stage(database, 'w.3')
    expect((await service.get(PATH)).body.tap_schemas.tap.version).toBe('w.1')
  })

  test('is read by a login that may only read', async () => {
    const database = await createTestDatabase()
    const login = await database.createLogin()
    await deploy(database, 'w.1', [login])
    expect(await readLiveSlot(database.poolAs(login), { timeoutMs: 5_000 })).toMatchObject({ version: 'w.1' })
  })

  test('is read with one statement', async () => {
    const database = await createTestDatabase()
    await deploy(database, 'w.1')
    const client = await database.pool.connect()
    const statements: unknown[] = []
    const query = client.query.bind(client) as (...args: unknown[]) => unknown
    Object.assign(client, {
      query: (...args: unknown[]) => {
        statements.push(args[0])
        return query(...args)
      },
    })
    client.release()
    await readLiveSlot(database.pool, { timeoutMs: 5_000 })
    expect(statements).toHaveLength(1)
  })

  test('is nothing in a new database, and known without version in one that others made', async () => {
    const database = await createTestDatabase()
    expect(await readLiveSlot(database.pool, { timeoutMs: 5_000 })).toBeNull()
    const service = await start(database)
    expect((await service.get(PATH)).body).toEqual({})
    expect((await service.get(`${PATH}/tap/tap`)).body.detail[0]).toMatchObject({ type: 'empty_slot' })
    await database.pool.query(
      `create schema tap_schema; create table tap_schema.schemas (schema_name text);
       insert into tap_schema.schemas values ('tap_schema'), ('b'), ('a')`,
    )
    expect((await service.get(`${PATH}/tap/tap`)).body).toMatchObject({
      version: 'unversioned',
      schemas: ['a', 'b'],
      metadata: null,
    })
    await database.pool.query(
      `create table tap_schema.version (version text, loaded_at timestamptz);
       alter table tap_schema.schemas add column schema_index int;
       insert into tap_schema.schemas values ('c', 3), ('d', -1), ('TAP_SCHEMA', 1);
       update tap_schema.schemas set schema_index = 2 where schema_name = 'b'`,
    )
    const order = ['d', 'b', 'c', 'a']
    expect((await service.get(`${PATH}/tap/tap`)).body).toMatchObject({ version: 'unversioned', schemas: order })
    await database.pool.query(
      `insert into tap_schema.version values ('w.8', '2026-01-01'), ('w.9', '2026-01-02T03:04:05Z'), ('w.7', null)`,
    )
    expect((await service.get(`${PATH}/tap/tap`)).body).toMatchObject({
      version: 'w.9',
      loaded_at: '2026-01-02T03:04:05.000Z',
      schemas: order,
      metadata: { schemas: 'https://cdn.example/releases/w.9/schemas.tar.gz' },
    })
  })
})

test('a table of versions that another tool made is read as far as it goes', async () => {
  const database = await createTestDatabase()
  await database.pool.query(
    `create schema tap_schema; create table tap_schema.versions (version text, loaded_at timestamptz);
     insert into tap_schema.versions values ('w.1', '2026-01-01Z'), ('w.2', '2026-01-02Z'), ('w.0', null)`,
  )
  const live = { version: 'w.2', versioned: true, loadedAt: '2026-01-02T00:00:00.000Z', source: null, schemas: [] }
  expect(await readLiveSlot(database.pool, { timeoutMs: 5_000 })).toEqual(live)
  await database.pool.query('alter table tap_schema.versions drop column loaded_at')
  expect(await readLiveSlot(database.pool, { timeoutMs: 5_000 })).toMatchObject({ version: 'w.1', loadedAt: null })
  await database.pool.query('drop table tap_schema.versions; create table tap_schema.versions (id int)')
  await database.pool.query('insert into tap_schema.versions values (1)')
  expect(await readLiveSlot(database.pool, { timeoutMs: 5_000 })).toMatchObject({ versioned: false })
  await database.pool.query(
    `drop table tap_schema.versions;
     create table tap_schema.version as select 'w.3' as version, 'infinity'::timestamptz as loaded_at`,
  )
  expect(await readLiveSlot(database.pool, { timeoutMs: 5_000 })).toMatchObject({ version: 'w.3', loadedAt: null })
})

test('a database without a slot of ours is asked nothing that it does not know, until there is one', async () => {
  const database = await createTestDatabase()
  const read = () => readLiveSlot(database.pool, { timeoutMs: 5_000 })
  expect(await read()).toBeNull()
  const failures: unknown[] = []
  const client = await database.pool.connect()
  const query = client.query.bind(client) as (...args: unknown[]) => unknown
  const asked = vi.spyOn(client, 'query').mockImplementation((...args: unknown[]) => {
    const answer = query(...args)
    if (answer instanceof Promise) answer.catch((error: unknown) => failures.push(error))
    return answer
  })
  client.release()
  expect(await read()).toBeNull()
  expect([asked.mock.calls.length > 2, failures]).toEqual([true, []])
  await deploy(database, 'w.1')
  expect(await read()).toMatchObject({ version: 'w.1', schemas: ['survey'] })
  asked.mockClear()
  expect(await read()).toMatchObject({ version: 'w.1' })
  expect(asked).toHaveBeenCalledTimes(1)
})

describe('the metadata of the live release', () => {
  const live = (releasesPublicBase: string | null) =>
    startDiscovery({
      environment: withServers('tap'),
      config: { releasesPublicBase },
      dependencies: { readLive: async () => liveSlot('tickets/DM-1') },
    })

  test.each(['datalink-snippets', 'datalink-columns', 'schemas'])('has a lasting URL: %s', async (artifact) => {
    const service = await live('https://cdn.example/r')
    const { status, headers, content } = await service.get(`${PATH}/tap/tap/metadata/${artifact}`, {
      host: 'evil.example',
    })
    const name = artifact === 'schemas' ? 'schemas.tar.gz' : `${artifact}.zip`
    expect([status, headers.location, content.length]).toEqual([307, `https://cdn.example/r/tickets/DM-1/${name}`, 0])
    expect(headers['cache-control']).toMatch(/max-age=\d\b/)
    expect(headers['access-control-allow-origin']).toBe('*')
  })

  test.each([
    ['tap/tapp', 'server_not_found', 'did you mean tap?'],
    ['tap/tap/metadata/datalink_snippets', 'artifact_not_found', 'did you mean datalink-snippets?'],
    ['tap/__proto__', 'server_not_found', 'there are tap'],
  ])('%s is not found: %s', async (path, type, message) => {
    const service = await live('https://cdn.example/r')
    const { status, body } = await service.get(`${PATH}/${path}`)
    expect(status).toBe(404)
    expect(body.detail[0]).toMatchObject({ type, msg: expect.stringContaining(message) })
  })

  test('is not found where releases are not public', async () => {
    const service = await live(null)
    const { status, body } = await service.get(`${PATH}/tap/tap/metadata/schemas`)
    expect([status, body.detail[0].type]).toEqual([404, 'not_published'])
  })
})

test('a server that was never reached is left out of the document, and 503 by itself', async () => {
  const service = await startDiscovery({
    environment: withServers('tap', 'ssotap'),
    dependencies: {
      readLive: async ({ name }) => (name === 'tap' ? liveSlot('w.1') : Promise.reject(new Error('down'))),
    },
  })
  const { status, body } = await service.get(PATH)
  expect(status).toBe(200)
  expect(Object.keys(body.tap_schemas)).toEqual(['tap'])
  const single = await service.get(`${PATH}/tap/ssotap`)
  expect([single.status, single.headers['retry-after']]).toEqual([503, '5'])
  expect(single.text).not.toContain('down')
})

/** Passes connections on to a database, loses them, or swallows what they say. */
async function startFlappingProxy(url: string) {
  const target = new URL(url)
  const { hostname, port } = target
  const state = { mode: 'up' as 'up' | 'down' | 'silent' }
  const open = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    open.add(socket)
    socket.on('error', () => {}).on('close', () => open.delete(socket))
    if (state.mode === 'down') return void socket.destroy()
    const upstream = net.connect(Number(port), hostname).on('error', () => socket.destroy())
    upstream.on('data', (data) => state.mode === 'up' && socket.write(data))
    socket.on('data', (data) => state.mode === 'up' && upstream.write(data))
    socket.on('close', () => upstream.destroy())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  target.hostname = '127.0.0.1'
  target.port = String((server.address() as AddressInfo).port)
  const turn = (mode: 'up' | 'down' | 'silent') => {
    state.mode = mode
    if (mode === 'down') for (const socket of open) socket.destroy()
  }
  return { url: target.href, turn }
}

test('1,000 requests while the database goes down, falls silent and comes back: all answered, none with an error', async () => {
  const database = await createTestDatabase()
  await deploy(database, 'w.1')
  const proxy = await startFlappingProxy(database.url)
  const pool = new pg.Pool({ connectionString: proxy.url, max: 2, connectionTimeoutMillis: 300 })
  pool.on('error', () => {})
  onTestFinished(() => pool.end())
  let underWay = 0
  let most = 0
  const service = await startDiscovery({
    environment: withServers('tap'),
    options: { tapLifetimeMs: 20, tapDeadlineMs: 100 },
    dependencies: {
      async readLive() {
        most = Math.max(most, ++underWay)
        try {
          return await readLiveSlot(pool, { timeoutMs: 300 })
        } finally {
          underWay -= 1
        }
      },
    },
  })
  const live = async () => (await service.get(PATH)).body.tap_schemas?.tap
  await expect.poll(live, { timeout: 60_000 }).toMatchObject({ version: 'w.1' })
  const seen = new Map<string, number>()
  const modes = ['up', 'down', 'up', 'silent', 'up', 'down', 'silent', 'down', 'up', 'up'] as const
  for (const mode of modes) {
    proxy.turn(mode)
    for (let batch = 0; batch < 5; batch++) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => service.get(PATH)))
      for (const { status, body } of answers) {
        const { version = 'none', stale = false } = body?.tap_schemas?.tap ?? {}
        const what = `${status} ${version}${stale ? ' stale' : ''}`
        seen.set(what, (seen.get(what) ?? 0) + 1)
      }
    }
  }
  expect([...seen.keys()].sort()).toEqual(['200 w.1', '200 w.1 stale'])
  expect([...seen.values()].reduce((sum, count) => sum + count)).toBe(1_000)
  expect(most).toBe(1)
  await deploy(database, 'w.2')
  await expect
    .poll(async () => (await service.get(PATH)).body.tap_schemas.tap, { timeout: 60_000 })
    .toMatchObject({ version: 'w.2' })
})
