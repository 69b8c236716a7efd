import { describe, expect, test } from 'vitest'
import { describeTapSchema, type LiveRelease, type TapSchema } from '../../shared/discovery/tap-schemas.ts'
import { watchTapSchemas } from '../../shared/discovery/tap-schemas-watch.ts'

const RELEASES = { bucket: 'releases', template: '{version}/schemas.tar.gz', baseUrl: 'https://cdn.example/r/' }

const SOURCE = { bucket: 'releases', object: 'tickets/DM-1/schemas.tar.gz', generation: '5', sha256: 'ab', bytes: 7 }

const LIVE: LiveRelease = {
  version: 'tickets/DM-1',
  versioned: true,
  loadedAt: '2026-01-01T00:00:00.000Z',
  source: SOURCE,
  schemas: ['dp1'],
}

describe('the metadata of a live release', () => {
  test('lies beside the schemas it was staged from', () => {
    const described = describeTapSchema(LIVE, RELEASES)
    expect(described).toEqual({
      version: 'tickets/DM-1',
      loaded_at: '2026-01-01T00:00:00.000Z',
      source: SOURCE,
      schemas: ['dp1'],
      metadata: {
        datalink_snippets: 'https://cdn.example/r/tickets/DM-1/datalink-snippets.zip',
        datalink_columns: 'https://cdn.example/r/tickets/DM-1/datalink-columns.zip',
        schemas: 'https://cdn.example/r/tickets/DM-1/schemas.tar.gz',
      },
    })
  })

  test('is found by the version in a slot that does not say its source', () => {
    const { metadata } = describeTapSchema({ ...LIVE, version: 'w 1#x', source: null }, RELEASES)
    expect(metadata?.schemas).toBe('https://cdn.example/r/w%201%23x/schemas.tar.gz')
    expect(metadata?.datalink_columns).toBe('https://cdn.example/r/w%201%23x/datalink-columns.zip')
  })

  test.each([
    ['{version}.tar.gz', 'w.2025.43', 'w.2025.43.tar.gz', 'w.2025.43/'],
    ['sdm/s-{version}', 'tickets/DM-1', 'sdm/s-tickets/DM-1', 'sdm/tickets/DM-1/'],
    ['{version}.tar.gz', 'w.1', 'before/w.1/schemas.tar.gz', 'before/w.1/'],
    ['{version}/all/schemas.tar.gz', 'w.1', 'w.1/all/schemas.tar.gz', 'w.1/all/'],
  ])('is never shared by two versions: %s of %s', (template, version, object, folder) => {
    const releases = { ...RELEASES, template }
    const { metadata } = describeTapSchema({ ...LIVE, version, source: { ...SOURCE, object } }, releases)
    expect(metadata).toEqual({
      datalink_snippets: `https://cdn.example/r/${folder}datalink-snippets.zip`,
      datalink_columns: `https://cdn.example/r/${folder}datalink-columns.zip`,
      schemas: `https://cdn.example/r/${object}`,
    })
  })

  test.each([
    ['another bucket', { ...LIVE, source: { ...SOURCE, bucket: 'local' } }, RELEASES],
    ['a slot without version', { ...LIVE, version: 'unversioned', versioned: false, source: null }, RELEASES],
    ['an environment without public bucket', LIVE, null],
  ])('is nowhere for %s', (_what, live, releases) => {
    expect(describeTapSchema(live, releases).metadata).toBeNull()
  })
})

const schema = (version: string): TapSchema => ({ version, loaded_at: null, source: null, schemas: [], metadata: null })

/** Two databases that the test answers for, and a clock that it turns. */
function startWatch(deadlineMs = 20) {
  const state = {
    now: 0,
    read: {
      tap: async () => schema('w.1') as TapSchema | null,
      ssotap: async () => schema('s.1') as TapSchema | null,
    } as Record<string, () => Promise<TapSchema | null>>,
    asked: [] as string[],
    changes: [] as string[],
  }
  const watch = watchTapSchemas({
    servers: ['tap', 'ssotap'],
    read: (server) => {
      state.asked.push(server)
      return state.read[server]!()
    },
    lifetimeMs: 1_000,
    deadlineMs,
    onChange: (server, error) => state.changes.push(`${server} ${error === undefined ? 'answers' : error}`),
    now: () => state.now,
  })
  return { state, watch }
}

const never = () => new Promise<never>(() => {})
const refuse = () => Promise.reject(new Error('refused'))

describe('watching what is live', () => {
  test('asks all databases at once, and not again within the lifetime', async () => {
    const { state, watch } = startWatch()
    const answers = await Promise.all([watch.current(), watch.current()])
    expect(answers[0].schemas).toEqual({ tap: schema('w.1'), ssotap: schema('s.1') })
    expect(answers[1]).toBe(answers[0])
    state.now = 999
    expect(await watch.current()).toBe(answers[0])
    expect(state.asked).toEqual(['tap', 'ssotap'])
  })

  test('answers the same object as long as nothing has changed', async () => {
    const { state, watch } = startWatch()
    const first = await watch.current()
    state.now = 1_000
    expect(await watch.current()).toBe(first)
    expect(state.asked).toHaveLength(4)
  })

  test('shows a swap to the first caller after the lifetime', async () => {
    const { state, watch } = startWatch()
    await watch.current()
    state.read.tap = async () => schema('w.2')
    state.now = 1_000
    expect((await watch.current()).schemas.tap).toEqual(schema('w.2'))
  })

  test('marks the last answer stale when a database is down, logs it once, and recovers by itself', async () => {
    const { state, watch } = startWatch()
    await watch.current()
    state.read.tap = refuse
    for (const now of [1_000, 2_000, 3_000]) {
      state.now = now
      const { schemas, states } = await watch.current()
      expect(schemas).toEqual({ tap: { ...schema('w.1'), stale: true }, ssotap: schema('s.1') })
      expect(states).toEqual({ tap: 'stale', ssotap: 'current' })
    }
    state.read.tap = async () => schema('w.2')
    state.now = 4_000
    await watch.current()
    expect((await watch.current()).schemas.tap).toEqual(schema('w.2'))
    expect(state.changes).toEqual(['tap Error: refused', 'tap answers'])
  })

  test('leaves a database out that was never reached, and one where nothing is live', async () => {
    const { state, watch } = startWatch()
    state.read.tap = refuse
    state.read.ssotap = async () => null
    expect(await watch.current()).toEqual({ schemas: {}, states: { tap: 'unreachable', ssotap: 'empty' } })
  })

  test('waits for a silent database once, and has no second request under way', async () => {
    const { state, watch } = startWatch()
    state.read.tap = never
    expect((await watch.current()).states).toEqual({ tap: 'unreachable', ssotap: 'current' })
    for (let turn = 1; turn <= 5; turn++) {
      state.now = turn * 1_000
      await watch.current()
    }
    expect(state.asked.filter((server) => server === 'tap')).toHaveLength(1)
    expect(state.changes).toEqual(['tap SlowDatabase: the database did not answer within 20 ms'])
  })

  test('logs once why a database that was slow at first does not answer', async () => {
    const { state, watch } = startWatch()
    const late = Promise.withResolvers<never>()
    state.read.tap = () => late.promise
    await watch.current()
    late.reject(new Error('refused'))
    state.read.tap = refuse
    for (const now of [1_000, 2_000, 3_000]) {
      state.now = now
      await watch.current()
    }
    const slow = 'tap SlowDatabase: the database did not answer within 20 ms'
    await expect.poll(() => state.changes).toEqual([slow, 'tap Error: refused'])
  })

  test('takes an answer that comes late', async () => {
    const { state, watch } = startWatch()
    const late = Promise.withResolvers<TapSchema>()
    state.read.tap = () => late.promise
    await watch.current()
    late.resolve(schema('w.1'))
    await late.promise
    expect((await watch.current()).schemas.tap).toEqual(schema('w.1'))
  })

  test('asks once more when a request was under way before the process was frozen', async () => {
    const { state, watch } = startWatch(1_000)
    const old = Promise.withResolvers<TapSchema>()
    state.read.tap = () => old.promise
    const before = watch.current()
    state.now = 3_600_000
    state.read.tap = async () => schema('w.2')
    const after = watch.current()
    old.resolve(schema('w.1'))
    await before
    expect((await after).schemas.tap).toEqual(schema('w.2'))
  })
})
