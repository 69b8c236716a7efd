import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { http } from '@google-cloud/functions-framework'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { LoadDependencies } from '../../functions/load-release/load-release.ts'
import { createLoadRelease } from '../../functions/load-release/routes.ts'
import type { Environment } from '../../shared/environment/environment.ts'
import type { TapServer } from '../../shared/environment/tap-server.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { DatabaseAddressError } from '../../shared/platform/postgres/connection-failures.ts'
import { openBucket } from '../../shared/platform/storage/objects.ts'
import { DEFAULT_LIMITS } from '../../shared/releases/limits.ts'
import { DEPLOYED } from '../../shared/tap-schema/options.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { readStatus, type ServerStatus } from '../../shared/tap-schema/status.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { buildRelease } from '../releases/build-archive.ts'
import { NO_CONSOLE, NO_DISCOVERY, NO_REGISTRY } from '../support/discovery-config.ts'
import { type FakeGcs, startFakeGcs } from '../support/fake-gcs.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { reuseDatabases } from '../support/prepared-database.ts'
import { sampleSchema, stageRequest } from '../support/sample-release.ts'

interface Stack {
  readonly url: string
  readonly gcs: FakeGcs
  readonly databases: Readonly<Record<string, TestDatabase>>
  readonly announced: { event: string; attributes: Readonly<Record<string, string>> }[]
  readonly log: { severity: string; message: string; status?: number }[]
  /** Uploads a release; its generation is the answer. */
  upload(version: string, files: Readonly<Record<string, string>> | Buffer): Promise<string>
  /** Posts a notification to the function, as the push subscription does; its status is the answer. */
  push(body: unknown, headers?: Record<string, string>): Promise<number>
  status(server?: string): Promise<ServerStatus>
}

const oneOfOurs = reuseDatabases()

/** How often the bucket is asked before a delivery is given up. */
const ATTEMPTS = 3

const SURVEY = { 'survey.yaml': sampleSchema('survey') }

/** For the tests in which a swap is to give up. */
const HASTY: Environment['swap'] = { deadlineMs: 300, lockTimeoutMs: 20, operators: [] }

interface StackOptions {
  readonly beforeConnecting?: () => void
  /** For tests that leave it as it is; each server has one of its own unless given. */
  readonly database?: TestDatabase
  readonly swap?: Environment['swap']
}

/** The function under the real framework, on a fake bucket and one real database per TAP server. */
async function startStack(
  servers: Readonly<Record<string, Partial<TapServer>>> = { tap: {} },
  { beforeConnecting = () => {}, swap = HASTY, database }: StackOptions = {},
): Promise<Stack> {
  const gcs = await startFakeGcs()
  const databases: Record<string, TestDatabase> = {}
  const configured = new Map<string, TapServer>()
  for (const [name, changes] of Object.entries(servers)) {
    databases[name] = database ?? (await oneOfOurs())
    configured.set(name, { ...TAP, name, ...changes })
  }
  const announced: Stack['announced'] = []
  const log: Stack['log'] = []
  const logger = createLogger({ write: (line) => log.push(JSON.parse(line)) })
  const dependencies: LoadDependencies = {
    environment: { ...ENVIRONMENT, servers: configured, swap },
    poolFor: async (server) => {
      beforeConnecting()
      return databases[server.name]!.pool
    },
    bucket: openBucket(
      { bucket: 'releases', apiEndpoint: gcs.endpoint },
      { retry: { attempts: ATTEMPTS, baseDelayMs: 1, maxDelayMs: 5, totalMs: 1000 } },
    ),
    announce: async (event, attributes) => void announced.push({ event, attributes }),
    logger,
  }
  const name = `load-release-${Math.random().toString(36).slice(2)}`
  http(name, createLoadRelease(dependencies))
  const url = await listen(getTestServer(name))
  return {
    url,
    gcs,
    databases,
    announced,
    log,
    async upload(version, files) {
      const content = Buffer.isBuffer(files) ? files : await buildRelease(files)
      return (await gcs.put('releases', `${version}/schemas.tar.gz`, content)).generation
    },
    async push(body, headers = {}) {
      const answer = await fetch(`${url}/projects/p/topics/releases`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      })
      await answer.arrayBuffer()
      return answer.status
    },
    status: (server = 'tap') => readStatus(databases[server]!.pool),
  }
}

const TAP: Omit<TapServer, 'name'> = {
  database: { kind: 'url', url: 'postgresql://unused', passwordKey: null, poolMax: 2 },
  schemas: ['survey'],
  schemaVersion: null,
  follow: ['releases/*', 'main'],
  swap: 'never',
  readers: [],
  service: null,
  options: DEPLOYED,
}

const ENVIRONMENT: Omit<Environment, 'servers'> = {
  file: 'environment.yaml',
  releases: { bucket: 'releases', template: '{version}/schemas.tar.gz', limits: DEFAULT_LIMITS },
  topic: null,
  obscore: null,
  secretsDirectory: '/nowhere',
  identity: { audience: [], trustPlatform: false },
  swap: HASTY,
  storage: { apiEndpoint: null },
  results: null,
  discovery: NO_DISCOVERY,
  registry: NO_REGISTRY,
  console: NO_CONSOLE,
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

interface NotificationChanges {
  readonly attributes?: Readonly<Record<string, string | undefined>>
  readonly resource?: object
  readonly data?: string
}

/** The raw body of an own push subscription. */
function pushBody(version: string, generation: string, changes: NotificationChanges = {}) {
  const object = `${version}/schemas.tar.gz`
  const resource = { kind: 'storage#object', bucket: 'releases', name: object, generation, ...changes.resource }
  const attributes = {
    notificationConfig: 'projects/_/buckets/releases/notificationConfigs/1',
    eventType: 'OBJECT_FINALIZE',
    payloadFormat: 'JSON_API_V1',
    bucketId: 'releases',
    objectId: object,
    objectGeneration: generation,
    eventTime: '2026-11-21T10:00:00.000000Z',
    ...changes.attributes,
  }
  const data = changes.data ?? Buffer.from(JSON.stringify(resource)).toString('base64')
  const message = { data, attributes, messageId: '42', publishTime: '2026-11-21T10:00:00.000Z' }
  return { message, subscription: 'projects/p/subscriptions/load-release' }
}

describe('an upload', () => {
  test('is staged, recorded and announced', async () => {
    const stack = await startStack()
    const generation = await stack.upload('releases/r1', SURVEY)
    expect(await stack.push(pushBody('releases/r1', generation))).toBe(204)
    const { slots, history } = await stack.status()
    expect(slots.staging).toMatchObject({ version: 'releases/r1', stagedBy: 'load-release', schemas: ['survey'] })
    expect(slots.staging.source).toMatchObject({ bucket: 'releases', object: 'releases/r1/schemas.tar.gz', generation })
    expect(history).toHaveLength(1)
    expect(stack.announced).toEqual([
      {
        event: 'staged',
        attributes: {
          server: 'tap',
          version: 'releases/r1',
          bucket: 'releases',
          object: 'releases/r1/schemas.tar.gz',
          generation,
        },
      },
    ])
  })

  test('that a reader of the live release may not read is a warning of its own in the log', async () => {
    const stack = await startStack({ tap: { readers: ['almagest_owner'] } })
    const { pool } = stack.databases.tap!
    const reader = await stack.databases.tap!.createLogin()
    await stageRelease(pool, stageRequest('r0', { readers: [reader] }))
    await swap(pool, { expectedVersion: 'r0', actor: 'tester' })
    const generation = await stack.upload('releases/r1', SURVEY)
    expect(await stack.push(pushBody('releases/r1', generation))).toBe(204)
    const warnings = stack.log.filter(({ severity }) => severity === 'WARNING')
    const message = expect.stringMatching(new RegExp(`^${reader} may read what is live`))
    expect(warnings).toEqual([expect.objectContaining({ message, code: 'reader_left_out', version: 'releases/r1' })])
  })

  test('arrives as a CloudEvent too, in both content modes', async () => {
    const stack = await startStack()
    const first = await stack.upload('releases/r1', SURVEY)
    const { message, subscription } = pushBody('releases/r1', first)
    const context = {
      specversion: '1.0',
      id: '42',
      source: '//pubsub.googleapis.com/projects/p/topics/releases',
      type: 'google.cloud.pubsub.topic.v1.messagePublished',
    }
    const structured = { ...context, datacontenttype: 'application/json', data: { message, subscription } }
    expect(await stack.push(structured, { 'content-type': 'application/cloudevents+json' })).toBe(204)
    expect((await stack.status()).slots.staging.version).toBe('releases/r1')
    const second = await stack.upload('releases/r2', SURVEY)
    const headers = Object.fromEntries(Object.entries(context).map(([name, value]) => [`ce-${name}`, value]))
    expect(await stack.push(pushBody('releases/r2', second), headers)).toBe(204)
    expect((await stack.status()).slots.staging.version).toBe('releases/r2')
  })

  test('delivered twice, also at once, is staged once', async () => {
    const stack = await startStack()
    const body = pushBody('releases/r1', await stack.upload('releases/r1', SURVEY))
    expect(await Promise.all([stack.push(body), stack.push(body), stack.push(body)])).toEqual([204, 204, 204])
    const requests = stack.gcs.requests.length
    expect(await stack.push(body)).toBe(204)
    expect((await stack.status()).history).toHaveLength(1)
    expect(stack.announced).toHaveLength(1)
    expect(stack.gcs.requests.length).toBe(requests)
  })

  test('that was overwritten before its notification came is left to the newer one, in any order', async () => {
    const stack = await startStack()
    const older = await stack.upload('main', SURVEY)
    const newer = await stack.upload('main', { 'survey.yaml': sampleSchema('survey', { newer: [{ name: 'a' }] }) })
    expect(await stack.push(pushBody('main', older))).toBe(204)
    expect((await stack.status()).slots.staging.exists).toBe(false)
    expect(await stack.push(pushBody('main', newer))).toBe(204)
    expect(await stack.push(pushBody('main', older))).toBe(204)
    const { slots, history } = await stack.status()
    expect(slots.staging.source?.generation).toBe(newer)
    expect(history).toHaveLength(1)
  })

  test('goes to the servers that take it, and one failing does not hold back another', async () => {
    const stack = await startStack({
      broken: { schemas: ['absent'] },
      pinned: { schemaVersion: 'releases/r1', follow: [] },
      other: { schemaVersion: 'releases/r2', follow: ['tickets/*'] },
    })
    const generation = await stack.upload('releases/r1', SURVEY)
    expect(await stack.push(pushBody('releases/r1', generation))).toBe(204)
    expect((await stack.status('pinned')).slots.staging.version).toBe('releases/r1')
    expect((await stack.status('other')).slots.staging.exists).toBe(false)
    const [rejected] = (await stack.status('broken')).history
    expect(rejected).toMatchObject({
      action: 'rejected',
      version: 'releases/r1',
      problems: [{ code: 'schema_missing' }],
    })
    expect(stack.announced.map(({ event, attributes }) => `${event} ${attributes.server}`).sort()).toEqual([
      'rejected broken',
      'staged pinned',
    ])
  })
})

describe('releases that a server follows', () => {
  const release = (columns: string[]) => ({
    'survey.yaml': sampleSchema('survey', { object: columns.map((name) => ({ name })) }),
  })

  /** Uploads versions in the order given; each is delivered by calling its entry. */
  async function uploadAll(stack: Stack, ...versions: string[]): Promise<Record<string, () => Promise<number>>> {
    const deliver: Record<string, () => Promise<number>> = {}
    for (const version of versions) {
      const body = pushBody(version, await stack.upload(version, release(['a'])))
      deliver[version] = () => stack.push(body)
    }
    return deliver
  }

  const staged = async (stack: Stack) => (await stack.status()).slots.staging.version

  test('end with the latest upload, delivered in reverse and more than once', async () => {
    const stack = await startStack()
    const deliver = await uploadAll(stack, 'releases/r1', 'releases/r2', 'main')
    for (const version of ['main', 'releases/r2', 'releases/r1', 'releases/r2', 'main']) {
      expect(await deliver[version]!()).toBe(204)
    }
    const { slots, history } = await stack.status()
    expect(slots.staging.version).toBe('main')
    expect(history.map(({ action, version }) => `${action} ${version}`)).toEqual([
      'superseded releases/r1',
      'superseded releases/r2',
      'staged main',
    ])
    expect(history[0]?.problems).toMatchObject([{ code: 'superseded', severity: 'warning' }])
    expect(history[0]?.problems[0]?.message).toContain('main was uploaded later')
    expect(stack.announced.map(({ event }) => event)).toEqual(['staged'])
    expect(stack.log.filter(({ severity }) => severity === 'WARNING')).toHaveLength(2)
  })

  test('delivered at once, end with the latest upload too', async () => {
    const stack = await startStack()
    const deliver = await uploadAll(stack, 'releases/r1', 'releases/r2', 'releases/r3')
    const all = ['releases/r3', 'releases/r1', 'releases/r2'].map((version) => deliver[version]!())
    expect(await Promise.all(all)).toEqual([204, 204, 204])
    expect(await staged(stack)).toBe('releases/r3')
  })

  test('do not take the place of a later one that is live', async () => {
    const stack = await startStack({ tap: { swap: 'always' } })
    const deliver = await uploadAll(stack, 'releases/r1', 'releases/r2')
    for (const version of ['releases/r2', 'releases/r1']) expect(await deliver[version]!()).toBe(204)
    const { slots } = await stack.status()
    expect([slots.live.version, slots.staging.version]).toEqual(['releases/r2', null])
  })

  test('are taken in any order by the server that is set to them', async () => {
    const stack = await startStack({ tap: { schemaVersion: 'releases/r1' } })
    const deliver = await uploadAll(stack, 'releases/r1', 'releases/r2')
    for (const version of ['releases/r2', 'releases/r1']) expect(await deliver[version]!()).toBe(204)
    expect(await staged(stack)).toBe('releases/r1')
  })

  test('are held up neither by a later upload that was rejected, nor by one that the server does not take', async () => {
    const stack = await startStack()
    const deliver = await uploadAll(stack, 'releases/r1')
    const broken = await stack.upload('releases/r2', Buffer.from('no archive'))
    expect(await stack.push(pushBody('releases/r2', broken))).toBe(204)
    const ticket = { bucket: 'releases', object: 'tickets/DM-1/schemas.tar.gz', generation: `${BigInt(broken) + 1n}` }
    await stageRelease(
      stack.databases.tap!.pool,
      stageRequest('tickets/DM-1', { source: { ...stageRequest('x').source, ...ticket } }),
    )
    expect(await deliver['releases/r1']!()).toBe(204)
    expect(await staged(stack)).toBe('releases/r1')
  })

  test('may be staged by hand in any order, and a late delivery of another does not undo that', async () => {
    const stack = await startStack()
    const deliver = await uploadAll(stack, 'releases/r1', 'releases/r2', 'releases/r3')
    await deliver['releases/r3']!()
    const [first] = stack.gcs.store.objects('releases') ?? []
    const source = { ...stageRequest('x').source, object: first!.name, generation: String(first!.generation) }
    const byHand = stageRequest('releases/r1', { source, redelivery: 'restage' })
    expect(await stageRelease(stack.databases.tap!.pool, byHand)).toMatchObject({ outcome: 'staged' })
    await deliver['releases/r2']!()
    expect(await staged(stack)).toBe('releases/r1')
  })
})

describe('a release that can never be loaded', () => {
  test('is recorded with every problem, announced, logged as an error and acknowledged', async () => {
    const stack = await startStack()
    const generation = await stack.upload('releases/bad', {
      'survey.yaml':
        'name: survey\ntables:\n- name: t\n  columns:\n  - {name: a, datatype: intt}\n  - {name: b, datatype: string}\n',
    })
    expect(await stack.push(pushBody('releases/bad', generation))).toBe(204)
    const { slots, history } = await stack.status()
    expect(slots.staging.exists).toBe(false)
    expect(history).toHaveLength(1)
    expect(history[0]?.action).toBe('rejected')
    expect(history[0]?.problems.map(({ file, line, path }) => `${file}:${line} ${path}`)).toEqual([
      'survey.yaml:5 tables.0.columns.0.datatype',
      'survey.yaml:6 tables.0.columns.1',
    ])
    expect(stack.announced).toMatchObject([{ event: 'rejected', attributes: { code: 'rejected' } }])
    expect(stack.log.filter(({ severity }) => severity === 'ERROR')).toHaveLength(1)
    expect(await stack.push(pushBody('releases/bad', generation))).toBe(204)
    expect((await stack.status()).history).toHaveLength(1)
  })

  test.each<[string, string, string]>([
    [
      'a key to two tables',
      `name: survey
tables:
- {name: a, columns: [{name: x, datatype: int}]}
- {name: b, columns: [{name: y, datatype: int}]}
- name: t
  columns: [{name: i, datatype: int}, {name: j, datatype: int}]
  constraints:
  - {name: k, "@type": ForeignKey, columns: ["#t.i", "#t.j"], referencedColumns: ["#a.x", "#b.y"]}
`,
      'survey.yaml:8 key_to_several_tables',
    ],
    [
      'an empty name',
      'name: survey\ntables:\n- {name: "", columns: [{name: x, datatype: int}]}\n',
      'survey.yaml:3 name_empty',
    ],
  ])('%s, which Felis accepts, is rejected for good, with file and line', async (_name, text, problem) => {
    const stack = await startStack()
    const generation = await stack.upload('releases/bad', { 'survey.yaml': text })
    expect(await stack.push(pushBody('releases/bad', generation))).toBe(204)
    const { slots, history } = await stack.status()
    expect(slots.staging.exists).toBe(false)
    expect(history.map(({ action }) => action)).toEqual(['rejected'])
    expect(history[0]?.problems.map(({ file, line, code }) => `${file}:${line} ${code}`)).toEqual([problem])
  })

  test.each<[string, Buffer, string]>([
    ['a truncated archive', Buffer.from('H4sIAAAAAAAAA+3BMQEAAADCoPVPbQ', 'base64'), 'truncated_gzip'],
    ['a web page', Buffer.from('<html>404</html>'), 'not_gzip'],
    ['nothing at all', Buffer.alloc(0), 'not_gzip'],
  ])('%s is rejected as %s', async (_name, content, code) => {
    const stack = await startStack()
    const generation = await stack.upload('releases/bad', content)
    expect(await stack.push(pushBody('releases/bad', generation))).toBe(204)
    const [rejected] = (await stack.status()).history
    expect(rejected).toMatchObject({ action: 'rejected', problems: [{ code }], source: { generation } })
  })
})

test.each<[string, Readonly<Record<string, string>> | Buffer]>([
  ['an archive that is none', Buffer.from('this is no archive')],
  ['a broken schema', { 'survey.yaml': 'name: survey\ntables: 3\n' }],
  ['a release that lacks a schema', { 'other.yaml': sampleSchema('other') }],
])('%s, delivered several times at once, is rejected and announced once', async (_what, files) => {
  const stack = await startStack()
  const body = pushBody('releases/bad', await stack.upload('releases/bad', files))
  expect(await Promise.all([1, 2, 3, 4].map(() => stack.push(body)))).toEqual([204, 204, 204, 204])
  expect((await stack.status()).history.map(({ action }) => action)).toEqual(['rejected'])
  expect(stack.announced.map(({ event }) => event)).toEqual(['rejected'])
})

test('a broken upload that is overwritten while it is read is gone, and says nothing about the next one', async () => {
  const stack = await startStack()
  const broken = await stack.upload('main', Buffer.from('this is no archive'))
  let newer = ''
  const lookedUp = { match: /^GET [^?]*schemas\.tar\.gz\?(?!.*alt=media)/ }
  stack.gcs.inject({ kind: 'meanwhile', run: async () => {}, ...lookedUp })
  stack.gcs.inject({
    kind: 'meanwhile',
    run: async () => {
      newer = await stack.upload('main', SURVEY)
    },
    ...lookedUp,
  })
  expect(await stack.push(pushBody('main', broken))).toBe(204)
  expect(newer).not.toBe('')
  expect((await stack.status()).history).toEqual([])
  expect(stack.announced).toEqual([])
  expect(stack.log.map(({ severity }) => severity)).toEqual(['WARNING'])
  expect(await stack.push(pushBody('main', newer))).toBe(204)
  expect((await stack.status()).slots.staging.source?.generation).toBe(newer)
})

describe('a transient failure', () => {
  test.each([
    ['storage answers 503', { kind: 'status', status: 503, times: ATTEMPTS }],
    ['storage answers 429', { kind: 'status', status: 429, times: ATTEMPTS }],
    ['the connection to storage breaks', { kind: 'reset', times: ATTEMPTS }],
  ] as const)('%s: the message is not acknowledged, and the next delivery succeeds', async (_name, fault) => {
    const stack = await startStack()
    const generation = await stack.upload('releases/r1', SURVEY)
    stack.gcs.inject({ ...fault, match: /^GET/ })
    expect(await stack.push(pushBody('releases/r1', generation))).toBe(500)
    expect((await stack.status()).history).toEqual([])
    expect(await stack.push(pushBody('releases/r1', generation))).toBe(204)
    expect((await stack.status()).slots.staging.version).toBe('releases/r1')
  })

  test('of the database is tried again, and a short one of storage is not even noticed', async () => {
    const stack = await startStack()
    const generation = await stack.upload('releases/r1', SURVEY)
    stack.gcs.inject({ kind: 'status', status: 503, match: /^GET/ })
    await stack.databases.tap!.pool.query('alter table almagest.history rename to away')
    expect(await stack.push(pushBody('releases/r1', generation))).toBe(500)
    await stack.databases.tap!.pool.query('alter table almagest.away rename to history')
    expect(await stack.push(pushBody('releases/r1', generation))).toBe(204)
    expect((await stack.status()).slots.staging.version).toBe('releases/r1')
  })
})

test('a server that cannot be connected to for its configuration is tried again, and nothing is lost', async () => {
  const beforeConnecting = () => {
    throw new DatabaseAddressError('not a database URL')
  }
  const stack = await startStack({ tap: {} }, { beforeConnecting })
  const generation = await stack.upload('releases/r1', SURVEY)
  expect(await stack.push(pushBody('releases/r1', generation))).toBe(500)
})

test('a site view over the live slot keeps a release from being swapped, not from being staged', async () => {
  const stack = await startStack({ tap: { swap: 'always' } })
  await stack.push(pushBody('releases/r1', await stack.upload('releases/r1', SURVEY)))
  await stack.databases.tap!.pool.query(
    'create schema site; create view site.catalogue as select * from tap_schema.tables',
  )
  expect(await stack.push(pushBody('releases/r2', await stack.upload('releases/r2', SURVEY)))).toBe(204)
  const { slots } = await stack.status()
  expect([slots.live.version, slots.staging.version]).toEqual(['releases/r1', 'releases/r2'])
  expect(stack.log.filter(({ severity }) => severity === 'ERROR').map(({ message }) => message)).toEqual([
    expect.stringContaining('view site.catalogue'),
  ])
})

test('a site view over the staging slot delays a release: it is not rejected, and staged once the view is gone', async () => {
  const stack = await startStack()
  await stack.push(pushBody('releases/r1', await stack.upload('releases/r1', SURVEY)))
  const { pool } = stack.databases.tap!
  await pool.query('create schema site; create view site.preview as select * from tap_schema_staging.tables')
  const body = pushBody('releases/r2', await stack.upload('releases/r2', SURVEY))
  expect(await stack.push(body)).toBe(500)
  expect((await stack.status()).history.map(({ action }) => action)).toEqual(['staged'])
  expect(stack.announced.map(({ event }) => event)).toEqual(['staged'])
  expect(stack.log.filter(({ severity }) => severity === 'ERROR').map(({ message }) => message)).toEqual([
    expect.stringMatching(/^failed, will be retried: staging releases\/r2 .*view site\.preview/),
    'the delivery failed and will be repeated',
  ])
  await pool.query('drop view site.preview')
  expect(await stack.push(body)).toBe(204)
  expect((await stack.status()).slots.staging.version).toBe('releases/r2')
})

describe('what is ignored', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase({ keep: true })
    return () => database.drop()
  })

  test.each<[string, unknown]>([
    ['a deletion', pushBody('releases/r1', '1', { attributes: { eventType: 'OBJECT_DELETE' } })],
    ['a metadata change', pushBody('releases/r1', '1', { attributes: { eventType: 'OBJECT_METADATA_UPDATE' } })],
    [
      'another object',
      pushBody('releases/r1', '1', {
        attributes: { objectId: 'releases/r1/datalink-columns.zip' },
        resource: { name: 'releases/r1/datalink-columns.zip' },
      }),
    ],
    [
      'another bucket',
      pushBody('releases/r1', '1', { attributes: { bucketId: 'others' }, resource: { bucket: 'others' } }),
    ],
    ['a version that no server takes', pushBody('tickets/DM-1', '1')],
    [
      'an event of another kind',
      { specversion: '1.0', id: '1', source: 'x', type: 'google.cloud.storage.object.v1.finalized', data: {} },
    ],
  ])('%s is acknowledged and changes nothing', async (_name, body) => {
    const stack = await startStack({ tap: {} }, { database })
    expect(await stack.push(body)).toBe(204)
    expect((await stack.status()).history).toEqual([])
    expect(stack.log.map(({ severity }) => severity)).toEqual(['INFO'])
    expect(stack.gcs.requests).toEqual([])
  })

  test('an upload with a generation of 19 digits is fetched by that one, also when the payload holds a number', async () => {
    const stack = await startStack()
    const generation = '1795711522392420509'
    const rounded = JSON.parse(`{"generation":${generation}}`) as object
    for (const resource of [{}, rounded]) {
      expect(await stack.push(pushBody('releases/r1', generation, { resource }))).toBe(204)
      expect(stack.gcs.requests.at(-1)).toContain(`generation=${generation}`)
    }
  })

  test.each<[string, unknown]>([
    ['any JSON', { x: 1 }],
    ['a message without attributes', { message: { data: 'e30=', messageId: '1' }, subscription: 's' }],
    ['attributes without a generation', pushBody('releases/r1', '1', { attributes: { objectGeneration: undefined } })],
    [
      'a generation that is no number',
      pushBody('releases/r1', '1; drop table', { resource: { generation: '1; drop table' } }),
    ],
    ['a generation beyond 64 bits', pushBody('releases/r1', '9223372036854775808')],
    ['a generation that begins with 0', pushBody('releases/r1', '0123')],
    ['a payload that is not JSON', pushBody('releases/r1', '1', { data: 'bm90IGpzb24=' })],
    ['a payload of another object', pushBody('releases/r1', '1', { resource: { name: 'releases/r2/schemas.tar.gz' } })],
    ['a payload of another generation', pushBody('releases/r1', '1', { resource: { generation: '2' } })],
  ])(
    '%s is no notification: an error is logged, and it is acknowledged, for it will never get better',
    async (_name, body) => {
      const stack = await startStack({ tap: {} }, { database })
      expect(await stack.push(body)).toBe(204)
      expect(stack.log.map(({ severity }) => severity)).toEqual(['ERROR'])
      expect((await stack.status()).history).toEqual([])
    },
  )
})

describe('the swap policy', () => {
  const table = (columns: string[]) => ({
    'survey.yaml': sampleSchema('survey', { object: columns.map((name) => ({ name })) }),
  })

  async function deliver(stack: Stack, version: string, columns: string[]): Promise<number> {
    return stack.push(pushBody(version, await stack.upload(version, table(columns))))
  }

  test('never: the release waits in staging', async () => {
    const stack = await startStack({ tap: { swap: 'never' } })
    await deliver(stack, 'releases/r1', ['a'])
    expect((await stack.status()).slots.live.exists).toBe(false)
  })

  test('always: it goes live at once, whatever changes', async () => {
    const stack = await startStack({ tap: { swap: 'always' } })
    await deliver(stack, 'releases/r1', ['a', 'b'])
    await deliver(stack, 'releases/r2', ['a'])
    const { slots } = await stack.status()
    expect([slots.live.version, slots.previous.version, slots.staging.version]).toEqual([
      'releases/r2',
      'releases/r1',
      null,
    ])
    expect(stack.announced.map(({ event }) => event)).toEqual(['staged', 'swapped', 'staged', 'swapped'])
  })

  test.each(['always', 'compatible'] as const)(
    '%s, delivered several times at once: it is swapped and announced once, and nothing is wrong',
    async (policy) => {
      const stack = await startStack(
        { tap: { swap: policy } },
        { swap: { deadlineMs: 60_000, lockTimeoutMs: 20, operators: [] } },
      )
      const body = pushBody('releases/r1', await stack.upload('releases/r1', table(['a'])))
      const answers = await Promise.all([1, 2, 3, 4].map(() => stack.push(body)))
      expect(answers, JSON.stringify(stack.log)).toEqual([204, 204, 204, 204])
      expect(stack.announced.map(({ event }) => event)).toEqual(['staged', 'swapped'])
      expect(stack.log.filter(({ severity }) => severity !== 'INFO')).toEqual([])
    },
  )

  test('always: a reader who would lose read access keeps the release waiting, which is a warning', async () => {
    const stack = await startStack({ tap: { swap: 'always', readers: ['almagest_owner'] } })
    await deliver(stack, 'releases/r1', ['a'])
    await stack.databases.tap!.pool.query(`grant usage on schema tap_schema to public;
      grant select on all tables in schema tap_schema to public`)
    expect(await deliver(stack, 'releases/r2', ['a'])).toBe(204)
    const { slots } = await stack.status()
    expect([slots.live.version, slots.staging.version]).toEqual(['releases/r1', 'releases/r2'])
    const message = expect.stringMatching(/^not swapped: public would lose read access: .* releases\/r2 not/)
    expect(stack.log).toContainEqual(expect.objectContaining({ severity: 'WARNING', message }))
  })

  test('compatible: it goes live unless something breaks', async () => {
    const stack = await startStack({ tap: { swap: 'compatible' } })
    await deliver(stack, 'releases/r1', ['a'])
    await deliver(stack, 'releases/r2', ['a', 'b'])
    await deliver(stack, 'releases/r3', ['a'])
    const { slots } = await stack.status()
    expect([slots.live.version, slots.staging.version]).toEqual(['releases/r2', 'releases/r3'])
  })

  test('a live slot that is busy is swapped when the message comes again', async () => {
    const stack = await startStack({ tap: { swap: 'always' } })
    await deliver(stack, 'releases/r1', ['a'])
    const reader = await stack.databases.tap!.pool.connect()
    await reader.query('begin; select * from tap_schema.tables')
    const body = pushBody('releases/r2', await stack.upload('releases/r2', table(['b'])))
    expect(await stack.push(body)).toBe(500)
    expect((await stack.status()).slots.staging.version).toBe('releases/r2')
    await reader.query('commit')
    reader.release()
    expect(await stack.push(body)).toBe(204)
    const { slots, history } = await stack.status()
    expect(slots.live.version).toBe('releases/r2')
    expect(history.filter(({ action }) => action === 'staged')).toHaveLength(2)
  })
})

describe('a request that is no delivery', () => {
  const post = (url: string, body: string | Uint8Array<ArrayBuffer>, type = 'application/json') =>
    fetch(url, { method: 'POST', headers: { 'content-type': type }, body })

  test.each([
    ['no JSON', 'x', 'application/json', 400, 'json_invalid'],
    ['half a JSON text', '{"message":', 'application/json', 400, 'json_invalid'],
    ['no UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 'application/json', 400, 'json_invalid'],
    ['nothing', '', 'application/json', 400, 'json_invalid'],
    ['a form', 'message=1', 'application/x-www-form-urlencoded', 415, 'unsupported_media_type'],
    ['UTF-16', '{}', 'application/json; charset=utf-16', 415, 'unsupported_media_type'],
    ['more than a notification can be', `"${'x'.repeat(1024 * 1024)}"`, 'application/json', 413, 'body_too_large'],
  ])('but holds %s is refused, in one line of the log', async (_what, body, contentType, status, type) => {
    const { url, log } = await startStack({})
    const answer = await post(`${url}/projects/p/topics/t`, body, contentType)
    expect([answer.status, await answer.json()]).toEqual([status, { detail: [expect.objectContaining({ type })] }])
    expect(log).toEqual([expect.objectContaining({ severity: 'WARNING', status })])
  })

  test.each(['null', '[]', '7', '"x"', '{}', '{"message":{}}'])(
    'but JSON without a notification, %s, is acknowledged and reported',
    async (body) => {
      const { url, log } = await startStack({})
      expect((await post(url, body)).status).toBe(204)
      expect(log[0]).toMatchObject({ severity: 'ERROR', message: expect.stringMatching(/^malformed notification: /) })
    },
  )

  test.each(['GET', 'PUT', 'DELETE'])('but %s is a 405', async (method) => {
    const { url, log } = await startStack({})
    const answer = await fetch(`${url}/`, { method })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST, OPTIONS'])
    expect(log).toEqual([expect.objectContaining({ severity: 'WARNING', status: 405 })])
  })

  test('but asks for its health or its description is answered', async () => {
    const { url } = await startStack({})
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'ok' })
    const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object }
    expect(Object.keys(paths)).toEqual(['/', '/projects/{project}/topics/{topic}', '/healthz', '/openapi.json'])
  })
})
