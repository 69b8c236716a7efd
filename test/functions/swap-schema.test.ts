import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import pg from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { EmptySlotError } from '../../shared/tap-schema/slot-failures.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { prepareReleases, reuseDatabases } from '../support/prepared-database.ts'
import { sampleSchema } from '../support/sample-release.ts'
import { calledBy, type Service, type ServiceOptions, startSwapSchema } from './swap-schema-service.ts'

/** A service with one TAP server, `tap`, on a database of its own. */
async function start(options: Partial<ServiceOptions> = {}, create: () => Promise<TestDatabase> = emptyDatabase) {
  const database = await create()
  const service = await startSwapSchema({ servers: { tap: database.pool }, ...options })
  return { database, service }
}

const emptyDatabase = reuseDatabases()
const liveW1 = prepareReleases(['w.1'])
const liveW2 = prepareReleases(['w.1', 'w.2'])
const liveW2StagedW3 = prepareReleases(['w.1', 'w.2'], 'w.3')
const stagedW1 = prepareReleases([], 'w.1')

/** A service with `w.1` live, which is in the bucket, too. */
async function startLive() {
  const started = await start({}, liveW1)
  await started.service.upload('w.1')
  return started
}

/** A service of which nothing is asked that needs its database. */
function startWithoutDatabase(): Promise<Service> {
  return startSwapSchema({ servers: { tap: () => Promise.reject(new Error('the database was asked')) } })
}

async function deploy(service: Service, version: string): Promise<void> {
  await service.upload(version)
  expect((await service.post('/servers/tap/stage', { version })).status).toBe(200)
  expect((await service.post('/servers/tap/swap', { version })).status).toBe(200)
}

/** Versions in the live, staging and previous slot. */
async function versions(service: Service): Promise<(string | null)[]> {
  const { body } = await service.get('/servers')
  const { live, staging, previous } = body.servers[0]
  return [live, staging, previous]
}

const missing = (type: string, name: string) => expect.objectContaining({ type, loc: ['body', name] })

describe('GET /servers', () => {
  test('lists every TAP server in the order of the environment, with the versions in its slots', async () => {
    const database = await liveW2StagedW3()
    const other = await createTestDatabase()
    const both = await startSwapSchema({ servers: { ssotap: other.pool, tap: database.pool } })
    const { status, body } = await both.get('/servers')
    expect(status).toBe(200)
    const usual = { schemaVersion: 'main', swap: 'never' }
    expect(body.servers).toEqual([
      { name: 'ssotap', ...usual, live: null, staging: null, previous: null },
      { name: 'tap', ...usual, live: 'w.2', staging: 'w.3', previous: 'w.1' },
    ])
  })

  test('shows a database that is down as an error of that server alone', async () => {
    const database = await createTestDatabase()
    const down = new pg.Pool({ host: '127.0.0.1', port: 1 })
    const broken = () => Promise.reject(new Error('password hunter2 is wrong'))
    const service = await startSwapSchema({ servers: { down, tap: database.pool, broken } })
    const { status, body, text } = await service.get('/servers')
    expect(status).toBe(200)
    expect(body.servers[0]).toMatchObject({ name: 'down', live: null, error: { type: 'database' } })
    expect(body.servers[1].error).toBeUndefined()
    expect(body.servers[2]).toMatchObject({ name: 'broken', error: { type: 'internal_error' } })
    expect(text).not.toContain('hunter2')
    expect(service.log.filter((line) => line.severity === 'WARNING').map((line) => line.server)).toEqual(
      expect.arrayContaining(['down', 'broken']),
    )
  })

  test('does not wait longer than the deadline for a database that hangs', async () => {
    const hanging = net.createServer(() => {})
    await once(hanging.listen(0, '127.0.0.1'), 'listening')
    const pool = new pg.Pool({ host: '127.0.0.1', port: (hanging.address() as AddressInfo).port })
    onTestFinished(() => void hanging.close())
    const service = await startSwapSchema({ servers: { tap: pool }, statusDeadlineMs: 50 })
    const { body } = await service.get('/servers')
    expect(body.servers[0].error).toEqual({ msg: 'the database did not answer within 0.05 s', type: 'deadline' })
  })

  test('lists nothing when the environment has no TAP servers', async () => {
    const service = await startSwapSchema({ servers: {} })
    expect((await service.get('/servers')).body).toEqual({ servers: [] })
    expect((await service.get('/servers/tap')).body.detail[0].msg).toContain('there are none')
  })
})

describe('GET /servers/{server}', () => {
  test('shows three slots and the history, with what was loaded by whom', async () => {
    const { service } = await start()
    const { generation } = await service.upload('w.1')
    await service.post('/servers/tap/stage', { version: 'w.1' }, calledBy('ann@example.org'))
    const { status, body } = await service.get('/servers/tap')
    expect(status).toBe(200)
    expect(body).toMatchObject({ name: 'tap', schemas: ['survey'], schemaVersion: 'main', follow: [], swap: 'never' })
    expect(body.slots.staging).toMatchObject({
      schema: 'tap_schema_staging',
      exists: true,
      version: 'w.1',
      stagedBy: 'ann@example.org',
      source: { bucket: 'releases', object: 'w.1/schemas.tar.gz', generation },
      schemas: ['survey'],
    })
    expect(body.slots.staging.source.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(body.slots.staging.rows.schemas).toBe(2)
    expect(body.slots.live).toMatchObject({ exists: false, version: null, rows: null })
    expect(body.history).toHaveLength(1)
    expect(body.history[0]).toMatchObject({ action: 'staged', version: 'w.1', actor: 'ann@example.org' })
  })

  test('shows as much of the history as was asked for, newest first', async () => {
    const { service } = await start({}, liveW2)
    const { body } = await service.get('/servers/tap?history=2')
    expect(body.history.map((entry: { action: string }) => entry.action)).toEqual(['swapped', 'staged'])
    expect((await service.get('/servers/tap?history=0')).body.history).toEqual([])
    expect((await service.get('/servers/tap?history=1001')).status).toBe(400)
  })

  test('of a name that nobody has is a 404 with the one that was meant', async () => {
    const database = await createTestDatabase()
    const service = await startSwapSchema({ servers: { ssotap: database.pool, livetap: database.pool } })
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/diff'],
      ['POST', '/stage'],
      ['POST', '/swap'],
      ['POST', '/rollback'],
    ] as const) {
      const body = method === 'POST' ? { version: 'w.1' } : undefined
      const answer = await service.call(method, `/servers/sotap${path}`, body)
      expect(answer.status).toBe(404)
      expect(answer.body.detail).toEqual([
        {
          msg: 'no TAP server is called "sotap": did you mean ssotap?',
          type: 'server_not_found',
          loc: ['path', 'server'],
        },
      ])
    }
  })

  test('may have any name', async () => {
    const database = await createTestDatabase()
    const name = 'a/b é?%'
    const service = await startSwapSchema({ servers: { [name]: database.pool } })
    const { status, body } = await service.get(`/servers/${encodeURIComponent(name)}`)
    expect(status).toBe(200)
    expect(body.name).toBe(name)
  })

  test('whose database is down is a 503 that says when to come again', async () => {
    const service = await startSwapSchema({ servers: { tap: new pg.Pool({ host: '127.0.0.1', port: 1 }) } })
    const answer = await service.get('/servers/tap')
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('10')
    expect(answer.body.detail[0].type).toBe('database')
  })

  test('whose database was never initialised is a 503 that says what to do', async () => {
    const database = await createTestDatabase({ initialised: false })
    const service = await startSwapSchema({ servers: { tap: database.pool } })
    const answer = await service.get('/servers/tap')
    expect(answer.status).toBe(503)
    expect(answer.body.detail[0].msg).toContain('almagest init')
  })
})

describe('POST /servers/{server}/stage', () => {
  test('stages a release of the bucket, announces it and names the caller', async () => {
    const { service } = await start()
    const { generation } = await service.upload('releases/w.2026.34')
    const body = { version: 'releases/w.2026.34' }
    const answer = await service.post('/servers/tap/stage', body, calledBy('ann@example.org'))
    expect(answer.status).toBe(200)
    const source = { bucket: 'releases', object: 'releases/w.2026.34/schemas.tar.gz', generation }
    expect(answer.body).toMatchObject({ server: 'tap', outcome: 'staged', ...body, source })
    expect(service.events).toMatchObject([{ event: 'staged', attributes: { server: 'tap', ...body, ...source } }])
    expect(await versions(service)).toEqual([null, 'releases/w.2026.34', null])
    expect(service.log).toContainEqual(
      expect.objectContaining({ message: 'POST /servers/{server}/stage 200', actor: 'ann@example.org' }),
    )
  })

  test('stages again what was staged before', async () => {
    const { service } = await startLive()
    const again = await service.post('/servers/tap/stage', { version: 'w.1' })
    expect(again.body.outcome).toBe('staged')
    expect(await versions(service)).toEqual(['w.1', 'w.1', null])
  })

  test('stages the very upload that is asked for, or the newest', async () => {
    const { service } = await start()
    const { generation: first } = await service.upload('main')
    const { generation: second } = await service.upload('main')
    expect(second).not.toBe(first)
    const gone = await service.post('/servers/tap/stage', { version: 'main', generation: first })
    expect(gone.status).toBe(404)
    for (const wish of [{ generation: second }, {}]) {
      const { body } = await service.post('/servers/tap/stage', { version: 'main', ...wish })
      expect(body).toMatchObject({ outcome: 'staged', source: { generation: second } })
    }
  })

  test('takes the next upload when one is overwritten while it is looked at', async () => {
    const { service } = await start()
    const { generation: first } = await service.upload('main')
    let second = ''
    const run = async () => {
      second = (await service.upload('main')).generation
    }
    service.gcs.inject({ kind: 'meanwhile', run, match: /alt=media/ })
    const { status, body } = await service.post('/servers/tap/stage', { version: 'main' })
    expect(status).toBe(200)
    expect(second).not.toBe(first)
    expect(body.source.generation).toBe(second)
  })

  test('of a release that makes no sense is a 422 with file, line and path of every problem', async () => {
    const { service } = await start()
    await service.upload('w.1', {
      schema: 'name: survey\ntables:\n- name: object\n  columns:\n  - {name: a}\n  - {nme: b}\n',
    })
    const { status, body } = await service.post('/servers/tap/stage', { version: 'w.1' })
    expect(status).toBe(422)
    expect(body.detail.length).toBeGreaterThan(1)
    for (const { msg, type, loc } of body.detail) {
      expect(msg).not.toBe('')
      expect(type).toMatch(/^[a-z_]+$/)
      expect(loc).toEqual(['survey.yaml', expect.any(Number), expect.stringMatching(/^tables\.0\.columns\.[01]/)])
    }
  })

  test('of a version that is not there is a 404 naming the object', async () => {
    const { service } = await start()
    const { status, body } = await service.post('/servers/tap/stage', { version: 'w.9' })
    expect(status).toBe(404)
    expect(body.detail).toEqual([
      {
        msg: 'there is no release w.9: gs://releases/w.9/schemas.tar.gz does not exist',
        type: 'release_not_found',
        loc: ['body', 'version'],
      },
    ])
    const { generation } = await service.upload('w.9')
    const other = await service.post('/servers/tap/stage', { version: 'w.9', generation: `${BigInt(generation) + 1n}` })
    expect(other.status).toBe(404)
    expect(other.body.detail[0].msg).toContain(`#${BigInt(generation) + 1n} does not exist`)
  })

  test('of a release that lacks a schema is a 422, recorded and announced', async () => {
    const { service } = await start({ server: { schemas: ['survey', 'catalogue'] } })
    await service.upload('w.1')
    const { status, body } = await service.post('/servers/tap/stage', { version: 'w.1' }, calledBy('ann@example.org'))
    expect(status).toBe(422)
    expect(body.detail).toHaveLength(1)
    expect(body.detail[0]).toMatchObject({ type: 'schema_missing', loc: ['catalogue.yaml'] })
    expect(service.events).toMatchObject([{ event: 'rejected', attributes: { server: 'tap', version: 'w.1' } }])
    const { history } = (await service.get('/servers/tap')).body
    expect(history).toMatchObject([{ action: 'rejected', version: 'w.1', actor: 'ann@example.org' }])
    expect(history[0].problems[0].code).toBe('schema_missing')
  })

  test('of an archive that is none is a 422, recorded for the very upload', async () => {
    const { service } = await start()
    const { generation } = await service.upload('w.1', { content: Buffer.from('this is no archive') })
    const { status, body } = await service.post('/servers/tap/stage', { version: 'w.1' })
    expect(status).toBe(422)
    expect(body.detail[0]).toMatchObject({ type: 'not_gzip', loc: ['w.1/schemas.tar.gz'] })
    const { history } = (await service.get('/servers/tap')).body
    expect(history).toMatchObject([{ action: 'rejected', source: { generation, sha256: '', bytes: 18 } }])
    expect(service.events).toMatchObject([{ event: 'rejected', attributes: { code: 'not_gzip', generation } }])
  })

  test('over a staging slot that a site view depends on is a 409 that says so, and no rejection', async () => {
    const { service, database } = await start()
    await service.upload('w.1')
    const stage = () => service.post('/servers/tap/stage', { version: 'w.1' })
    expect((await stage()).status).toBe(200)
    await database.pool.query('create schema site; create view site.v as select * from tap_schema_staging.tables')
    const { status, body } = await stage()
    expect([status, body.detail[0].type]).toEqual([409, 'dependent_objects'])
    expect(body.detail[0].msg).toContain('view site.v')
    expect((await service.get('/servers/tap')).body.history).toHaveLength(1)
    await database.pool.query('drop view site.v')
    expect((await stage()).status).toBe(200)
  })

  test('that is asked for again is recorded again only when there is something else to say', async () => {
    const schemas = ['a']
    const { service } = await start({ server: { schemas } })
    // As after a deployment with another environment file.
    const configure = (...names: string[]) => schemas.splice(0, schemas.length, ...names)
    await service.upload('w.1')
    const stage = () => service.post('/servers/tap/stage', { version: 'w.1' })
    const problems = async () => {
      const { history } = (await service.get('/servers/tap')).body
      return history.map((entry: { problems: unknown[] }) => entry.problems.length)
    }
    const answers = await Promise.all([stage(), stage(), stage()])
    expect(answers.map(({ status, body }) => [status, body.detail[0].type])).toEqual(
      Array(3).fill([422, 'schema_missing']),
    )
    expect(await problems()).toEqual([1])
    configure('a', 'b')
    expect((await stage()).body.detail).toHaveLength(2)
    expect(await problems()).toEqual([2, 1])
    configure('survey')
    expect((await stage()).status).toBe(200)
    configure('a', 'b')
    expect((await stage()).status).toBe(422)
    expect(await problems()).toEqual([2, 0, 2, 1])
    expect(service.events.map(({ event }) => event)).toEqual(['rejected', 'rejected', 'staged', 'rejected'])
  })

  test('without a releases bucket is a 409', async () => {
    const { service } = await start({ environment: { releases: null } })
    const { status, body } = await service.post('/servers/tap/stage', { version: 'w.1' })
    expect(status).toBe(409)
    expect(body.detail[0].type).toBe('no_releases_bucket')
  })

  test('with a store that does not answer is a 503 and nothing is recorded', async () => {
    const { service } = await start()
    await service.upload('w.1')
    service.gcs.inject({ kind: 'status', status: 503, times: 2 })
    const answer = await service.post('/servers/tap/stage', { version: 'w.1' })
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('10')
    expect((await service.get('/servers/tap')).body.history).toEqual([])
  })

  test.each(['w.1/', '/w.1', 'a//b', '../main'])(
    'of the version %s, which no release can have, is a 400',
    async (version) => {
      const { service } = await start()
      const { status } = await service.post('/servers/tap/stage', { version })
      expect(status).toBe(400)
    },
  )

  test('names every field that is wrong', async () => {
    const service = await startWithoutDatabase()
    const { status, body } = await service.post('/servers/tap/stage', { generation: 5, verson: 'w.1' })
    expect(status).toBe(400)
    expect(body.detail).toEqual([
      missing('missing', 'version'),
      missing('string_type', 'generation'),
      missing('extra_forbidden', 'verson'),
    ])
  })
})

describe('POST /servers/{server}/swap', () => {
  test('makes the staged release live, announces it and names the caller', async () => {
    const { service } = await start()
    const { generation } = await service.upload('w.1')
    await service.post('/servers/tap/stage', { version: 'w.1' })
    const { status, body } = await service.post('/servers/tap/swap', { version: 'w.1' }, calledBy('ann@example.org'))
    expect(status).toBe(200)
    expect(body).toMatchObject({ server: 'tap', outcome: 'swapped', live: 'w.1', previous: null, attempts: 1 })
    expect(service.events[1]).toMatchObject({
      event: 'swapped',
      attributes: { server: 'tap', version: 'w.1', generation, actor: 'ann@example.org' },
      data: { outcome: 'swapped', live: 'w.1' },
    })
    const { history } = (await service.get('/servers/tap')).body
    expect(history[0]).toMatchObject({ action: 'swapped', actor: 'ann@example.org' })
  })

  test('of another version than the staged one is a 409 and changes nothing', async () => {
    const { service } = await start()
    await service.upload('w.1')
    await service.post('/servers/tap/stage', { version: 'w.1' })
    const { status, body } = await service.post('/servers/tap/swap', { version: 'w.2' })
    expect(status).toBe(409)
    expect(body.detail).toEqual([
      { msg: 'the staging slot holds w.1, not w.2: nothing was changed', type: 'version_mismatch' },
    ])
    expect(await versions(service)).toEqual([null, 'w.1', null])
    expect(service.events).toHaveLength(1)
  })

  test('of another upload than the staged one is a 409', async () => {
    const { service } = await start()
    const { generation } = await service.upload('main')
    await service.post('/servers/tap/stage', { version: 'main' })
    const refused = await service.post('/servers/tap/swap', {
      version: 'main',
      generation: `${BigInt(generation) - 1n}`,
    })
    expect(refused.status).toBe(409)
    expect((await service.post('/servers/tap/swap', { version: 'main', generation })).status).toBe(200)
  })

  test('with nothing staged is a 409', async () => {
    const { service } = await start()
    const { status, body } = await service.post('/servers/tap/swap', { version: 'w.1' })
    expect(status).toBe(409)
    expect(body.detail[0].type).toBe(new EmptySlotError('staging', '').code)
  })

  test('while a reader does not let go is a 503 that says when to come again', async () => {
    const { service, database } = await startLive()
    await service.post('/servers/tap/stage', { version: 'w.1' })
    const reader = await database.pool.connect()
    try {
      await reader.query('begin; select count(*) from tap_schema.tables')
      const answer = await service.post('/servers/tap/swap', { version: 'w.1' })
      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
      expect(answer.body.detail[0]).toMatchObject({ type: 'busy', msg: expect.stringContaining('nothing was changed') })
    } finally {
      await reader.query('rollback')
      reader.release()
    }
    expect((await service.post('/servers/tap/swap', { version: 'w.1' })).status).toBe(200)
  })

  test('under a view that depends on a slot is a 409 naming the view', async () => {
    const { service, database } = await startLive()
    await service.post('/servers/tap/stage', { version: 'w.1' })
    await database.pool.query('create schema site; create view site.names as select table_name from tap_schema.tables')
    const { status, body } = await service.post('/servers/tap/swap', { version: 'w.1' })
    expect(status).toBe(409)
    expect(body.detail[0].type).toBe('dependent_objects')
    expect(body.detail[0].msg).toContain('site.names')
  })
})

describe('readers who would lose read access', () => {
  test('make a swap a 409, unless the caller says that they may be', async () => {
    const { service, database } = await startLive()
    await service.upload('w.2')
    await service.post('/servers/tap/stage', { version: 'w.2' })
    const reader = await database.createLogin()
    await database.pool.query(`grant usage on schema tap_schema to ${reader};
      grant select on all tables in schema tap_schema to ${reader}`)
    const refused = await service.post('/servers/tap/swap', { version: 'w.2' })
    expect([refused.status, refused.body.detail[0].type]).toEqual([409, 'reader_left_out'])
    const { status, body } = await service.post('/servers/tap/swap', { version: 'w.2', leaveReadersOut: true })
    expect([status, body.outcome, body.warnings]).toEqual([200, 'swapped', [expect.stringContaining(reader)]])
  })

  test('are taken over by a stage that comes later', async () => {
    const { service, database } = await startLive()
    const reader = await database.createLogin()
    await database.pool.query(`grant usage on schema tap_schema to ${reader};
      grant select on all tables in schema tap_schema to ${reader}`)
    await service.upload('w.2')
    expect((await service.post('/servers/tap/stage', { version: 'w.2' })).body).toMatchObject({ readers: [reader] })
    expect((await service.post('/servers/tap/swap', { version: 'w.2' })).body).toMatchObject({ warnings: [] })
  })
})

describe('POST /servers/{server}/rollback', () => {
  test('brings the previous release back, announces it and names the caller', async () => {
    const { service } = await start({}, liveW2)
    const { status, body } = await service.post('/servers/tap/rollback', { version: 'w.1' }, calledBy('bo@example.org'))
    expect(status).toBe(200)
    expect(body).toMatchObject({ server: 'tap', outcome: 'rolled_back', live: 'w.1', previous: 'w.2' })
    expect(service.events.at(-1)).toMatchObject({ event: 'rolled_back', attributes: { server: 'tap', version: 'w.1' } })
    const { history, slots } = (await service.get('/servers/tap')).body
    expect(history[0]).toMatchObject({ action: 'rolled_back', actor: 'bo@example.org' })
    expect(await versions(service)).toEqual(['w.1', null, 'w.2'])
    expect(body.slots).toEqual({ live: slots.live, previous: slots.previous })
  })

  test('done again changes nothing and announces nothing, by version and by id', async () => {
    const { service } = await start({}, liveW2)
    const { id } = (await service.get('/servers/tap')).body.slots.previous
    await service.post('/servers/tap/rollback', { version: 'w.1', id })
    const events = service.events.length
    for (const again of [{ version: 'w.1' }, { version: 'w.1', id }]) {
      const { status, body } = await service.post('/servers/tap/rollback', again)
      expect([status, body.outcome, body.live, body.previous]).toEqual([200, 'unchanged', 'w.1', 'w.2'])
    }
    expect(service.events).toHaveLength(events)
    expect((await service.get('/servers/tap')).body.history[0].action).toBe('rolled_back')
  })

  test.each([
    [{ version: 'w.1', id: '4' }, 'int_type'],
    [{ version: 'w.1', id: 0 }, 'less_than_minimum'],
    [{ version: 'w.1', id: 1e18 }, 'greater_than_maximum'],
    [{ version: 'w.1', leaveReadersOut: 'yes' }, 'bool_type'],
  ])('with %j is a 400', async (body, type) => {
    const service = await startWithoutDatabase()
    const answer = await service.post('/servers/tap/rollback', body)
    expect([answer.status, answer.body.detail[0].type]).toEqual([400, type])
  })

  test('to another version than the previous one, or to none, is a 409', async () => {
    const { service } = await startLive()
    expect((await service.post('/servers/tap/rollback', { version: 'w.1' })).body.detail[0].type).toBe('empty_slot')
    await deploy(service, 'w.2')
    const { status, body } = await service.post('/servers/tap/rollback', { version: 'w.2' })
    expect(status).toBe(409)
    expect(body.detail[0].type).toBe('version_mismatch')
    expect(await versions(service)).toEqual(['w.2', null, 'w.1'])
  })
})

describe('GET /servers/{server}/diff', () => {
  async function withChange() {
    const started = await startLive()
    const schema = sampleSchema('survey', { source: [{ name: 'id', datatype: 'long' }] })
    await started.service.upload('w.2', { schema })
    expect((await started.service.post('/servers/tap/stage', { version: 'w.2' })).status).toBe(200)
    return started.service
  }

  test('compares staging with live by default', async () => {
    const service = await withChange()
    const { status, body } = await service.get('/servers/tap/diff')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      from: { slot: 'live', version: 'w.1' },
      to: { slot: 'staging', version: 'w.2' },
      breaking: true,
    })
    expect(body.changes).toContainEqual({ kind: 'table', change: 'added', name: 'survey.source', breaking: false })
    const back = await service.get('/servers/tap/diff?from=staging&to=live')
    expect(back.body.changes).toContainEqual({
      kind: 'table',
      change: 'removed',
      name: 'survey.source',
      breaking: true,
    })
  })

  test.each([
    ['?format=text', {}, 'text/plain'],
    ['', { accept: 'text/plain' }, 'text/plain'],
    ['', { accept: 'application/json;q=0.5, text/*' }, 'text/plain'],
    ['', { accept: '*/*' }, 'application/json'],
    ['', { accept: 'text/html, */*;q=0.8' }, 'application/json'],
    ['', { accept: 'text/plain;q=0' }, 'application/json'],
    ['?format=json', { accept: 'text/plain' }, 'application/json'],
  ])('with %s and %o is %s', async (query, headers, type) => {
    const { service } = await start({}, stagedW1)
    const answer = await service.get(`/servers/tap/diff${query}`, headers)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe(`${type}; charset=utf-8`)
    expect(answer.headers.get('vary')).toBe('accept')
    if (type === 'text/plain') expect(answer.text).toContain('live (empty) -> staging (w.1, id 1)')
  })

  test.each([
    ['from=lve', 'from', 'must be one of live, staging, previous, not "lve"'],
    ['to=tap_schema', 'to', 'must be one of'],
    ['format=yaml', 'format', 'must be one of json, text'],
  ])('with %s is a 400', async (query, name, message) => {
    const service = await startWithoutDatabase()
    const { status, body } = await service.get(`/servers/tap/diff?${query}`)
    expect(status).toBe(400)
    expect(body.detail[0].loc).toEqual(['query', name])
    expect(body.detail[0].msg).toContain(message)
  })

  test('with nothing staged is a 409', async () => {
    const { service } = await start()
    expect((await service.get('/servers/tap/diff')).status).toBe(409)
  })
})

describe('the caller', () => {
  test('is unauthenticated without a token, and may do what the platform lets through', async () => {
    const { service } = await start()
    await service.upload('w.1')
    await service.post('/servers/tap/stage', { version: 'w.1' })
    const { history } = (await service.get('/servers/tap')).body
    expect(history[0].actor).toBe('unauthenticated')
  })

  test('with a token that does not hold is refused, and nothing happens', async () => {
    const { service } = await start()
    await service.upload('w.1')
    const answer = await service.post('/servers/tap/stage', { version: 'w.1' }, { authorization: 'Bearer a.b.c' })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toContain('Bearer')
    expect((await service.get('/servers/tap')).body.history).toEqual([])
    expect((await service.get('/healthz', { authorization: 'Bearer a.b.c' })).status).toBe(200)
  })

  test('that is required may be missing for reading, and for nothing else', async () => {
    const { service } = await start({ requireCaller: true })
    await service.upload('w.1')
    for (const path of ['stage', 'swap', 'rollback']) {
      const answer = await service.post(`/servers/tap/${path}`, { version: 'w.1' })
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="almagest"'])
      expect(answer.body.detail).toMatchObject([{ type: 'unauthorised', loc: ['header', 'authorization'] }])
    }
    for (const path of ['/servers', '/servers/tap', '/healthz', '/openapi.json']) {
      expect((await service.get(path)).status, path).toBe(200)
    }
    expect((await service.get('/servers/tap')).body.history).toEqual([])
    const ann = calledBy('ann@example.org')
    expect((await service.post('/servers/tap/stage', { version: 'w.1' }, ann)).status).toBe(200)
    expect((await service.post('/servers/tap/swap', { version: 'w.1' }, ann)).status).toBe(200)
    expect((await service.get('/servers/tap')).body.history[0].actor).toBe('ann@example.org')
  })

  test('that is no operator may look at everything and change nothing', async () => {
    const { service } = await start({ operators: ['ann@example.org', '@ops.example.org'] })
    await service.upload('w.1')
    const change = (who: Record<string, string>) => service.post('/servers/tap/stage', { version: 'w.1' }, who)
    const bob = calledBy('bob@example.org')
    for (const who of [bob, calledBy('ann@example.org.evil.example'), calledBy('x@evil-ops.example.org')]) {
      const answer = await change(who)
      expect([answer.status, answer.body.detail[0].type]).toEqual([403, 'not_an_operator'])
    }
    expect((await change({})).status).toBe(403)
    expect((await service.get('/servers/tap', bob)).body.history).toEqual([])
    expect((await service.get('/caller', bob)).body).toEqual({ actor: 'bob@example.org', mayChange: false })
    for (const email of ['Ann@example.org', 'ci@ops.example.org']) {
      expect((await service.get('/caller', calledBy(email))).body).toEqual({ actor: email, mayChange: true })
      expect((await change(calledBy(email))).status).toBe(200)
    }
    expect((await service.get('/caller')).body).toEqual({ actor: 'unauthenticated', mayChange: false })
  })
})

test('the releases of the bucket are listed, the latest first, with what is odd about them', async () => {
  const { service } = await start()
  await service.upload('releases/w.1')
  const { generation } = await service.upload('tickets/DM-1')
  await service.gcs.put('releases', 'releases/w.2/release.json', Buffer.from('{}'))
  const { status, body } = await service.get('/releases')
  expect(status).toBe(200)
  const listed = body.releases as { version: string }[]
  expect(listed.map(({ version }) => version).sort()).toEqual(['releases/w.1', 'releases/w.2', 'tickets/DM-1'])
  expect(listed.find(({ version }) => version === 'tickets/DM-1')).toMatchObject({
    generation,
    remark: expect.any(String),
  })
  expect(listed.find(({ version }) => version === 'releases/w.2')).toMatchObject({ generation: null, bytes: null })
  expect((await (await start()).service.get('/caller')).body).toEqual({ actor: 'unauthenticated', mayChange: true })
})
