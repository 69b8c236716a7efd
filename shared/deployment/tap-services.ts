import { siteFunctions } from '../adql/functions/site.ts'
import { STANDARD_FUNCTIONS } from '../adql/functions/table.ts'
import type { Environment } from '../environment/environment.ts'
import { EnvironmentError } from '../environment/environment-error.ts'
import type { TapJobs } from '../environment/tap-jobs.ts'
import type { TapServer } from '../environment/tap-server.ts'
import type { TapService } from '../environment/tap-service.ts'
import { lazily } from '../lazily.ts'
import { createFetchPublic } from '../platform/fetch-public.ts'
import type { Logger } from '../platform/log/log.ts'
import { createTokenInfo } from '../platform/token-info.ts'
import type { WorkQueue } from '../platform/work-queue.ts'
import type { TapBackend } from '../tap/answer-query.ts'
import { loadEnvironment } from './environment-file.ts'
import type { JobBackend, ServedBackend, ServedTap, TapDependencies } from './served-tap.ts'

/**
 * Puts together what the function works with. Databases are reached for when they are first needed.
 *
 * @throws EnvironmentError
 */
export async function openTapServices(logger: Logger): Promise<TapDependencies> {
  return connectServices(await loadEnvironment(logger), logger)
}

/** The same for an environment that was read already. @throws EnvironmentError */
export function connectServices(environment: Environment, logger: Logger): TapDependencies {
  const servers = new Map<string, ServedTap>()
  for (const server of environment.servers.values()) {
    const { name, service } = server
    if (service === null) continue
    const functions = STANDARD_FUNCTIONS.with(siteFunctions(service.functions))
    const { jobs } = service
    const openJobs = jobs === null ? null : lazily(() => openJobBackend(environment, jobs, logger))
    const open = lazily(() => openBackend(environment, server, { service, functions, openJobs }, logger))
    servers.set(name, { name, service, functions, open, openJobs })
  }
  if (servers.size === 0) {
    throw new EnvironmentError(`no TAP server of ${environment.file} has a section service: there is nothing to serve`)
  }
  const { tokenInfoUrl, userInfoUrl, trustedProxy } = environment.discovery
  return {
    servers,
    trustedProxy,
    lookUpToken: tokenInfoUrl === null ? undefined : createTokenInfo({ url: tokenInfoUrl, userInfoUrl }),
  }
}

/** The client of PostgreSQL is loaded with the first request that needs it. */
async function openBackend(
  environment: Environment,
  server: TapServer,
  { service, functions, openJobs }: Pick<ServedTap, 'service' | 'functions' | 'openJobs'>,
  logger: Logger,
): Promise<ServedBackend> {
  const [{ connectAddress }, { openPostgresqlService }, { watchLiveMetadata }] = await Promise.all([
    import('./server-connections.ts'),
    import('../query/postgresql.ts'),
    import('../tap/live-metadata.ts'),
  ])
  const { query, geometry, limits, names } = service
  const { role, schemas } = query
  // A query that is sent over a connection that has just died is sent again by the service.
  const connection = { applicationName: 'almagest tap', logger, trustMs: 1_000 }
  const { pool } = await connectAddress(environment, query.database, connection)
  const slotPool =
    query.database === server.database
      ? undefined
      : (await connectAddress(environment, server.database, connection)).pool
  const inQserv = (schema: string) => query.qserv !== null && schemas?.includes(schema) !== true
  const slotRole = slotPool === undefined ? role : null
  const metadata = watchLiveMetadata({ pool: slotPool ?? pool, role: slotRole, names, isExact: inQserv })
  const querying = { functions, logger, liveTables: metadata }
  const textLimits = { length: limits.queryBytes, tables: limits.joins + 1 }
  const postgresql = openPostgresqlService({
    ...{ ...querying, pool, role, geometry, limits: textLimits },
    ...(slotPool === undefined ? {} : { slotPool }),
    ...(schemas === null ? {} : { schemas }),
  })
  const qserv =
    query.qserv === null
      ? null
      : await (await import('./qserv-backend.ts')).openQservBackend(environment, query.qserv, {
          ...{ ...querying, postgresql, schemas: schemas ?? [], limits: textLimits },
          ...(openJobs === null
            ? {}
            : { ledger: (await import('./sync-ledger.ts')).keepSyncLedger(server.name, openJobs) }),
        })
  const { privateHosts } = limits.uploads
  return {
    queries: qserv?.queries ?? postgresql,
    qserv,
    metadata,
    describeServices: describeFrom(environment, service, logger),
    fetchUpload: createFetchPublic({ privateHosts, timeoutMs: UPLOAD_MS }),
  }
}

/** How long a table that is uploaded by its URL may take to arrive. */
const UPLOAD_MS = 30_000

/** The object store is reached for with the first result: its client takes longer to load than all else. */
function describeFrom(
  { releases, storage }: Environment,
  { url }: TapService,
  logger: Logger,
): TapBackend['describeServices'] {
  if (releases === null) return async ({ fields }) => ({ fields, services: [] })
  const descriptors = lazily(async () => {
    const [{ openBucket }, { openServiceDescriptors }] = await Promise.all([
      import('../platform/storage/objects.ts'),
      import('../tap/service-descriptors.ts'),
    ])
    const bucket = openBucket({ bucket: releases.bucket, ...storage }, { logger })
    return openServiceDescriptors({ bucket, naming: releases, baseUrl: new URL(url).origin, logger })
  })
  return async (running) => (await descriptors()).describe(running)
}

/** Loaded with the first request about jobs. */
async function openJobBackend(environment: Environment, jobs: TapJobs, logger: Logger): Promise<JobBackend> {
  const [{ connectAddress }, { openBucket }] = await Promise.all([
    import('./server-connections.ts'),
    import('../platform/storage/objects.ts'),
  ])
  // Clients ask for their jobs again and again: a connection that was used a moment ago is not tried out before each question.
  const connection = { applicationName: 'almagest jobs', logger, trustMs: 1_000 }
  const { pool } = await connectAddress(environment, jobs.database, connection)
  return {
    pool,
    bucket: openBucket({ bucket: jobs.bucket, ...environment.storage }, { logger }),
    queue: await openJobQueue(jobs.dispatch, logger),
    events: await openEvents(jobs.events.topic, logger),
  }
}

/** A user waits for it; what is not published then, the watcher publishes. */
const EVENT_MS = 3_000

async function openEvents(topic: string | null, logger: Logger): Promise<JobBackend['events']> {
  if (topic === null) return null
  return (await import('../platform/events.ts')).openEventTopic(topic, logger, { timeoutMs: EVENT_MS })
}

async function openJobQueue(dispatch: TapJobs['dispatch'], logger: Logger): Promise<WorkQueue> {
  if (dispatch.kind === 'tasks') return (await import('../platform/task-queue.ts')).openTaskQueue(dispatch)
  return (await import('../platform/events.ts')).openQueue(dispatch.topic, logger)
}
