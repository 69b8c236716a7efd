import type { DatabaseAddress } from '../database-address.ts'
import type { Environment } from '../environment/environment.ts'
import { requireResults } from '../environment/require.ts'
import type { JobTable, ResultsConfig } from '../environment/results.ts'
import { lazily } from '../lazily.ts'
import type { Logger } from '../platform/log/log.ts'
import { openBucket } from '../platform/storage/objects.ts'
import { type JobStore, joinJobStores } from '../results/classify/jobs.ts'
import type { ResultBucket, StateBucket } from '../results/result-bucket.ts'

/** The results bucket of an environment and the job table that belongs to it. */
export interface ResultsConnections {
  readonly config: ResultsConfig
  readonly bucket: ResultBucket
  readonly stateBucket: StateBucket
  /** null: the environment has none. */
  readonly jobs: JobStore | null
  /** How often a call of the bucket was tried again so far. */
  retries(): number
  /** Closes what was opened. */
  close(): Promise<void>
}

/**
 * Both are reached for at the first call, and a database that could not be connected to is tried anew by the next one.
 *
 * @throws EnvironmentError when the environment says nothing about results
 */
export function openResults(
  environment: Environment,
  options: { readonly applicationName: string; readonly logger: Logger },
): ResultsConnections {
  const config = requireResults(environment)
  const { logger } = options
  let retries = 0
  const onRetry = () => {
    retries += 1
  }
  const bucket = openBucket({ bucket: config.bucket, ...environment.storage }, { logger, onRetry })
  const isSame = config.stateBucket === config.bucket
  const stateBucket = isSame ? bucket : openBucket({ bucket: config.stateBucket, ...environment.storage }, { logger })
  const { jobs } = config
  const tables = jobs === null ? [] : jobs.databases.map((address) => openJobs(environment, address, jobs, options))
  return {
    config,
    bucket,
    stateBucket,
    jobs: tables.length === 0 ? null : joinJobStores(tables),
    retries: () => retries,
    close: async () => {
      await Promise.all(tables.map((table) => table.close()))
    },
  }
}

/** The client of PostgreSQL is loaded when the table is first asked. */
function openJobs(
  environment: Environment,
  address: DatabaseAddress,
  table: JobTable,
  options: { readonly applicationName: string; readonly logger: Logger },
): JobStore & { close(): Promise<void> } {
  const database = lazily(async () => {
    const { connectAddress } = await import('./server-connections.ts')
    return connectAddress(environment, address, options)
  })
  const jobs = lazily(async () => {
    const { openUwsJobs } = await import('../results/classify/uws-jobs.ts')
    return openUwsJobs(async () => (await database()).pool, table)
  })
  return {
    find: async (ids) => (await jobs()).find(ids),
    inspect: async () => (await jobs()).inspect(),
    close: async () => (await database.started())?.close(),
  }
}
