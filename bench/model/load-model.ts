/** One number of the model: its value, and where it comes from. */
export interface Assumption {
  readonly value: number
  readonly from: string
}

/** What users do at the busiest time of the day. */
export interface Load {
  readonly users: number
  readonly jobsAtOnce: number
  /** Where jobs run: in PostgreSQL a worker waits for its query, in Qserv none does. */
  readonly backend: 'postgresql' | 'qserv'
}

/** By `npm run bench -- NAME` on two cores, where the docs have the figures beside what they were measured with. */
const measured = (value: number, from: string): Assumption => ({ value, from: `measured: ${from}` })
const assumed = (value: number, from: string): Assumption => ({ value, from: `assumed: ${from}` })
const deployed = (value: number, from: string): Assumption => ({ value, from: `deployed: ${from}` })
const priced = (value: number, from: string): Assumption => ({ value, from: `price: ${from}` })

/** Change a row to model another site. */
export const ASSUMPTIONS = {
  activeShare: assumed(0.1, 'share of the users who are at work at the busiest time'),
  queriesPerMinute: assumed(2, 'sync queries of one who is at work'),
  querySeconds: assumed(0.5, 'how long the database works on a sync query'),
  queryRows: assumed(5_000, 'rows of its result'),
  jobSeconds: assumed(300, 'how long the query of a job runs'),
  jobRows: assumed(1_000_000, 'rows of its result'),
  pollSeconds: assumed(5, 'seconds between two questions for the phase of one job'),
  daySharePerPeak: assumed(0.35, 'load of the whole day by that of its busiest time'),
  queryProcessorShare: assumed(0.5, 'processors of the database that a running query keeps busy'),
  processorUse: assumed(0.6, 'how busy an instance is meant to be'),
  requestSeconds: measured(
    0.00105,
    'bench -- tap: 1,900 small sync queries a second on two cores, database and client included',
  ),
  rowsPerSecond: measured(850_000, 'bench -- votable: rows of a large result a second, BINARY2, by one process'),
  instanceMiB: measured(108, 'bench -- votable: memory at most of one process, whatever the size of the results'),
  watchedProcessors: measured(
    0.00014,
    'bench -- qserv: 2,000 queries in Qserv, asked for once a second, keep 0.28 of a processor busy',
  ),
  startSeconds: measured(
    0.23,
    'bench -- start: tap from the start of its process to its first answer, 1.7 times that of a bare hello (0.135)',
  ),
  turnoverMinutes: assumed(
    15,
    'minutes after which an instance without requests is given up, and a new one is started',
  ),
  poolMax: deployed(5, '`poolMax` of a server, once for queries and once for jobs'),
  tapInstances: deployed(4, '`max_instances` of tap'),
  tapConcurrency: deployed(40, 'requests at once of an instance of tap'),
  workerInstances: deployed(4, '`max_instances` of run-query'),
  workerConcurrency: deployed(2, 'jobs at once of an instance of run-query'),
  memoryMiB: deployed(512, 'memory of an instance'),
  watchProcessors: deployed(1, 'vCPUs of watch-queries, of which there is one'),
  maxConnections: deployed(200, '`max_connections`'),
  databaseProcessors: deployed(4, 'vCPUs of the database'),
  processorHour: priced(0.0864, 'vCPU of Cloud Run, an hour'),
  memoryHour: priced(0.0045, '512 MiB of Cloud Run, an hour'),
  databaseProcessorHour: priced(0.0413, 'vCPU of Cloud SQL Enterprise, an hour'),
  databaseMemoryHour: priced(0.02625, 'its 3.75 GB of memory, an hour'),
} as const satisfies Readonly<Record<string, Assumption>>

export type Assumptions = Readonly<Record<keyof typeof ASSUMPTIONS, Assumption>>

/** Something that is needed, and how much of it is deployed. */
export interface Need {
  readonly what: string
  readonly needed: number
  readonly deployed: number
}

export interface Model {
  readonly syncPerSecond: number
  readonly requestsPerSecond: number
  readonly syncAtOnce: number
  readonly tapInstances: number
  readonly workerInstances: number
  readonly connections: number
  readonly databaseProcessors: number
  /** How busy `watch-queries` is with queries in Qserv. */
  readonly watchProcessors: number
  /** Requests a day that wait for an instance to start, at most, and how long each does. */
  readonly lateRequests: number
  readonly lateSeconds: number
  /** US dollars. */
  readonly costPerDay: number
  /** The scarcest first. */
  readonly needs: readonly Need[]
}

/**
 * What a load needs, by Little's law: what is at work at once is what arrives a second times how long it takes. It knows no
 * queues and no chance: a need is a mean at the busiest time.
 */
export function modelLoad(load: Load, assumptions: Assumptions = ASSUMPTIONS): Model {
  const at = (name: keyof Assumptions) => assumptions[name].value
  const { users, jobsAtOnce } = load
  const syncPerSecond = (users * at('activeShare') * at('queriesPerMinute')) / 60
  const jobsPerSecond = jobsAtOnce / at('jobSeconds')
  const requestsPerSecond = syncPerSecond + jobsPerSecond + jobsAtOnce / at('pollSeconds')
  const syncAtOnce = syncPerSecond * at('querySeconds')
  const isLocal = load.backend === 'postgresql'

  const tapProcessors =
    requestsPerSecond * at('requestSeconds') + (syncPerSecond * at('queryRows')) / at('rowsPerSecond')
  const tapInstances = Math.max(
    Math.ceil(tapProcessors / at('processorUse')),
    Math.ceil(syncAtOnce / Math.min(at('poolMax'), at('tapConcurrency'))),
  )
  const workerProcessors = (jobsPerSecond * at('jobRows')) / at('rowsPerSecond')
  const heldAtOnce = isLocal ? jobsAtOnce : workerProcessors
  const workerInstances = Math.max(
    Math.ceil(workerProcessors / at('processorUse')),
    Math.ceil(heldAtOnce / Math.min(at('poolMax'), at('workerConcurrency'))),
  )
  const connections = (tapInstances + workerInstances) * 2 * at('poolMax')
  const inDatabase = isLocal ? syncAtOnce + jobsAtOnce : 0
  // Phases and records of jobs are small statements, of which the measured time of a request holds one.
  const databaseProcessors = Math.ceil(
    inDatabase * at('queryProcessorShare') + requestsPerSecond * at('requestSeconds'),
  )
  const watchProcessors = isLocal ? 0 : jobsAtOnce * at('watchedProcessors')
  // Each instance that is given up and started anew has one request that waits for it.
  const lateRequests = Math.round((tapInstances * 24 * 60 * at('daySharePerPeak')) / at('turnoverMinutes'))
  const busyHours = 24 * at('daySharePerPeak')
  const costPerDay =
    (tapInstances + workerInstances + watchProcessors) * busyHours * (at('processorHour') + at('memoryHour')) +
    databaseProcessors * 24 * (at('databaseProcessorHour') + at('databaseMemoryHour'))
  const needs: readonly Need[] = [
    { what: 'instances of tap', needed: tapInstances, deployed: at('tapInstances') },
    { what: 'instances of run-query', needed: workerInstances, deployed: at('workerInstances') },
    { what: 'connections', needed: connections, deployed: at('maxConnections') },
    { what: 'MiB of an instance', needed: at('instanceMiB'), deployed: at('memoryMiB') },
    { what: 'vCPUs of watch-queries', needed: watchProcessors, deployed: at('watchProcessors') },
    { what: 'vCPUs of the database', needed: databaseProcessors, deployed: at('databaseProcessors') },
  ]
  return {
    ...{ syncPerSecond, requestsPerSecond, syncAtOnce, tapInstances, workerInstances, connections, databaseProcessors },
    ...{ watchProcessors, lateRequests, lateSeconds: at('startSeconds') },
    costPerDay,
    needs: needs.toSorted((one, other) => other.needed / other.deployed - one.needed / one.deployed),
  }
}
