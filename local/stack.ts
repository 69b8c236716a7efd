import { join } from 'node:path'
import pg from 'pg'
import { serveConsole } from './console-page.ts'
import { databaseUrl, prepareDatabases } from './databases.ts'
import { NEIGHBOURS, writeDiscoveryFiles } from './describe-environment.ts'
import type { Ending } from './ending.ts'
import { type LocalServer, NAMING, QUERY_RESULTS_BUCKET, writeEnvironment } from './environment.ts'
import { type Mounts, type PortChoice, startFront } from './front.ts'
import { FUNCTIONS, serveFunction } from './functions.ts'
import { openFolderStore } from './gcs/folder-store.ts'
import { startGcs } from './gcs/server.ts'
import { createNeighbours, signIn } from './neighbours.ts'
import { type LocalPostgres, startPostgres } from './postgres.ts'
import { prepareFunctions } from './qserv/run-sql.ts'
import { startQserv } from './qserv/server.ts'
import { putSampleJobs, putSampleResults, RESULTS_BUCKET } from './sample-results.ts'
import { startSchedule } from './schedule.ts'
import { CONSOLE_FOLDER } from './state-folder.ts'
import type { Steps } from './steps.ts'
import { stopAtExit } from './stop-postgres.ts'
import { type DeliveryListeners, startQueue, subscribeLoader } from './subscriptions.ts'

export interface StackOptions {
  readonly stateFolder: string
  /** Whether databases that are there belong to a state folder that is gone. */
  readonly fresh: boolean
  readonly servers: readonly LocalServer[]
  readonly port: PortChoice
}

export interface Stack {
  /** Of the front; each function is below its name. */
  readonly url: string
  /** Superuser URL of the cluster. */
  readonly postgres: string
  readonly storage: string
  readonly environmentFile: string
}

export interface StackTools extends DeliveryListeners {
  /** Takes what has to be stopped, in the order in which it was started. */
  readonly resources: AsyncDisposableStack
  readonly steps: Steps
  readonly ending: Ending
}

/**
 * Starts everything that the cloud would give: PostgreSQL, the object store with its notifications, Pub/Sub, the functions,
 * and who calls them each minute.
 */
export async function startStack(options: StackOptions, tools: StackTools): Promise<Stack> {
  const { stateFolder, fresh, servers } = options
  const { steps, ending } = tools
  const names = servers.map(({ name }) => name)
  const postgres = await steps.step('PostgreSQL', () => startDatabase(stateFolder, tools), describeDatabase)
  await steps.step(
    'databases',
    () => ending.race(prepareAll(postgres.url, names, fresh)),
    () => `${names.join(', ')}, with roles and history`,
  )
  const mounts: Mounts = new Map()
  const front = await startFront(mounts, options.port, new Map([['/tap', signIn]]))
  tools.resources.defer(front.stop)
  const storage = await steps.step(
    'object store',
    () => startStorage(stateFolder, front.url, tools),
    (endpoint) => `gs://${NAMING.bucket} at ${endpoint}, in ${join(stateFolder, 'buckets')}`,
  )
  tools.resources.defer(await startQueue(front.url, tools.warn))
  const qserv = await steps.step(
    'Qserv',
    () => startFakeQserv(databaseUrl(postgres.url, SURVEY_SERVER), tools),
    (url) => `a stand-in at ${url}, which answers from database ${SURVEY_SERVER}`,
  )
  const addresses = { postgres: postgres.url, storage, qserv, front: front.url }
  const page = join(stateFolder, CONSOLE_FOLDER)
  process.env.ALMAGEST_CONSOLE = page
  const serveAll = async () => {
    mounts.set(`/${NEIGHBOURS}`, createNeighbours())
    await writeDiscoveryFiles(stateFolder)
    for (const local of FUNCTIONS) {
      const file = await writeEnvironment(stateFolder, local.login, servers, addresses)
      const server = await ending.race(serveFunction(local, file))
      mounts.set(
        local.path ?? `/${local.name}`,
        local.name === 'console' ? serveConsole(server, page, tools.warn) : server,
      )
    }
  }
  await steps.step('functions', serveAll, () => `${FUNCTIONS.map(({ name }) => name).join(', ')} at ${front.url}`)
  tools.resources.defer(
    startSchedule({
      url: `${front.url}/watch-queries/`,
      everyMs: MINUTE,
      onFailure: (reason) => tools.warn(`the jobs of queries could not be looked after: ${reason}`),
    }),
  )
  const environmentFile = await writeEnvironment(stateFolder, 'operator', servers, addresses)
  process.env.ALMAGEST_ENVIRONMENT = environmentFile
  return { url: front.url, postgres: postgres.url, storage, environmentFile }
}

const MINUTE = 60_000

async function prepareAll(postgresUrl: string, names: readonly string[], fresh: boolean): Promise<void> {
  await prepareDatabases(postgresUrl, names, { fresh })
  await putSampleJobs(postgresUrl)
}

/** The server whose queries Qserv answers. */
export const SURVEY_SERVER = 'alerttap'

async function startFakeQserv(database: string, { resources }: StackTools): Promise<string> {
  const pool = new pg.Pool({ connectionString: database, max: 4 })
  // PostgreSQL is stopped before its clients are.
  pool.on('error', () => {})
  resources.defer(() => pool.end())
  await prepareFunctions(pool)
  const qserv = await startQserv({ pool })
  resources.defer(qserv.stop)
  return qserv.url
}

/** Not raced against the end: what is starting can only be stopped once it has started. */
async function startDatabase(stateFolder: string, { resources, ending }: StackTools) {
  const postgres = await startPostgres({ stateDirectory: stateFolder })
  resources.defer(stopAtExit(postgres))
  void postgres.ended.then(ending.fail)
  await ending.race(Promise.resolve())
  return postgres
}

function describeDatabase({ port, created, stoppedLeftover }: LocalPostgres): string {
  const leftover = stoppedLeftover === null ? '' : `, after stopping process ${stoppedLeftover} of an earlier run`
  return `127.0.0.1:${port}${created ? ', a new cluster' : ''}${leftover}`
}

async function startStorage(stateFolder: string, frontUrl: string, tools: StackTools): Promise<string> {
  const subscription = subscribeLoader(frontUrl, tools)
  tools.resources.defer(subscription.stop)
  const store = await openFolderStore(join(stateFolder, 'buckets'))
  const buckets = [NAMING.bucket, RESULTS_BUCKET, QUERY_RESULTS_BUCKET]
  const gcs = await startGcs({ store, buckets, onEvent: subscription.notify })
  tools.resources.defer(gcs.stop)
  await putSampleResults(store)
  return gcs.endpoint
}
