import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createLogger } from '../../shared/platform/log/log.ts'
import { randomNumbers } from '../support/random-numbers.ts'
import {
  checkEvents,
  checkJobs,
  checkObjects,
  checkQuotas,
  checkTables,
  countPhases,
  objectsOf,
  rowsOf,
  settle,
} from './checks.ts'
import { type Fleet, MOST_BYTES, startFleet } from './fleet.ts'
import { countRows, keepTables, targets } from './keepers.ts'
import { mishapsOf, pause } from './upset.ts'
import { behave, create, ENDLESS, nothingTold, QUICK } from './users.ts'

/** INSTANCES_JOBS=500 for the large one; INSTANCES_SEED for another one. */
const IS_LARGE = process.env.INSTANCES_JOBS !== undefined
const JOBS = Number(process.env.INSTANCES_JOBS ?? 24)
const SEED = Number(process.env.INSTANCES_SEED ?? 1)
const USERS = IS_LARGE ? 20 : 12

const log: Record<string, unknown>[] = []
const logger = createLogger({ write: (line) => void log.push(JSON.parse(line)), projectId: 'p' })
let fleet: Fleet

beforeAll(async () => {
  fleet = await startFleet(randomNumbers(SEED), logger)
})
afterAll(() => fleet.stop())

describe('three tap and two run-query', () => {
  test(
    'lose nothing while jobs are aborted and deleted, releases swapped, processes killed and PostgreSQL restarted',
    async () => {
      const random = randomNumbers(SEED)
      const told = nothingTold()
      const users = Array.from({ length: USERS }, (_, index) => `user${index}`)
      let busy = true
      const work = (user: string, index: number) =>
        behave(fleet, user, Math.ceil(JOBS / USERS), told, randomNumbers(SEED + index))
      const keeping = ['ken', 'kim', 'kay'].map((user) => keepTables(fleet, user, IS_LARGE ? 20 : 2))
      const working = Promise.all([...users.map(work), ...keeping]).finally(() => {
        busy = false
      })
      await Promise.all([working, upsetFleet(random, () => busy)])
      await settle(fleet, IS_LARGE ? 600_000 : undefined)
      const ended = [...fleet.processes.tap, ...fleet.processes['run-query']].filter(
        ({ child }) => child.exitCode !== null,
      )
      expect(ended.map(({ output }) => output())).toEqual([])
      await checkJobs(fleet, told)
      await checkObjects(fleet, logger)
      await checkEvents(fleet)
      await checkQuotas(fleet)
      await checkTables(fleet)
      expect(await fleet.running()).toBe(0)
      expect(fleet.deliveries.fates.once).toBeGreaterThan(0)
      report({ ...fleet.deliveries.fates, ...(await countPhases(fleet)) })
    },
    IS_LARGE ? 1_800_000 : undefined,
  )
})

describe('a worker that is frozen past its lease', () => {
  test.each([
    ['before its result is stored', false],
    ['when its result is stored, and not committed', true],
  ])('%s changes nothing when it wakes up', async (_what, isStored) => {
    fleet.deliveries.behave()
    const [frozen, other] = fleet.processes['run-query'].splice(0)
    if (frozen === undefined || other === undefined) throw new Error('there are two workers')
    fleet.processes['run-query'].push(frozen)
    const freeze = () => frozen.child.kill('SIGSTOP')
    const match = /upload_id=/
    // Either the bytes arrive and the answer finds nobody, or nothing is stored.
    if (isStored) fleet.gcs.inject({ kind: 'meanwhile', run: async () => freeze(), match })
    else fleet.gcs.inject({ kind: 'stall', bytes: null, match })
    const before = fleet.gcs.requests.length
    const path = await create(fleet, 'ada', { ...QUICK, PHASE: 'RUN' })
    const row = async () => (await rowsOf(fleet)).find(({ id }) => path.endsWith(id))
    const isWriting = () => fleet.gcs.requests.slice(before).some((request) => match.test(request))
    await vi.waitUntil(isWriting, { timeout: 60_000 })
    freeze()
    fleet.processes['run-query'].splice(0, 1, other)
    await fleet.letTimePass()
    await fleet.watch()
    await vi.waitUntil(async () => (await row())?.phase === 'COMPLETED', { timeout: 60_000 })
    const committed = await row()
    expect(committed?.result?.object).toMatch(/\/2\/result\.csv$/)
    frozen.child.kill('SIGCONT')
    fleet.processes['run-query'].push(frozen)
    await fleet.deliveries.idle()
    expect(await row()).toEqual(committed)
    const id = committed?.id ?? ''
    await vi.waitUntil(() => objectsOf(fleet, id).length === 1, { timeout: 60_000 })
    expect(objectsOf(fleet, id)).toEqual([committed?.result?.object])
  })
})

describe('a table of a user', () => {
  test('that one instance makes is there in all others at once, shared and dropped in a third, whatever is killed', async () => {
    const [one, two, three] = [...fleet.processes.tap]
    if (one === undefined || two === undefined || three === undefined) throw new Error('there are three instances')
    expect((await fleet.call('ann', 'PUT', '/tables/targets', targets(3), one)).status).toBe(200)
    expect(await countRows(fleet, 'ann', 'user_ann.targets', two)).toBe(3)
    expect(await countRows(fleet, 'bob', 'user_ann.targets', two)).toMatch(/user_ann/)
    await fleet.replace(one)
    expect((await fleet.call('ann', 'POST', '/tables/targets/share', { USER: 'bob' }, three)).status).toBe(200)
    expect(await countRows(fleet, 'bob', 'user_ann.targets', two)).toBe(3)
    await fleet.replace(three)
    for (const instance of fleet.processes.tap) {
      expect((await fleet.call('bob', 'GET', '/tables', undefined, instance)).text).toContain('user_ann.targets')
    }
    expect((await fleet.call('ann', 'POST', '/load/targets', targets(2), two)).status).toBe(200)
    const [, four] = fleet.processes.tap
    expect(await countRows(fleet, 'bob', 'user_ann.targets', four)).toBe(5)
    expect((await fleet.call('ann', 'DELETE', '/tables/targets', undefined, four)).status).toBe(200)
    await fleet.replace(two)
    for (const instance of fleet.processes.tap) {
      expect(await countRows(fleet, 'ann', 'user_ann.targets', instance)).toMatch(/user_ann/)
      expect(await countRows(fleet, 'bob', 'user_ann.targets', instance)).toMatch(/user_ann/)
    }
  })

  test('has all rows of a load or none, when its instance is killed or a release is swapped in the middle', async () => {
    await fleet.call('ann', 'PUT', '/tables/halves', targets(1))
    const holder = await fleet.pool.connect()
    try {
      for (const isKilled of [true, false]) {
        await holder.query('begin; lock table user_tables.item in share row exclusive mode')
        const [instance] = fleet.processes.tap
        const url = `${instance?.url}/tap/load/halves`
        const init = { method: 'POST', headers: { 'x-auth-request-user': 'ann' }, body: targets(4) }
        const loading = fetch(url, init).then(
          ({ status }) => status,
          () => 0,
        )
        // Its rows are in the table, and not committed: it waits to note how many there are.
        await vi.waitUntil(async () => (await waitingLoads()) > 0, { timeout: 60_000, interval: 20 })
        if (isKilled && instance !== undefined) await fleet.replace(instance)
        else await fleet.release()
        await holder.query('commit')
        expect(await loading).toBe(isKilled ? 0 : 200)
        await vi.waitUntil(async () => (await waitingLoads()) === 0, { timeout: 60_000, interval: 20 })
        expect(await countRows(fleet, 'ann', 'user_ann.halves')).toBe(isKilled ? 1 : 5)
      }
    } finally {
      await holder.query('rollback')
      holder.release()
    }
    await fleet.call('ann', 'DELETE', '/tables/halves')
  })

  test('stays within the quota when twenty loads come to all instances at once', async () => {
    await fleet.call('max', 'PUT', '/tables/filled', targets(1))
    const instances = fleet.processes.tap
    const load = (_: unknown, index: number) =>
      fleet.call('max', 'POST', '/load/filled', targets(600), instances[index % instances.length])
    const statuses = (await Promise.all(Array.from({ length: 20 }, load))).map(({ status }) => status)
    const done = statuses.filter((status) => status === 200).length
    expect(statuses.filter((status) => status === 429).length).toBe(20 - done)
    expect(done).toBeGreaterThan(0)
    expect(done).toBeLessThan(20)
    expect(await countRows(fleet, 'max', 'user_max.filled')).toBe(1 + done * 600)
    const { usage } = JSON.parse((await fleet.call('max', 'GET', '/quota')).text)
    expect(usage.tableBytes).toBeLessThanOrEqual(MOST_BYTES)
    await fleet.call('max', 'DELETE', '/tables/filled')
    await checkTables(fleet)
  })
})

/** Loads that wait for a lock. */
async function waitingLoads(): Promise<number> {
  const { rows } = await fleet.pool.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity
      where usename = 'service' and wait_event_type = 'Lock' and query like '%user_tables.item%'`,
  )
  return rows[0]?.count ?? 0
}

test('an abort at one instance ends the query that another one runs', async () => {
  const [instance] = fleet.processes.tap
  const path = await create(fleet, 'ada', { ...ENDLESS, PHASE: 'RUN' })
  await vi.waitUntil(async () => (await fleet.running()) > 0, { timeout: 60_000 })
  const started = performance.now()
  await fleet.call('ada', 'POST', `${path}/phase`, { PHASE: 'ABORT' }, instance)
  await vi.waitUntil(async () => (await fleet.running()) === 0, { timeout: 60_000, interval: 10 })
  const milliseconds = performance.now() - started
  report({ abortMs: Math.round(milliseconds) })
  if (IS_LARGE) expect(milliseconds).toBeLessThan(1000)
  expect((await fleet.call('ada', 'GET', `${path}/phase`)).text).toBe('ABORTED')
})

/** What happened, where somebody asked for the large one. */
function report(figures: Readonly<Record<string, number>>): void {
  if (IS_LARGE) console.log(JSON.stringify(figures))
}

/** What goes wrong, in turn, until the users have done. */
async function upsetFleet(random: () => number, isBusy: () => boolean): Promise<void> {
  const mishaps = mishapsOf(fleet, random)
  for (let round = 0; round < mishaps.length || isBusy(); round++) {
    await mishaps[round % mishaps.length]?.happen()
    await pause(200 + 600 * random())
  }
}
