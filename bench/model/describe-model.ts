import { ASSUMPTIONS, type Load, modelLoad } from './load-model.ts'

const LOADS: readonly Load[] = [
  { users: 100, jobsAtOnce: 8, backend: 'postgresql' },
  { users: 1_000, jobsAtOnce: 100, backend: 'postgresql' },
  { users: 10_000, jobsAtOnce: 1_000, backend: 'postgresql' },
  { users: 10_000, jobsAtOnce: 1_000, backend: 'qserv' },
]

type Table = readonly (readonly string[])[]

/** What some loads need. */
export function describeLoads(): Table {
  const lines = LOADS.map((load) => {
    const model = modelLoad(load)
    const scarce = model.needs.filter(({ needed, deployed }) => needed > deployed)
    const [first] = scarce
    return [
      ...[load.users, load.jobsAtOnce].map(String),
      load.backend,
      model.requestsPerSecond.toFixed(0),
      ...[model.tapInstances, model.workerInstances, model.connections, model.databaseProcessors].map(String),
      model.watchProcessors.toFixed(2),
      String(model.lateRequests),
      model.costPerDay.toFixed(2),
      first === undefined ? 'none' : `${first.what}: ${first.needed} of ${first.deployed}`,
    ]
  })
  const head = ['users', 'jobs at once', 'backend', 'requests a second', 'tap', 'run-query', 'connections']
  return [
    [...head, 'database vCPUs', 'watch-queries vCPUs', 'late requests a day', 'USD a day', 'first limit'],
    ...lines,
  ]
}

/** What that rests on. */
export function describeAssumptions(): Table {
  return [['value', 'what'], ...Object.values(ASSUMPTIONS).map(({ value, from }) => [String(value), from])]
}
