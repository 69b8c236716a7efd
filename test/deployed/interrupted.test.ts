import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { readStatus } from '../../shared/tap-schema/status.ts'
import type { FunctionProcess } from '../support/function-process.ts'
import type { TestDatabase } from '../support/postgres.ts'
import { type Deployment, databaseName, openDeployment, type PushRequest } from './deployment.ts'
import { deliver, get, post, readLog } from './requests.ts'

let deployment: Deployment
let database: TestDatabase
let load: FunctionProcess
let operate: FunctionProcess

const start = (name: 'load-release' | 'swap-schema') =>
  deployment.start(
    name,
    `
releases: {bucket: releases}
storage: {apiEndpoint: "${deployment.gcs.endpoint}"}
tap:
  servers:
    tap: {schemas: [survey], follow: ["releases/*"], database: ${deployment.describeDatabase(databaseName(database))}}
`,
  )

beforeAll(async () => {
  deployment = await openDeployment()
  database = await deployment.createDatabase()
  await deployment.initialise(database)
  ;[load, operate] = await Promise.all([start('load-release'), start('swap-schema')])
  for (const version of ['releases/r1', 'releases/r2', 'releases/r3']) {
    expect(await deliver(load, await deployment.upload(version)), load.output()).toBe(204)
    if (version !== 'releases/r3') expect((await swap(version)).status, operate.output()).toBe(200)
  }
})

afterAll(() => deployment?.stop())

function swap(version: string) {
  return post(operate, '/servers/tap/swap', { version })
}

/** Slots and history, as far as anybody can see them. */
function look() {
  return readStatus(database.pool, { historyLimit: 1000 })
}

async function versions(): Promise<readonly (string | null)[]> {
  const { live, previous, staging } = (await look()).slots
  return [live.version, previous.version, staging.version]
}

/** How often the users' statements like this one went to PostgreSQL. */
function count(pattern: RegExp): number {
  return deployment.cloud.statements.filter(({ sql }) => pattern.test(sql)).length
}

const LAST_STATEMENT = /^insert into almagest\.history/
const UNKNOWN = expect.stringContaining('outcome unknown')
const CREATION = /^create schema/

/** Keeps a stage or a swap from its last statement before the commit; returns what lets it go on. */
async function holdHistory(): Promise<() => Promise<void>> {
  const holder = await database.pool.connect()
  await holder.query('begin; lock table almagest.history in share mode')
  let held = true
  const letGo = async () => {
    if (!held) return
    held = false
    await holder.query('rollback')
    holder.release()
  }
  onTestFinished(letGo)
  return letGo
}

async function untilHeld(): Promise<void> {
  const waiting = `select count(*)::int as n from pg_locks
                    where relation = 'almagest.history'::regclass and not granted
                      and database = (select oid from pg_database where datname = current_database())`
  await expect.poll(async () => (await database.pool.query(waiting)).rows[0].n, { timeout: 60_000 }).toBe(1)
}

/** Until PostgreSQL has noticed that nobody is there any more. */
async function untilGone(): Promise<void> {
  const theirs = `select count(*)::int as n from pg_stat_activity
                   where datname = current_database() and usename like 'almagest-%' and state <> 'idle'`
  await expect.poll(async () => (await database.pool.query(theirs)).rows[0].n, { timeout: 60_000 }).toBe(0)
}

describe('a stage of the bundled load-release', () => {
  let push: PushRequest
  let before: Awaited<ReturnType<typeof look>>
  let sent: { readonly last: number; readonly created: number }

  beforeEach(async ({ task }) => {
    push = await deployment.upload(`releases/${task.name.length}`)
    before = await look()
    sent = { last: count(LAST_STATEMENT), created: count(CREATION) }
  })

  test('that is stopped at its last statement leaves everything as it was, and is delivered again', async () => {
    const letGo = await holdHistory()
    const delivered = deliver(load, push).catch(() => 'broken off')
    await untilHeld()
    const exited = once(load.child, 'exit')
    load.child.kill('SIGTERM')
    await exited
    expect([500, 'broken off']).toContain(await delivered)
    await letGo()
    await untilGone()
    expect(await look()).toEqual(before)

    load = await start('load-release')
    expect(await deliver(load, push), load.output()).toBe(204)
    const after = await look()
    expect(after.slots.staging.source?.generation).toBe(generationOf(push))
    expect([after.slots.live, after.slots.previous]).toEqual([before.slots.live, before.slots.previous])
    expect(after.history).toEqual([expect.objectContaining({ action: 'staged' }), ...before.history])
  })

  test('whose connection dies in a statement is not repeated but answered 500, and delivered again', async () => {
    const letGo = await holdHistory()
    const delivered = deliver(load, push)
    await untilHeld()
    deployment.cloud.dropConnections()
    expect(await delivered).toBe(500)
    expect(readLog(load).at(-2)).toMatchObject({ severity: 'ERROR', error: { code: 'database', permanent: false } })
    expect(count(LAST_STATEMENT)).toBe(sent.last + 1)
    await letGo()
    await untilGone()
    expect(await look()).toEqual(before)

    expect(await deliver(load, push), load.output()).toBe(204)
    expect((await look()).history).toEqual([expect.objectContaining({ action: 'staged' }), ...before.history])
  })

  test('whose commit is answered to nobody is not done again by the next delivery', async () => {
    deployment.cloud.proxy.breakAt({ statement: /^commit$/, follows: LAST_STATEMENT, moment: 'after' })
    expect(await deliver(load, push)).toBe(500)
    expect(readLog(load).at(-2)).toMatchObject({ severity: 'ERROR', message: UNKNOWN, error: { code: 'database' } })
    await untilGone()
    const done = await look()
    expect(done.history).toEqual([expect.objectContaining({ action: 'staged' }), ...before.history])

    expect(await deliver(load, push)).toBe(204)
    expect(readLog(load).at(-1)?.message).toBe('this upload was handled before')
    expect(await look()).toEqual(done)
    expect(count(CREATION)).toBe(sent.created + 1)
  })

  test('whose commit never arrives is done by the next delivery', async () => {
    deployment.cloud.proxy.breakAt({ statement: /^commit$/, follows: LAST_STATEMENT, moment: 'before' })
    expect(await deliver(load, push)).toBe(500)
    await untilGone()
    expect(await look()).toEqual(before)
    expect(await deliver(load, push)).toBe(204)
    expect((await look()).slots.staging.source?.generation).toBe(generationOf(push))
  })
})

function generationOf({ body }: PushRequest): string {
  return JSON.parse(body).message.attributes.objectGeneration
}

describe('a swap of the bundled swap-schema', () => {
  let staged: string

  beforeEach(async () => {
    staged = (await look()).slots.staging.version ?? ''
    if (staged !== '') return
    staged = `releases/${(await look()).history.length}`
    expect(await deliver(load, await deployment.upload(staged))).toBe(204)
  })

  test.each([
    ['at its last statement', { statement: /alter schema "?tap_schema_staging"? rename/ }],
    ['before its commit', { statement: /^commit$/, follows: LAST_STATEMENT }],
  ])('whose connection dies %s changes nothing, and is not repeated by itself', async (_, fault) => {
    const before = await look()
    const swaps = count(LAST_STATEMENT)
    deployment.cloud.proxy.breakAt({ ...fault, moment: 'before' })
    const refused = await swap(staged)
    expect(refused.status).toBe(503)
    expect(refused.body.detail[0].type).toBe('database')
    await untilGone()
    expect(await look()).toEqual(before)
    expect(count(LAST_STATEMENT)).toBe(swaps + 1)
    expect((await swap(staged)).body).toMatchObject({ outcome: 'swapped', live: staged })
  })

  test('whose commit is answered to nobody says so, shows in the status, and changes nothing when it is asked for again', async () => {
    const [live] = await versions()
    deployment.cloud.proxy.breakAt({ statement: /^commit$/, follows: LAST_STATEMENT, moment: 'after' })
    const unknown = await swap(staged)
    expect(unknown).toMatchObject({ status: 503, body: { detail: [{ type: 'database', msg: UNKNOWN }] } })
    await untilGone()
    const { slots, history } = (await get(operate, '/servers/tap')).body
    expect([slots.live.version, slots.previous.version, slots.staging.version]).toEqual([staged, live, null])
    expect(history[0]).toMatchObject({ action: 'swapped', version: staged, replaced: live })

    expect((await swap(staged)).body).toMatchObject({ outcome: 'unchanged', live: staged, previous: live })
    expect(await versions()).toEqual([staged, live, null])
  })

  test('can be rolled back, and a rollback whose answer is lost is not undone by doing it again', async () => {
    const [, previous] = await versions()
    deployment.cloud.proxy.breakAt({ statement: /^commit$/, follows: LAST_STATEMENT, moment: 'after' })
    const rollback = () => post(operate, '/servers/tap/rollback', { version: previous })
    expect(await rollback()).toMatchObject({ status: 503, body: { detail: [{ type: 'database', msg: UNKNOWN }] } })
    await untilGone()
    expect(await rollback()).toMatchObject({ status: 200, body: { outcome: 'unchanged', live: previous } })
    expect((await versions())[0]).toBe(previous)
  })
})
