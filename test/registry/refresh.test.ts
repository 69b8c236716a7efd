import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { describeRepository } from '../../shared/registry/build-records.ts'
import type { LiveTap } from '../../shared/registry/context.ts'
import { answerOai } from '../../shared/registry/oai/answer.ts'
import { forgetAuthority } from '../../shared/registry/state/forget-authority.ts'
import { hashEnvironment } from '../../shared/registry/state/hash-environment.ts'
import { listStored } from '../../shared/registry/state/list-stored.ts'
import { initialiseRegistry } from '../../shared/registry/state/record-table.ts'
import { type RefreshOptions, refreshRegistry } from '../../shared/registry/state/refresh-registry.ts'
import { readRecords } from '../../shared/registry/state/stored-records.ts'
import { environmentOf as parseEnvironmentText } from '../environment/parse-text.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { environmentText } from './environment.ts'
import { parseXml, type Tree } from './examples.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase({ keep: true })
  const client = await database.pool.connect()
  await initialiseRegistry(client, [])
  await initialiseRegistry(client, [])
  client.release()
})
beforeEach(() => database.pool.query('delete from almagest.registry_record; delete from almagest.registry_state'))
afterAll(() => database?.drop())

/** What an environment and its TAP server are at some time. */
interface World {
  /** Descriptions of datasets that are registered, by number. */
  readonly datasets: Readonly<Record<number, string>>
  /** null: nothing is live; `silent`: the database does not answer. */
  readonly live: number | null | 'silent'
  readonly adminEmail?: string
  readonly hash?: string
  readonly ivoid?: string
  /** Records as XML. */
  readonly files?: Readonly<Record<string, string>>
}

function environmentOf(
  { datasets, adminEmail = 'r@o.example', ivoid = 'ivo://o.example/tap' }: World,
  change = (text: string) => text,
) {
  const entries = Object.entries(datasets).map(
    ([number, description]) =>
      `d${number}: { ivoid: "ivo://o.example/d${number}", created: 2026-01-01, title: D, description: "${description}" }`,
  )
  const names = Object.keys(datasets).map((number) => `d${number}`)
  const text = environmentText({
    ...{ adminEmail, ivoid },
    tap: `, datasets: { ${entries.join(', ')} }`,
    more: 'tap: { servers: { main: { schemas: [x], databaseUrl: "postgresql://h/x" } } }',
    datasets: ['dp1', ...names],
  })
  return parseEnvironmentText(change(text))
}

/** Each number is a release with other tables. */
function liveOf(number: number): LiveTap {
  const schema = { schema_name: `s${number}`, utype: null, description: null, schema_index: 0 }
  return {
    identity: String(number),
    version: `v${number}`,
    rows: { schemas: [schema], tables: [], columns: [], keys: [] },
  }
}

const read = async ({ live }: World) => {
  if (live === 'silent') throw new Error('the database is away')
  return live === null ? null : liveOf(live)
}

function refresh(world: World, options: Partial<RefreshOptions> = {}) {
  const sources = {
    environment: environmentOf(world),
    environmentHash: world.hash ?? JSON.stringify(world.datasets),
    files: new Map(Object.entries(world.files ?? {})),
    pool: database.pool,
    servers: new Map([['main', () => read(world)]]),
    surveys: new Map(),
  }
  return refreshRegistry(sources, { deployed: 'now', thorough: false, ...options })
}

const REPOSITORY = { ...describeRepository(environmentOf({ datasets: {}, live: null })), pageSize: 2 }

async function ask(pairs: Readonly<Record<string, string>>, pageSize = 2): Promise<Tree> {
  const answer = readRecords(database.pool, (source, now) =>
    answerOai(Object.entries(pairs), { ...REPOSITORY, pageSize }, source, now),
  )
  return parseXml(await answer)
}

const named = (tree: Tree | undefined, name: string) => tree?.children.find((child) => child.name === name)

/** A harvester as they are: its next harvest begins where the first answer of the last one was made. */
class Harvester {
  readonly copy = new Map<string, Tree>()
  #from: string | undefined

  async harvest(meanwhile: () => Promise<unknown> = async () => {}, pageSize = 2): Promise<void> {
    const from = this.#from === undefined ? {} : { from: this.#from }
    let page = await ask({ verb: 'ListRecords', metadataPrefix: 'ivo_vor', set: 'ivo_managed', ...from }, pageSize)
    this.#from = named(page, 'responseDate')!.text
    for (;;) {
      const list = named(page, 'ListRecords')
      for (const record of list?.children ?? []) if (record.name === 'record') this.#take(record)
      const token = named(list, 'resumptionToken')?.text
      if (!token) return
      await meanwhile()
      page = await ask({ verb: 'ListRecords', resumptionToken: token }, pageSize)
    }
  }

  #take({ children: [header, metadata] }: Tree): void {
    const ivoid = named(header, 'identifier')!.text
    if (header!.attributes.status === 'deleted') this.copy.delete(ivoid)
    else this.copy.set(ivoid, metadata!.children[0]!)
  }
}

async function fullHarvest(): Promise<ReadonlyMap<string, Tree>> {
  const harvester = new Harvester()
  await harvester.harvest(undefined, 10_000)
  return harvester.copy
}

const stored = () =>
  database.pool.query('select * from almagest.registry_record order by ivoid').then(({ rows }) => rows)
const stampOf = async (path: string) =>
  (await listStored(database.pool)).find(({ ivoid }) => ivoid === `ivo://o.example/${path}`)

/** As if that much time had passed since. */
const age = (seconds: number) =>
  database.pool.query(`update almagest.registry_record set updated = updated - interval '${seconds} s';
    update almagest.registry_state set since = since - interval '${seconds} s'`)

test('an environment is told by what it publishes, not by who reads it', () => {
  const hash = (world: World, change = (text: string) => text) =>
    hashEnvironment(environmentOf(world, change), new Map(Object.entries(world.files ?? {})))
  const world = { datasets: { 1: 'one' }, live: null }
  expect(hash(world, (text) => text.replace('postgresql://h/x', 'postgresql://another@h/x'))).toBe(hash(world))
  expect(hash(world, (text) => `# a comment\n${text}`)).toBe(hash(world))
  expect(hash({ ...world, datasets: { 1: 'two' } })).not.toBe(hash(world))
})

describe('a refresh', () => {
  test('publishes everything once, and then nothing', async () => {
    const world = { datasets: { 1: 'one' }, live: 1 }
    const first = await refresh(world)
    expect(first).toMatchObject({ outcome: 'compared', changed: [], deleted: [], held: [] })
    expect(first.added).toHaveLength(5)
    const before = await stored()
    expect(await refresh(world)).toMatchObject({ outcome: 'current', added: [], changed: [] })
    expect(await refresh(world, { thorough: true })).toMatchObject({ outcome: 'compared', added: [], changed: [] })
    expect(await stored()).toEqual(before)
  })

  test('after a swap changes the TAP record alone, and after a swap to the same content nothing', async () => {
    await refresh({ datasets: { 1: 'one' }, live: 1 })
    await age(100)
    expect((await refresh({ datasets: { 1: 'one' }, live: 2 })).changed).toEqual(['ivo://o.example/tap'])
    const [tap, dataset] = [await stampOf('tap'), await stampOf('d1')]
    expect(tap!.updated.getTime() - dataset!.updated.getTime()).toBeGreaterThanOrEqual(99_000)
    await age(100)
    const rolledBack = await refresh({ datasets: { 1: 'one' }, live: 1 })
    expect(rolledBack.changed).toEqual(['ivo://o.example/tap'])
  })

  test('of an edited dataset changes that record alone; one that is gone is deleted, and can return', async () => {
    await refresh({ datasets: { 1: 'one', 2: 'two' }, live: 1 })
    await age(100)
    const edited = await refresh({ datasets: { 1: 'another', 2: 'two' }, live: 1 })
    expect(edited).toMatchObject({ added: [], changed: ['ivo://o.example/d1'], deleted: [] })
    const removed = await refresh({ datasets: { 2: 'two' }, live: 1 })
    // The TAP service is no more a service for it.
    expect(removed).toMatchObject({ changed: ['ivo://o.example/tap'], deleted: ['ivo://o.example/d1'] })
    const deleted = await ask({ verb: 'GetRecord', metadataPrefix: 'ivo_vor', identifier: 'ivo://o.example/d1' })
    const [record] = named(deleted, 'GetRecord')!.children
    expect(record!.children.map(({ name, attributes }) => [name, attributes])).toEqual([
      ['header', { status: 'deleted' }],
    ])
    expect((await refresh({ datasets: { 2: 'two' }, live: 1 }, { thorough: true })).deleted).toEqual([])
    const returned = await refresh({ datasets: { 1: 'one', 2: 'two' }, live: 1 })
    expect(returned).toMatchObject({ added: [], changed: ['ivo://o.example/tap', 'ivo://o.example/d1'], deleted: [] })
  })

  test('keeps what it cannot make as it was published: of a database that is silent, and with errors', async () => {
    await refresh({ datasets: { 1: 'one' }, live: 1 })
    const before = await stored()
    const silent = await refresh({ datasets: { 1: 'another' }, live: 'silent', hash: 'other' })
    expect(silent.held).toEqual(['ivo://o.example/tap', 'ivo://o.example/d1'])
    expect([...silent.silent.keys()]).toEqual(['the database of main'])
    expect(await stored()).toEqual(before)
    const wrong = await refresh({ datasets: {}, live: 2, adminEmail: 'nobody' })
    expect(wrong).toMatchObject({ changed: [], added: [] })
    expect(wrong.held).toHaveLength(4)
    expect(wrong.problems.map(({ message }) => message)[0]).toContain('adminEmail')
  })

  test('deletes nothing while a file with a record cannot be used', async () => {
    await refresh({ datasets: { 1: 'one' }, live: 1 })
    const broken = await refresh({ datasets: {}, live: 1, files: { 'own.xml': '<ri:Resource' } })
    expect(broken).toMatchObject({ changed: ['ivo://o.example/tap'], deleted: [] })
    expect(broken.problems.map(({ message }) => message)).toEqual([expect.stringContaining('own.xml cannot be used')])
    const mended = await refresh({ datasets: {}, live: 1 }, { thorough: true })
    expect(mended.deleted).toEqual(['ivo://o.example/d1'])
  })

  test('with nothing live publishes the service without tables', async () => {
    expect((await refresh({ datasets: {}, live: null })).added).toContain('ivo://o.example/tap')
    expect((await fullHarvest()).get('ivo://o.example/tap')?.children.some(({ name }) => name === 'tableset')).toBe(
      false,
    )
  })

  test('by an older deployment does not take back what a later one has published', async () => {
    const started = new Date(Date.now() - 60_000)
    await refresh({ datasets: { 1: 'one' }, live: 1, hash: 'old' }, { deployed: started })
    await refresh({ datasets: { 2: 'two' }, live: 1, hash: 'new' })
    const before = await stored()
    const late = await refresh({ datasets: { 1: 'one' }, live: 2, hash: 'old' }, { deployed: started, thorough: true })
    expect(late.outcome).toBe('outdated')
    expect(await stored()).toEqual(before)
    const restarted = { deployed: new Date(Date.now() + 60_000), thorough: true }
    expect(await refresh({ datasets: { 1: 'one' }, live: 2, hash: 'old' }, restarted)).toMatchObject({
      outcome: 'compared',
      deleted: ['ivo://o.example/d2'],
    })
  })

  test('that is only tried writes nothing', async () => {
    await refresh({ datasets: { 1: 'one' }, live: 1 })
    const before = await stored()
    const tried = await refresh({ datasets: {}, live: 2 }, { dryRun: true })
    expect(tried).toMatchObject({ changed: ['ivo://o.example/tap'], deleted: ['ivo://o.example/d1'] })
    expect(await stored()).toEqual(before)
    expect((await database.pool.query('select live from almagest.registry_state')).rows).toEqual([
      { live: { 'the database of main': '1' } },
    ])
  })

  test('leaves the records of another authority alone, until they are forgotten without a trace', async () => {
    await refresh({ datasets: {}, live: 1 })
    await database.pool.query(
      `update almagest.registry_record
          set ivoid = 'ivo://moved.example/tap', spelling = 'ivo://Moved.example/tap'
        where ivoid = 'ivo://o.example/tap'`,
    )
    const refreshed = await refresh({ datasets: {}, live: 1 }, { thorough: true })
    expect(refreshed).toMatchObject({
      added: ['ivo://o.example/tap'],
      deleted: [],
      foreign: ['ivo://Moved.example/tap'],
    })
    expect(await forgetAuthority(database.pool, 'ivo://moved.EXAMPLE')).toEqual(['ivo://Moved.example/tap'])
    expect(await forgetAuthority(database.pool, 'ivo://o')).toEqual([])
    expect(await listStored(database.pool)).toHaveLength(4)
  })

  test('never gives a date before one that is there, whatever the clock says', async () => {
    await refresh({ datasets: { 1: 'one' }, live: 1 })
    await age(-1000)
    await refresh({ datasets: { 1: 'another' }, live: 1 })
    const [first] = await listStored(database.pool)
    expect((await stampOf('d1'))?.updated).toEqual(first?.updated)
  })
})

test('an empty registry has nothing to answer', async () => {
  await expect(ask({ verb: 'Identify' })).rejects.toMatchObject({ code: 'no_records', kind: 'unprepared' })
})

const world = fc.record({
  datasets: fc.dictionary(fc.constantFrom('1', '2', '3', '4'), fc.constantFrom('one', 'two')),
  live: fc.constantFrom(1, 2, null, 'silent' as const),
})
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('change' as const), world }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'harvest' as const }) },
)

test('after any history, changes during a harvest among them, the copy of an incremental harvester is a full harvest', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), fc.array(world, { maxLength: 4 }), async (history, during) => {
      await database.pool.query('delete from almagest.registry_record; delete from almagest.registry_state')
      await refresh({ datasets: { 1: 'one', 2: 'two' }, live: 1 })
      const harvester = new Harvester()
      const left = [...during]
      const meanwhile = async () => {
        const next = left.shift()
        if (next !== undefined) await refresh(next)
      }
      for (const item of history) {
        if (item.kind === 'change') await refresh(item.world)
        else await harvester.harvest(meanwhile)
      }
      await harvester.harvest()
      expect(harvester.copy).toEqual(await fullHarvest())
    }),
    { numRuns: 12 },
  )
})

test('refreshes and harvests at the same time get in each other’s way in no case', async () => {
  const worlds: readonly World[] = [1, 2, 3, 4].map((number) => ({ datasets: { [number]: 'one' }, live: number }))
  await refresh(worlds[0]!)
  const harvesters = [new Harvester(), new Harvester()]
  await Promise.all([
    ...worlds.map((each) => refresh(each)),
    ...harvesters.map((harvester) => harvester.harvest()),
    ...worlds.map((each) => refresh(each)),
  ])
  const [state] = (await database.pool.query('select environment, live from almagest.registry_state')).rows
  const last = worlds.find(({ datasets }) => JSON.stringify(datasets) === state.environment)
  expect(state.live).toEqual({ 'the database of main': String(last?.live) })
  for (const harvester of harvesters) {
    await harvester.harvest()
    expect(harvester.copy).toEqual(await fullHarvest())
  }
})
