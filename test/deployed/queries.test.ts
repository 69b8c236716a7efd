import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type LocalPubSub, startPubSub } from '../../local/pubsub/publisher.ts'
import { initialiseRegistry } from '../../shared/registry/state/record-table.ts'
import { initialiseDatabase } from '../../shared/tap-schema/roles.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { initialiseJobs } from '../../shared/uws/roles.ts'
import { environmentText } from '../registry/environment.ts'
import type { FunctionProcess } from '../support/function-process.ts'
import type { TestDatabase } from '../support/postgres.ts'
import { stageRequest } from '../support/sample-release.ts'
import { type Deployment, databaseName, type LoginName, openDeployment } from './deployment.ts'
import { post, readLog } from './requests.ts'

const NAMES = ['tap', 'run-query', 'watch-queries', 'registry'] as const satisfies readonly LoginName[]
type Name = (typeof NAMES)[number]

const TOPIC = 'projects/demo/topics/queries'
const SERVICE = 'http://data.example.com/tap'
const ROWS = 40_000

/** The connector renews a certificate four minutes before it expires. */
const [FOUR_MINUTES, RENEWED_AFTER] = [240_000, 5_000]

let deployment: Deployment
let database: TestDatabase
let pubsub: LocalPubSub
let role: string
const running = {} as Record<Name, FunctionProcess>

/** A view that stops in its middle while a test holds the lock of `closeGate`. */
const CATALOGUE = `
create schema survey;
create function survey.pass() returns boolean language plpgsql volatile as $$
  begin perform pg_advisory_xact_lock_shared(77); return true; end $$;
create view survey.object as
  select i::bigint as object_id, i * 0.001 as ra, 0::float8 as dec from generate_series(1, ${ROWS}) as i
   where i <> ${ROWS / 2} or survey.pass()`

beforeAll(async () => {
  deployment = await openDeployment()
  const { userOf } = deployment
  deployment.cloud.clock.lifetimeMs = FOUR_MINUTES + RENEWED_AFTER
  database = await deployment.createDatabase()
  role = `reader_${databaseName(database)}`
  const users = (...names: readonly Name[]) => names.map(userOf)
  const queriers = users('tap', 'run-query')
  await database.pool.query(`${CATALOGUE};
    create role ${role} nologin;
    grant usage on schema survey to ${role};
    grant select on survey.object to ${role};
    grant ${role} to ${queriers.map((user) => pg.escapeIdentifier(user)).join(', ')}`)
  await initialiseDatabase(database.pool, {
    async prepareMore(client) {
      await initialiseJobs(client, users('tap', 'run-query', 'watch-queries'))
      await initialiseRegistry(client, users('registry'))
    },
  })
  await stageRelease(database.pool, stageRequest('r1', { readers: [role, userOf('registry')] }))
  await swap(database.pool, { expectedVersion: 'r1', actor: 'tester' })
  pubsub = await startPubSub((topic, { attributes }) => (topic === TOPIC ? take(attributes) : null))
  await Promise.all(NAMES.map(launch))
})

afterAll(async () => {
  await Promise.all(deliveries)
  pubsub?.stop()
  await deployment?.stop()
  if (role !== undefined) await deployment.administer(`drop role if exists ${role}`)
})

function describe(name: Name): string {
  const address = deployment.describeDatabase(databaseName(database))
  const service =
    name === 'registry'
      ? ''
      : `, service: {url: "${SERVICE}", query: {role: ${role}}, jobs: {bucket: results, topic: ${TOPIC}}}`
  return environmentText({
    tap: '',
    more: `storage: {apiEndpoint: "${deployment.gcs.endpoint}"}
tap: {servers: {tap: {schemas: [survey], database: ${address}${service}}}}`,
  })
}

async function launch(name: Name): Promise<void> {
  running[name] = await deployment.start(name, describe(name), pubsub.variables)
}

/** SIGTERM, as Cloud Run sends it; then another instance in its place. */
async function replace(name: Name): Promise<void> {
  const { child } = running[name]
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
  await launch(name)
}

/** Each delivery once; what fails is up to watch-queries. */
const deliveries: Promise<number>[] = []

function take(attributes: Readonly<Record<string, string>>): string {
  const message = { attributes, data: 'e30=', messageId: String(deliveries.length + 1) }
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ message }) }
  deliveries.push(
    fetch(running['run-query'].url, init).then(
      ({ status }) => status,
      () => 0,
    ),
  )
  return message.messageId
}

const ALL_ROWS = 'SELECT object_id, ra FROM survey.object'

function ask(query: string): Promise<Response> {
  const form = new URLSearchParams({ LANG: 'ADQL', FORMAT: 'csv', QUERY: query })
  return fetch(`${running.tap.url}/tap/sync`, { method: 'POST', body: form })
}

/** @returns the job's path */
async function start(query: string): Promise<string> {
  const form = new URLSearchParams({ LANG: 'ADQL', FORMAT: 'csv', QUERY: query, PHASE: 'RUN' })
  const answer = await fetch(`${running.tap.url}/tap/async`, { method: 'POST', body: form, redirect: 'manual' })
  expect(answer.status, running.tap.output()).toBe(303)
  return (answer.headers.get('location') ?? '').replace(SERVICE, '')
}

async function read(path: string): Promise<string> {
  const answer = await fetch(`${running.tap.url}/tap${path}`)
  expect(answer.status, running.tap.output()).toBe(200)
  return answer.text()
}

const PATIENTLY = { timeout: 60_000, interval: 100 }

async function resultOf(job: string): Promise<readonly string[]> {
  await expect.poll(() => read(`${job}/phase`), PATIENTLY).toBe('COMPLETED')
  return (await read(`${job}/results/result`)).trimEnd().split(/\r?\n/)
}

function identify(): Promise<string> {
  return fetch(`${running.registry.url}/oai?verb=Identify`).then((answer) => answer.text())
}

async function watch(): Promise<Readonly<Record<string, number>>> {
  const { status, body } = await post(running['watch-queries'], '/')
  expect(status, running['watch-queries'].output()).toBe(200)
  return body
}

/** Results stop in their middle until it is opened again. */
async function closeGate(): Promise<() => Promise<void>> {
  const holder = await database.pool.connect()
  await holder.query('select pg_advisory_lock(77)')
  let held = true
  const open = async () => {
    if (!held) return
    held = false
    await holder.query('select pg_advisory_unlock(77)')
    holder.release()
  }
  onTestFinished(open)
  return open
}

/** How many queries of users wait at the gate. */
async function countWaiting(): Promise<number> {
  const { rows } = await database.pool.query(
    `select count(*)::int as n from pg_locks
      where locktype = 'advisory' and objid = 77 and not granted
        and database = (select oid from pg_database where datname = current_database())`,
  )
  return rows[0].n
}

test('each logs in as its own user, and does its work', async () => {
  const rows = (await (await ask(ALL_ROWS)).text()).trimEnd().split(/\r?\n/)
  expect(rows, running.tap.output()).toHaveLength(ROWS + 1)
  const job = await start(ALL_ROWS)
  expect(await resultOf(job), running['run-query'].output()).toEqual(rows)
  expect(await identify(), running.registry.output()).toContain('<repositoryName>')
  expect(await watch()).toMatchObject({ silent: 0, sent: 0 })
  const { cloud, accountOf, userOf } = deployment
  for (const { user, account, certificate, database: name } of cloud.logins)
    expect([`${user}.gserviceaccount.com`, certificate, name]).toEqual([account, 'iam', databaseName(database)])
  expect(new Set(cloud.logins.map(({ account }) => account))).toEqual(new Set(NAMES.map(accountOf)))
  // Their own users look after jobs; what a user asks for runs as the role of the site.
  const copied = cloud.statements.filter(({ sql }) => /\bcopy\b.*survey/is.test(sql))
  expect(new Set(copied.map(({ user }) => user))).toEqual(new Set([userOf('tap'), userOf('run-query')]))
})

test('tap that is stopped in the middle of a result breaks it off, its query ends, and the next instance answers', async () => {
  const open = await closeGate()
  const answer = await ask(ALL_ROWS)
  expect(answer.status).toBe(200)
  const reader = answer.body!.getReader()
  expect((await reader.read()).value?.length).toBeGreaterThan(0)
  await expect.poll(countWaiting, PATIENTLY).toBe(1)
  const rest = (async () => {
    while (!(await reader.read()).done);
    return 'whole'
  })().catch(() => 'broken off')
  await replace('tap')
  expect(await rest).toBe('broken off')
  // PostgreSQL looks every second whether the client is still there.
  await expect.poll(countWaiting, PATIENTLY).toBe(0)
  await open()
  expect((await (await ask(ALL_ROWS)).text()).trimEnd().split(/\r?\n/)).toHaveLength(ROWS + 1)
})

test('a job whose run-query is stopped in the middle of its result is started again by watch-queries, and is whole', async () => {
  const open = await closeGate()
  const job = await start(ALL_ROWS)
  await expect.poll(countWaiting, PATIENTLY).toBe(1)
  await replace('run-query')
  expect(await deliveries.at(-1)).not.toBe(204)
  expect(await read(`${job}/phase`)).toBe('EXECUTING')
  await open()
  await database.pool.query(
    "update uws.job set lease_until = clock_timestamp() where phase = 'EXECUTING' and mode = 'async'",
  )
  expect(await watch()).toMatchObject({ silent: 1 })
  expect(await resultOf(job), running['run-query'].output()).toHaveLength(ROWS + 1)
})

test('a job whose connections die in the middle of its result comes to an end, and no half of it is shown', async () => {
  const open = await closeGate()
  const job = await start(ALL_ROWS)
  await expect.poll(countWaiting, PATIENTLY).toBe(1)
  deployment.cloud.dropConnections()
  await open()
  await deliveries.at(-1)
  await database.pool.query(
    "update uws.job set lease_until = clock_timestamp() where phase = 'EXECUTING' and mode = 'async'",
  )
  await watch()
  await expect.poll(() => read(`${job}/phase`), PATIENTLY).toMatch(/^(COMPLETED|ERROR)$/)
  if ((await read(`${job}/phase`)) === 'COMPLETED') expect(await resultOf(job)).toHaveLength(ROWS + 1)
  for (const name of NAMES) expect(running[name].child.exitCode, running[name].output()).toBeNull()
})

test('they work on after a freeze in which certificates expired and connections died', async () => {
  const { cloud, accountOf } = deployment
  for (const name of NAMES) running[name].child.kill('SIGSTOP')
  const before = cloud.logins.length
  cloud.dropConnections()
  cloud.clock.aheadMs += 3_600_000
  cloud.clock.lifetimeMs = 3_600_000
  await setTimeout(RENEWED_AFTER)
  for (const name of NAMES) running[name].child.kill('SIGCONT')
  expect((await (await ask('SELECT TOP 3 object_id FROM survey.object')).text()).trim().split(/\r?\n/)).toHaveLength(4)
  expect(await resultOf(await start('SELECT TOP 3 object_id FROM survey.object'))).toHaveLength(4)
  expect(await identify()).toContain('<repositoryName>')
  await watch()
  const again = new Set(cloud.logins.slice(before).map(({ account }) => account))
  for (const name of NAMES) {
    expect(again, running[name].output()).toContain(accountOf(name))
    expect(running[name].child.exitCode, running[name].output()).toBeNull()
    expect(readLog(running[name]).filter(({ message }) => /uncaught|unhandled/i.test(message ?? ''))).toEqual([])
  }
})
