import { afterAll, beforeAll, expect, test } from 'vitest'
import { OWNER_ROLE, STAGER_ROLE } from '../../shared/tap-schema/slots.ts'
import { putAged, UWS_TABLE } from '../results/aged-objects.ts'
import { DAY } from '../results/config.ts'
import type { FunctionProcess } from '../support/function-process.ts'
import type { TestDatabase } from '../support/postgres.ts'
import {
  type Deployment,
  databaseName,
  FUNCTIONS,
  type FunctionName,
  openDeployment,
  type PushRequest,
} from './deployment.ts'
import { deliver, get, type Json, post, readLog } from './requests.ts'

interface Fault {
  readonly code: string
  /** What an operator reads. */
  readonly advice: RegExp
}

/** What is wrong with a TAP server's database, by the server's name. */
const FAULTS: Readonly<Record<string, Fault>> = {
  forbidden: { code: 'database_connection', advice: /roles\/cloudsql\.client/ },
  elsewhere: { code: 'database_connection', advice: /region.*Got us-east1, want europe-west1/ },
  absent: { code: 'database_connection', advice: /check project, region and name of the instance/ },
  unlinked: { code: 'database_connection', advice: /no PSC address/ },
  nowhere: { code: 'database_connection', advice: /SQLSTATE 3D000.*check the name of the database/ },
  unprepared: { code: 'not_initialised', advice: /run `almagest init`/ },
}
const BROKEN = Object.keys(FAULTS)
const ALL = ['fine', ...BROKEN]

let deployment: Deployment
const databases: Record<string, TestDatabase> = {}
let push: PushRequest
const running = {} as Record<FunctionName, FunctionProcess>

beforeAll(async () => {
  deployment = await openDeployment({ otherInstances: ['forbidden', 'elsewhere', 'absent', 'jobs'] })
  const { cloud } = deployment
  const create = async (name: string) => {
    databases[name] = await deployment.createDatabase()
  }
  await Promise.all([...ALL, 'jobs'].map(create))
  for (const name of ALL) {
    if (name !== 'nowhere' && name !== 'unprepared') await deployment.initialise(databases[name]!)
  }
  await hideDatabase('nowhere')
  Object.assign(cloud.instances.get('forbidden')!, { status: 403 })
  Object.assign(cloud.instances.get('absent')!, { status: 404 })
  Object.assign(cloud.instances.get('elsewhere')!, { region: 'us-east1' })
  push = await deployment.upload('releases/r1')
  const text = environment()
  const start = async (name: FunctionName) => {
    running[name] = await deployment.start(name, text)
  }
  await Promise.all(FUNCTIONS.map(start))
})

afterAll(() => deployment?.stop())

function environment(): string {
  const describe = (name: string) =>
    deployment.describeDatabase(databaseName(databases[name]!), {
      ...(deployment.cloud.instances.has(name) ? { instance: name } : {}),
      ipType: name === 'unlinked' ? 'PSC' : 'PRIVATE',
    })
  return deployment.describeEnvironment(Object.fromEntries(ALL.map((name) => [name, describe(name)])), describe('jobs'))
}

/** Nobody is connected to it at that time. */
function hideDatabase(name: string): Promise<void> {
  const hidden = databaseName(databases[name]!)
  return deployment.administer(`alter database ${hidden} rename to ${hidden}_hidden`)
}

function showDatabase(name: string): Promise<void> {
  const hidden = databaseName(databases[name]!)
  return deployment.administer(`alter database ${hidden}_hidden rename to ${hidden}`)
}

/** Discovery waits for its databases 1 s at most, and asks them every 3 s. */
const PATIENTLY = { timeout: 60_000, interval: 200 }

async function discovered(): Promise<readonly string[]> {
  return Object.keys((await get(running.discovery, '/repertoire/discovery')).body.tap_schemas ?? {})
}

function errorsOf(name: FunctionName, since = 0): readonly Json[] {
  return readLog(running[name])
    .slice(since)
    .filter(({ severity }) => severity === 'ERROR')
}

test('load-release stages where it can, says of each other server what to mend, and is delivered to again', async () => {
  const load = running['load-release']
  expect(await deliver(load, push)).toBe(500)
  const stagedOn = readLog(load)
    .filter(({ message }) => message === 'staged')
    .map(({ server }) => server)
  expect(stagedOn).toEqual(['fine'])
  for (const [server, { code, advice }] of Object.entries(FAULTS)) {
    const line = errorsOf('load-release').find((candidate) => candidate.server === server)
    expect(line).toMatchObject({ message: expect.stringMatching(advice), error: { code, permanent: false } })
  }
  expect(errorsOf('load-release').at(-1)?.message).toBe('the delivery failed and will be repeated')
})

test('swap-schema answers 503 with what to mend, and lists all servers', async () => {
  const { body } = await get(running['swap-schema'], '/servers')
  expect(body.servers[0]).toMatchObject({ name: 'fine', staging: 'releases/r1' })
  for (const [index, [name, { code, advice }]] of Object.entries(FAULTS).entries()) {
    const error = { type: code, msg: expect.stringMatching(advice) }
    expect(body.servers[index + 1]).toMatchObject({ name, error })
    expect(await get(running['swap-schema'], `/servers/${name}`)).toEqual({ status: 503, body: { detail: [error] } })
    const staged = await post(running['swap-schema'], `/servers/${name}/stage`, { version: 'releases/r1' })
    expect(staged.status, name).toBe(503)
  }
  const swapped = await post(running['swap-schema'], '/servers/fine/swap', { version: 'releases/r1' })
  expect(swapped.body).toMatchObject({ outcome: 'swapped', live: 'releases/r1' })
})

test('discovery lists the servers that it reaches, and its log says what to mend of the others', async () => {
  expect((await get(running.discovery, '/repertoire/discovery')).status).toBe(200)
  await expect.poll(discovered, PATIENTLY).toEqual(['fine'])
  const unreached = BROKEN.filter((name) => name !== 'unprepared')
  for (const server of unreached) {
    const answer = await get(running.discovery, `/repertoire/discovery/tap/${server}`)
    expect(answer).toMatchObject({ status: 503, body: { detail: [{ type: 'database' }] } })
    // The public reads no more.
    expect(JSON.stringify(answer.body)).not.toContain(deployment.project)
    const reason = () =>
      readLog(running.discovery)
        .filter((line) => line.server === server)
        .at(-1)?.error?.message
    await expect.poll(reason, PATIENTLY).toMatch(FAULTS[server]!.advice)
  }
  const states = async () => {
    await discovered()
    return (await get(running.discovery, '/healthz')).body.tap_servers
  }
  const unreachable = Object.fromEntries(unreached.map((name) => [name, 'unreachable']))
  await expect.poll(states, PATIENTLY).toEqual({ fine: 'current', unprepared: 'empty', ...unreachable })
})

test('what is mended works in the same processes', async () => {
  const { cloud } = deployment
  Object.assign(cloud.instances.get('forbidden')!, { status: null })
  Object.assign(cloud.instances.get('absent')!, { status: null })
  Object.assign(cloud.instances.get('elsewhere')!, { region: 'europe-west1' })
  cloud.instances.get('tap')!.addresses.add('PSC')
  await showDatabase('nowhere')
  for (const name of ['nowhere', 'unprepared']) await deployment.initialise(databases[name]!)

  expect(await deliver(running['load-release'], push), running['load-release'].output()).toBe(204)
  for (const name of BROKEN) {
    const swapped = await post(running['swap-schema'], `/servers/${name}/swap`, { version: 'releases/r1' })
    expect(swapped.body).toMatchObject({ server: name, outcome: 'swapped', live: 'releases/r1' })
  }
  await expect.poll(discovered, PATIENTLY).toEqual(ALL)
})

test('collect-results deletes nothing while its job table is out of reach, says what to mend, and recovers', async () => {
  const { cloud, gcs, userOf } = deployment
  const collect = running['collect-results']
  const instance = cloud.instances.get('jobs')!
  const user = userOf('collect-results')
  const { pool } = databases.jobs!
  await putAged(gcs, 'result_done.xml', 30 * DAY)
  await hideDatabase('jobs')
  await deployment.administer(`alter role "${user}" rename to "${user}-hidden"`)
  const steps: readonly (readonly [advice: RegExp, mend: () => unknown])[] = [
    [/roles\/cloudsql\.client/, () => Object.assign(instance, { status: null, region: 'us-east1' })],
    [/Got us-east1, want europe-west1/, () => Object.assign(instance, { region: 'europe-west1' })],
    [/no private address/i, () => instance.addresses.add('PRIVATE')],
    [/SQLSTATE 28000.*IAM user/, () => deployment.administer(`alter role "${user}-hidden" rename to "${user}"`)],
    [/SQLSTATE 3D000.*check the name of the database/, () => showDatabase('jobs')],
    [/the job table uws\.job cannot be relied on.*it does not exist/, () => pool.query(UWS_TABLE)],
    [
      /permission denied for schema uws/,
      () => pool.query(`grant usage on schema uws to "${user}"; grant select on uws.Job to "${user}"`),
    ],
    [
      /the job table is empty/,
      () =>
        pool.query(`
          insert into uws.Job (jobID, executionPhase, destructionTime)
          values ('done', 'COMPLETED', now() at time zone 'UTC' - interval '1 day')`),
    ],
  ]
  instance.status = 403
  instance.addresses.delete('PRIVATE')
  for (const [advice, mend] of steps) {
    const { status, body } = await post(collect, '/')
    expect([status, body.detail[0].msg]).toEqual([503, expect.stringMatching(advice)])
    await mend()
  }
  expect((await post(collect, '/')).body).toMatchObject({ outcome: 'finished', deletions: { deleted: 1 } })
})

test('a user that loses its role in PostgreSQL says so, discovery serves what it knew, and all recover', async () => {
  const { cloud, userOf } = deployment
  const users = (['load-release', 'swap-schema', 'discovery'] as const).map(userOf)
  await deployment.administer(...users.map((user) => `alter role "${user}" rename to "${user}-hidden"`))
  cloud.dropConnections()
  const r2 = await deployment.upload('releases/r2')
  const lines = readLog(running['load-release']).length
  expect(await deliver(running['load-release'], r2)).toBe(500)
  expect(errorsOf('load-release', lines)[0]?.message).toMatch(/SQLSTATE 28000.*IAM user/)
  const refused = await get(running['swap-schema'], '/servers/fine')
  expect(refused).toMatchObject({ status: 503, body: { detail: [{ msg: expect.stringContaining('SQLSTATE 28000') }] } })
  const known = async () => (await get(running.discovery, '/repertoire/discovery')).body.tap_schemas.fine
  await expect.poll(known, PATIENTLY).toMatchObject({ version: 'releases/r1', stale: true })

  await deployment.administer(...users.map((user) => `alter role "${user}-hidden" rename to "${user}"`))
  expect(await deliver(running['load-release'], r2), running['load-release'].output()).toBe(204)
  expect((await get(running['swap-schema'], '/servers/fine')).body.slots.staging.version).toBe('releases/r2')
})

test('a user without its grants says which command grants them', async () => {
  const { userOf } = deployment
  const [loader, operator] = [userOf('load-release'), userOf('swap-schema')]
  await deployment.administer(
    `revoke ${STAGER_ROLE} from "${loader}"`,
    `revoke ${STAGER_ROLE}, ${OWNER_ROLE} from "${operator}"`,
  )
  const r3 = await deployment.upload('releases/r3')
  expect(await deliver(running['load-release'], r3)).toBe(500)
  expect(errorsOf('load-release').at(-2)).toMatchObject({
    error: { code: 'missing_role' },
    message: expect.stringContaining('--stager'),
  })
  const refused = await post(running['swap-schema'], '/servers/fine/swap', { version: 'releases/r2' })
  expect(refused).toMatchObject({
    status: 503,
    body: { detail: [{ type: 'missing_role', msg: expect.stringContaining('--operator') }] },
  })

  await deployment.initialise(databases.fine!)
  expect(await deliver(running['load-release'], r3)).toBe(204)
  const swapped = await post(running['swap-schema'], '/servers/fine/swap', { version: 'releases/r3' })
  expect(swapped.body).toMatchObject({ outcome: 'swapped', live: 'releases/r3' })
})

test('no log holds a token', async () => {
  for (const name of FUNCTIONS) expect(running[name].output()).not.toContain('ya29.')
})
