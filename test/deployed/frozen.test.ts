import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { readStatus } from '../../shared/tap-schema/status.ts'
import { putAged, UWS_TABLE } from '../results/aged-objects.ts'
import { DAY } from '../results/config.ts'
import type { FunctionProcess } from '../support/function-process.ts'
import type { TestDatabase } from '../support/postgres.ts'
import { type Deployment, databaseName, FUNCTIONS, type FunctionName, openDeployment } from './deployment.ts'
import { deliver, get, post } from './requests.ts'

/** TAP servers, and how their instance is reached. */
const SERVERS = { tap: 'PUBLIC', ssotap: 'PRIVATE', livetap: 'PSC' } as const
type ServerName = keyof typeof SERVERS
const NAMES = Object.keys(SERVERS) as ServerName[]

/** The connector renews a certificate four minutes before it expires, but the next one not within half a minute. */
const [FOUR_MINUTES, HALF_A_MINUTE] = [240_000, 30_000]
const RENEWED_AFTER = 5_000

let deployment: Deployment
let databases: Record<ServerName, TestDatabase>
let jobs: TestDatabase
const running = {} as Record<FunctionName, FunctionProcess>

function environment(): string {
  const servers = NAMES.map((name): [string, string] => [
    name,
    deployment.describeDatabase(databaseName(databases[name]), { ipType: SERVERS[name] }),
  ])
  return deployment.describeEnvironment(Object.fromEntries(servers), deployment.describeDatabase(databaseName(jobs)))
}

beforeAll(async () => {
  deployment = await openDeployment()
  const { cloud, gcs, userOf } = deployment
  cloud.instances.get('tap')?.addresses.add('PSC')
  cloud.clock.lifetimeMs = FOUR_MINUTES + RENEWED_AFTER
  const made = await Promise.all(NAMES.map(async (name) => [name, await deployment.createDatabase()] as const))
  databases = Object.fromEntries(made) as typeof databases
  for (const name of NAMES) await deployment.initialise(databases[name])
  jobs = await deployment.createDatabase()
  await jobs.pool.query(`${UWS_TABLE};
    insert into uws.Job (jobID, executionPhase, destructionTime) values ('done', 'COMPLETED', now() - interval '1 hour'),
                                                                        ('kept', 'COMPLETED', now() + interval '1 day');
    grant usage on schema uws to "${userOf('collect-results')}";
    grant select on uws.Job to "${userOf('collect-results')}"`)
  await putAged(gcs, 'result_kept.xml', 30 * DAY)
  const text = environment()
  const start = async (name: FunctionName) => {
    running[name] = await deployment.start(name, text)
  }
  await Promise.all(FUNCTIONS.map(start))
})

afterAll(() => deployment?.stop())

function logOf(name: FunctionName): string {
  return running[name].output()
}

async function discoverVersions(): Promise<Record<string, string>> {
  const { body } = await get(running.discovery, '/repertoire/discovery')
  const schemas = Object.entries((body.tap_schemas ?? {}) as Record<string, { version: string }>)
  return Object.fromEntries(schemas.map(([name, { version }]) => [name, version]))
}

async function versionsIn(slot: 'live' | 'staging' | 'previous'): Promise<(string | null)[]> {
  return Promise.all(NAMES.map(async (name) => (await readStatus(databases[name].pool)).slots[slot].version))
}

const QUERY = new URLSearchParams({ LANG: 'ADQL', QUERY: 'SELECT table_name FROM TAP_SCHEMA.tables' })

const everywhere = <T>(value: T): T[] => NAMES.map(() => value)

/**
 * The work of all functions for one release: it is staged, goes live, is listed; a result is deleted. Each request arrives
 * before the process goes on, if it stands still.
 */
async function workOn(version: string): Promise<void> {
  const push = await deployment.upload(version)
  expect(await thaw('load-release', (load) => deliver(load, push)), logOf('load-release')).toBe(204)
  expect(await versionsIn('staging')).toEqual(everywhere(version))
  for (const name of NAMES) {
    const { status, body } = await thaw('swap-schema', (swap) => post(swap, `/servers/${name}/swap`, { version }))
    expect({ status, ...body }, logOf('swap-schema')).toMatchObject({ status: 200, outcome: 'swapped', live: version })
  }
  expect(await versionsIn('live')).toEqual(everywhere(version))
  for (const name of NAMES) {
    const answered = await thaw('tap', (tap) => fetch(`${tap.url}/${name}/sync?${QUERY}`))
    expect([answered.status, await answered.text()], logOf('tap')).toEqual([200, expect.stringContaining(version)])
  }
  await putAged(deployment.gcs, 'result_done.xml', 30 * DAY)
  const swept = await thaw('collect-results', (collect) => post(collect, '/'))
  expect(swept, logOf('collect-results')).toMatchObject({ status: 200, body: { deletions: { deleted: 1 } } })
  const released = Object.fromEntries(NAMES.map((name) => [name, version]))
  const discovered = async () =>
    expect(await thaw('discovery', () => discoverVersions()), logOf('discovery')).toEqual(released)
  await vi.waitFor(discovered, { timeout: 60_000, interval: 200 })
}

function thaw<T>(name: FunctionName, request: (running: FunctionProcess) => Promise<T>): Promise<T> {
  const answer = request(running[name])
  running[name].child.kill('SIGCONT')
  return answer
}

/** Discovery waits for a database 1 s at most, then it answers without. */
async function untilKnown(): Promise<void> {
  const states = async () => Object.values((await get(running.discovery, '/healthz')).body.tap_servers)
  await discoverVersions()
  await expect.poll(states, { timeout: 60_000 }).toEqual(everywhere('empty'))
}

/** The processes stand still until the connector's timers are due, and for Google an hour passes. */
async function freeze(): Promise<void> {
  const { cloud, accountOf } = deployment
  const due = FUNCTIONS.map((name) => {
    const issued = cloud.issued.filter(({ account }) => account === accountOf(name))
    const first = name === 'collect-results' ? 1 : NAMES.length
    return Math.max(...issued.map(({ at }) => at)) + (issued.length > first ? HALF_A_MINUTE : RENEWED_AFTER)
  })
  cloud.dropConnections()
  cloud.clock.aheadMs += 3_600_000
  cloud.clock.lifetimeMs = 3_600_000
  await setTimeout(Math.max(...due) - Date.now())
}

/** What a function's user has sent since, in the order of arrival. */
function statementsSince(start: number, name: FunctionName, pattern: RegExp): readonly string[] {
  const { cloud, userOf } = deployment
  const sent = cloud.statements.slice(start).filter(({ user }) => user === userOf(name))
  return sent.map(({ sql }) => sql).filter((sql) => pattern.test(sql))
}

describe('the bundled functions, over the connector', () => {
  test('each log in as their own user, by a public address, a private one and Private Service Connect', async () => {
    const { cloud, userOf, accountOf } = deployment
    const r0 = await deployment.upload('releases/r0')
    const requests = {
      'load-release': () => deliver(running['load-release'], r0),
      'swap-schema': () => get(running['swap-schema'], '/servers'),
      discovery: () => untilKnown(),
      tap: () => Promise.all(NAMES.map((name) => fetch(`${running.tap.url}/${name}/availability`))),
      'collect-results': () => post(running['collect-results'], '/'),
    }
    for (const name of FUNCTIONS) {
      await requests[name]()
      // As soon as nobody asks, Cloud Run takes the processor away.
      running[name].child.kill('SIGSTOP')
    }
    const seen = (name: FunctionName) =>
      new Set(cloud.logins.filter(({ account }) => account === accountOf(name)).map(({ database }) => database))
    const tap = new Set(NAMES.map((name) => databaseName(databases[name])))
    for (const name of ['load-release', 'swap-schema', 'discovery', 'tap'] as const)
      expect(seen(name), logOf(name)).toEqual(tap)
    expect(seen('collect-results'), logOf('collect-results')).toEqual(new Set([databaseName(jobs)]))
    for (const { user, account, certificate } of cloud.logins)
      expect([`${user}.gserviceaccount.com`, certificate]).toEqual([account, 'iam'])
    expect(new Set(cloud.logins.map(({ user }) => user))).toEqual(new Set(FUNCTIONS.map(userOf)))
  })

  test('work on after a freeze in which certificates expired and connections died, and send nothing twice', async () => {
    const { cloud, accountOf } = deployment
    await freeze()
    const [statements, issued] = [cloud.statements.length, cloud.issued.length]
    await workOn('releases/r1')
    for (const name of FUNCTIONS) {
      const isOurs = ({ account }: { account?: string }) => account === accountOf(name)
      expect(
        cloud.refusals.filter(isOurs).map(({ reason }) => reason),
        name,
      ).toContain('expired')
      expect(cloud.issued.slice(issued).filter(isOurs).length, name).toBeGreaterThan(0)
      expect(running[name].child.exitCode, logOf(name)).toBeNull()
    }
    for (const name of ['load-release', 'swap-schema'] as const)
      expect(statementsSince(statements, name, /insert into almagest\.history/)).toHaveLength(NAMES.length)
    // A sweep asks for the job once when it looks, and once when it deletes.
    expect(statementsSince(statements, 'collect-results', /any\(\$1\)/)).toHaveLength(2)
    for (const name of NAMES) {
      const { history } = await readStatus(databases[name].pool)
      expect(history.map(({ action, version }) => `${action} ${version}`)).toEqual([
        'swapped releases/r1',
        'staged releases/r1',
        'staged releases/r0',
      ])
    }
  })

  test('work on when their connections are dropped between two requests', async () => {
    const { cloud } = deployment
    const before = cloud.logins.length
    cloud.dropConnections()
    await workOn('releases/r2')
    expect(cloud.logins.length).toBeGreaterThan(before)
    cloud.dropConnections()
    for (const name of NAMES) {
      const rolledBack = await post(running['swap-schema'], `/servers/${name}/rollback`, { version: 'releases/r1' })
      expect(rolledBack.body).toMatchObject({ outcome: 'rolled_back', live: 'releases/r1', previous: 'releases/r2' })
    }
    for (const name of FUNCTIONS) expect(running[name].child.exitCode, logOf(name)).toBeNull()
  })
})
