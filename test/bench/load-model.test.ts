import { expect, test } from 'vitest'
import { describeAssumptions, describeLoads } from '../../bench/model/describe-model.ts'
import { ASSUMPTIONS, type Assumptions, type Load, modelLoad } from '../../bench/model/load-model.ts'

const LOAD: Load = { users: 10_000, jobsAtOnce: 1_000, backend: 'postgresql' }

const assume = (changes: Partial<Record<keyof Assumptions, number>>): Assumptions => {
  const changed = Object.entries(changes).map(([name, value]) => [name, { value, from: 'a test' }])
  return { ...ASSUMPTIONS, ...Object.fromEntries(changed) }
}

test('what is at work at once is what arrives times how long it takes', () => {
  const assumptions = assume({
    activeShare: 0.06,
    queriesPerMinute: 1,
    querySeconds: 2,
    pollSeconds: 10,
    jobSeconds: 100,
  })
  const model = modelLoad(LOAD, assumptions)
  expect(model).toMatchObject({ syncPerSecond: 10, syncAtOnce: 20, requestsPerSecond: 10 + 10 + 100 })
  // 20 queries at once over pools of 5; 1,000 jobs at once, two in each worker; two pools of 5 in each of them all.
  expect(model).toMatchObject({ tapInstances: 4, workerInstances: 500, connections: 5040 })
})

test('no users need nothing and cost nothing', () => {
  const model = modelLoad({ ...LOAD, users: 0, jobsAtOnce: 0 })
  expect(model).toMatchObject({ tapInstances: 0, workerInstances: 0, connections: 0, costPerDay: 0 })
})

test('more users and more jobs never need less', () => {
  const costs = [1, 10, 100, 1000].map((times) => modelLoad({ ...LOAD, users: 100 * times, jobsAtOnce: times }))
  for (const name of ['tapInstances', 'workerInstances', 'connections', 'databaseProcessors', 'costPerDay'] as const) {
    const found = costs.map((model) => model[name])
    expect(found, name).toEqual(found.toSorted((one, other) => one - other))
  }
})

test('the scarcest comes first', () => {
  expect(modelLoad(LOAD, assume({ databaseProcessors: 100_000, workerInstances: 100_000 })).needs[0]?.what).toBe(
    'connections',
  )
  expect(modelLoad(LOAD, assume({ databaseProcessors: 1 })).needs[0]?.what).toBe('vCPUs of the database')
})

test('a job in Qserv holds a worker only while its result is read', () => {
  const [local, remote] = [modelLoad(LOAD), modelLoad({ ...LOAD, backend: 'qserv' })]
  expect(remote.workerInstances).toBeLessThan(local.workerInstances / 10)
  expect(remote.databaseProcessors).toBeLessThan(local.databaseProcessors / 10)
})

test('queries in Qserv keep watch-queries busy, those in PostgreSQL do not', () => {
  const load = { ...LOAD, jobsAtOnce: 10_000, backend: 'qserv' } as const
  expect(modelLoad(load).watchProcessors).toBeCloseTo(1.4)
  expect(modelLoad(load, assume({ workerInstances: 1e6, tapInstances: 1e6, maxConnections: 1e6 })).needs[0]).toEqual({
    ...{ what: 'vCPUs of watch-queries', needed: modelLoad(load).watchProcessors, deployed: 1 },
  })
  expect(modelLoad(LOAD).watchProcessors).toBe(0)
})

test('each assumption says whether it is measured, assumed, deployed or a price, and is in the table', () => {
  const lines = describeAssumptions().slice(1)
  expect(lines).toHaveLength(Object.keys(ASSUMPTIONS).length)
  for (const [value, from] of lines) {
    expect(Number(value)).toBeGreaterThan(0)
    expect(from).toMatch(/^(measured|assumed|deployed|price): ./)
  }
  const [head, ...loads] = describeLoads()
  for (const line of loads) expect(line).toHaveLength(head?.length ?? 0)
})
