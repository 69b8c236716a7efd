import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openResults } from '../../shared/deployment/results-connections.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { sweepResults } from '../../shared/results/sweep/sweep.ts'
import type { FunctionProcess } from '../support/function-process.ts'
import { randomNumbers } from '../support/random-numbers.ts'
import { BUCKET, type Fleet, MOST_BYTES, startFleet } from './fleet.ts'
import { countRows, keepTables, targets } from './keepers.ts'
import { askAtOnce, behave, create, ENDLESS, QUICK, type Told } from './users.ts'

/**
 * INSTANCES_JOBS=500 for the large one; INSTANCES_SECONDS=60, or 3600, for a soak, in which the users go on for so long;
 * INSTANCES_SEED for another one.
 */
const SECONDS = Number(process.env.INSTANCES_SECONDS ?? 0)
const IS_LARGE = process.env.INSTANCES_JOBS !== undefined || SECONDS > 0
const JOBS = Number(process.env.INSTANCES_JOBS ?? 40)
const SEED = Number(process.env.INSTANCES_SEED ?? 1)
const USERS = 20

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
      const told: Told = { completed: new Map(), deleted: new Set(), aborted: new Set(), shared: new Map() }
      const users = Array.from({ length: USERS }, (_, index) => `user${index}`)
      let busy = true
      const until = Date.now() + SECONDS * 1000
      const work = async (user: string, own: () => number) => {
        await behave(fleet, user, Math.ceil(JOBS / USERS), told, own)
        for (; Date.now() < until; sync.push(await askAtOnce(fleet, user))) await behave(fleet, user, 1, told, own)
      }
      const sync: number[] = []
      const keeping = ['ken', 'kim', 'kay'].map((user) => keepTables(fleet, user, IS_LARGE ? 20 : 2))
      const working = Promise.all([
        ...users.map((user, index) => work(user, randomNumbers(SEED + index))),
        ...keeping,
      ]).finally(() => {
        busy = false
      })
      const upset = upsetFleet(random, () => busy)
      const memory = watchMemory(() => busy)
      await Promise.all([working, upset])
      expect(sync.filter((status) => status !== 200)).toEqual([])
      await settle()
      const ended = [...fleet.processes.tap, ...fleet.processes['run-query']].filter(
        ({ child }) => child.exitCode !== null,
      )
      expect(ended.map(({ output }) => output())).toEqual([])
      await checkJobs(told)
      await checkObjects()
      await checkEvents()
      await checkQuotas()
      await checkTables()
      expect(await fleet.running()).toBe(0)
      expect(fleet.deliveries.fates.once).toBeGreaterThan(0)
      report({ ...fleet.deliveries.fates, ...(await countPhases()), sync: sync.length })
      const { early, late } = await memory
      if (SECONDS > 0) {
        report({ earlyMiB: early, lateMiB: late })
        expect(late).toBeLessThan(early + 64)
      }
    },
    IS_LARGE ? 1_800_000 + 2_000 * SECONDS : undefined,
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
    const row = async () => (await rowsOf()).find(({ id }) => path.endsWith(id))
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
    await vi.waitUntil(() => objectsOf(id).length === 1, { timeout: 60_000 })
    expect(objectsOf(id)).toEqual([committed?.result?.object])
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
    await checkTables()
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

/** What users had kept is gone, and nothing of it is left: no table without an entry, no share and no quota. */
async function checkTables(): Promise<void> {
  const { rows } = await fleet.pool.query(
    `select (select count(*)::int from user_tables.item) as items,
            (select count(*)::int from pg_class where relnamespace = 'user_data'::regnamespace) as relations,
            (select count(*)::int from uws.share where item_type = 'table') as shares`,
  )
  expect(rows).toEqual([{ items: 0, relations: 0, shares: 0 }])
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

/** The most memory that any process had in the first and in the second half of the soak, in MiB. */
async function watchMemory(isBusy: () => boolean): Promise<{ readonly early: number; readonly late: number }> {
  const samples: number[] = []
  while (SECONDS > 0 && isBusy()) {
    samples.push(Math.max(...[...fleet.processes.tap, ...fleet.processes['run-query']].map(residentMiB)))
    await pause(1000)
  }
  const half = Math.ceil(samples.length / 2)
  return { early: Math.max(0, ...samples.slice(0, half)), late: Math.max(0, ...samples.slice(half)) }
}

/** 0 for one that has just ended. */
function residentMiB({ child }: FunctionProcess): number {
  const status = `/proc/${child.pid}/status`
  const [, kibibytes = '0'] = (existsSync(status) && /VmRSS:\s+(\d+)/.exec(readFileSync(status, 'utf8'))) || []
  return Math.round(Number(kibibytes) / 1024)
}

/** What happened, where somebody asked for the large one. */
function report(figures: Readonly<Record<string, number>>): void {
  if (IS_LARGE) console.log(JSON.stringify(figures))
}

/** What goes wrong, in turn, until the users have done. */
async function upsetFleet(random: () => number, isBusy: () => boolean): Promise<void> {
  const anyOf = (kind: 'tap' | 'run-query') =>
    fleet.processes[kind][Math.floor(random() * fleet.processes[kind].length)]!
  const mishaps = [
    () => fleet.release(),
    () => fleet.replace(anyOf('run-query')),
    () => fleet.watch(),
    () => fleet.restartDatabase(),
    () => fleet.watch(),
    () => fleet.replace(anyOf('tap')),
    async () => {
      await fleet.letTimePass()
      await fleet.watch()
    },
    async () => {
      const frozen = anyOf('run-query')
      frozen.child.kill('SIGSTOP')
      await fleet.letTimePass()
      await fleet.watch()
      await pause(500 * random())
      frozen.child.kill('SIGCONT')
    },
  ]
  for (let round = 0; round < mishaps.length || isBusy(); round++) {
    await mishaps[round % mishaps.length]?.()
    await pause(200 + 600 * random())
  }
}

/** All messages come, and time passes, until every job has ended and what was deleted is forgotten. */
async function settle(): Promise<void> {
  fleet.deliveries.behave()
  await vi.waitUntil(
    async () => {
      await fleet.letTimePass()
      await fleet.watch()
      await fleet.deliveries.idle()
      const { rows } = await fleet.pool.query(
        `select from uws.job where phase in ('QUEUED', 'EXECUTING') or deleted_at is not null
         union all select from uws.event where settled_at is null limit 1`,
      )
      return rows.length === 0
    },
    { timeout: IS_LARGE ? 600_000 : 170_000, interval: 100 },
  )
}

interface Row {
  readonly id: string
  readonly owner: string
  readonly phase: string
  readonly result: { readonly object: string; readonly generation: string; readonly bytes: number } | null
}

async function rowsOf(): Promise<readonly Row[]> {
  return (await fleet.pool.query<Row>("select id, owner, phase, result from uws.job where mode = 'async'")).rows
}

async function countPhases(): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {}
  for (const { phase } of await rowsOf()) counts[phase] = (counts[phase] ?? 0) + 1
  return counts
}

function objectsOf(id: string): readonly string[] {
  return (fleet.gcs.store.objects(BUCKET) ?? []).map(({ name }) => name).filter((name) => name.includes(id))
}

async function sweep(): Promise<void> {
  const results = openResults(fleet.environment, { applicationName: 'test', logger })
  try {
    const request = { mode: 'delete', timeBudgetMs: null, scheduledFor: null } as const
    expect(await sweepResults(results.config, { ...results, logger }, request)).toMatchObject({ outcome: 'finished' })
  } finally {
    await results.close()
  }
}

async function checkJobs(told: Told): Promise<void> {
  const jobs = new Map((await rowsOf()).map((job) => [`/async/${job.id}`, job]))
  for (const [path, { phase, owner, result }] of jobs) {
    expect(['PENDING', 'COMPLETED', 'ERROR', 'ABORTED', 'ARCHIVED']).toContain(phase)
    const answer = await fleet.call(owner, 'GET', `${path}/results/result`)
    expect([path, phase, answer.status]).toEqual([path, phase, phase === 'COMPLETED' ? 200 : 404])
    if (phase === 'COMPLETED') expect(Buffer.byteLength(answer.text)).toBe(result?.bytes)
  }
  for (const [path, length] of told.completed) {
    expect(jobs.get(path)?.phase).toBe('COMPLETED')
    expect((await fleet.call(jobs.get(path)?.owner ?? '', 'GET', `${path}/results/result`)).text.length).toBe(length)
  }
  // A job that was due leaves a record.
  for (const path of told.deleted) expect([path, jobs.get(path)?.phase ?? 'ARCHIVED']).toEqual([path, 'ARCHIVED'])
  for (const [path, other] of told.shared) {
    const completed = jobs.get(path)?.phase === 'COMPLETED'
    const { status } = await fleet.call(other, 'GET', `${path}/results/result`)
    expect([path, status]).toEqual([path, completed ? 200 : 404])
    expect((await fleet.call('stranger', 'GET', `${path}/results/result`)).status).toBe(403)
    expect((await fleet.call(other, 'DELETE', path)).status).toBe(403)
  }
  for (const path of told.aborted) expect([path, jobs.get(path)?.phase]).toEqual([path, 'ABORTED'])
}

/** Each event has come, at least once, and those of one item for the first time in their order. */
async function checkEvents(): Promise<void> {
  const { rows } = await fleet.pool.query<{ item: string; sequence: string }>(
    'select item, sequence from uws.event order by sequence',
  )
  const written = Map.groupBy(rows, ({ item }) => item)
  const came = Map.groupBy(fleet.events, ({ item }) => item)
  for (const [item, events] of written) {
    const first = [...new Set((came.get(item) ?? []).map(({ sequence }) => sequence))]
    expect([item, first]).toEqual([item, events.map(({ sequence }) => Number(sequence))])
  }
}

/** What counts for the quota of a user is what is there. */
async function checkQuotas(): Promise<void> {
  const { rows } = await fleet.pool.query<{ owner: string; stored: string; counted: string; underway: string }>(
    `select owner, stored_bytes as stored, underway,
            (select coalesce(sum(uws.bytes_of(result, uploads)), 0) from uws.job j
              where j.owner = o.owner and phase <> 'ARCHIVED') as counted
       from (select distinct owner from uws.job) o, uws.usage('tap', owner)`,
  )
  const sizes = new Map((fleet.gcs.store.objects(BUCKET) ?? []).map(({ name, size }) => [name, Number(size)]))
  const { rows: jobs } = await fleet.pool.query<{ owner: string; objects: string[] }>(
    `select owner, array_remove(array_agg(result ->> 'object') || array_agg(upload ->> 'object'), null) as objects
       from uws.job left join jsonb_array_elements(uploads) as upload on true
      where phase <> 'ARCHIVED' group by owner`,
  )
  for (const { owner, stored, counted, underway } of rows) {
    const objects = new Set(jobs.find((one) => one.owner === owner)?.objects)
    const bytes = [...objects].reduce((sum, name) => sum + (sizes.get(name) ?? Number.NaN), 0)
    expect([owner, Number(stored), Number(counted), Number(underway)]).toEqual([owner, bytes, bytes, 0])
  }
}

/** One object for each COMPLETED job, the one of its row; what is left beside these goes with the sweep. */
async function checkObjects(): Promise<void> {
  const objects = () => fleet.gcs.store.objects(BUCKET) ?? []
  const rows = await rowsOf()
  for (const { id, phase, result } of rows) {
    const found = objects().filter(
      ({ name, generation }) => name === result?.object && generation === result.generation,
    )
    expect([id, phase, found.length]).toEqual([id, phase, phase === 'COMPLETED' ? 1 : 0])
  }
  for (const object of objects()) await fleet.gcs.store.update({ ...object, timeCreated: '2001-01-01T00:00:00Z' })
  await sweep()
  const known = new Set(rows.map(({ id }) => id))
  const left = objects().filter(({ name }) => !name.startsWith('.almagest/'))
  expect(left.filter(({ name }) => !known.has(name.split('/')[2] ?? '')).map(({ name }) => name)).toEqual([])
  const results = left.map(({ name }) => name).filter((name) => name.startsWith('r/'))
  expect(results.sort()).toEqual(rows.flatMap(({ result }) => (result === null ? [] : [result.object])).sort())
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds))
}
