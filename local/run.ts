import { join } from 'node:path'
import { FunctionError, openFunctionAccess } from '../cli/commands/server/function-access.ts'
import { OK } from '../cli/terminal/exit-codes.ts'
import { writeError, writeNote } from '../cli/terminal/output.ts'
import { elapsedMs } from '../shared/elapsed.ts'
import { createLogger } from '../shared/platform/log/log.ts'
import { openBucket } from '../shared/platform/storage/objects.ts'
import { objectOf } from '../shared/releases/naming.ts'
import { type ChosenRelease, chooseRelease, chooseSample, type ReleaseWish } from './choose-release.ts'
import { databaseUrl } from './databases.ts'
import { type Deployment, deploy, type Target } from './deploy.ts'
import { divertOutput } from './divert-output.ts'
import { type Ending, watchForEnd } from './ending.ts'
import { type LocalServer, NAMING, serviceUrl } from './environment.ts'
import { type Memory, NO_MEMORY, readMemory, remember, writeMemory } from './memory.ts'
import { METADATA_LOGIN } from './metadata.ts'
import { readBack } from './read-back.ts'
import { HERON } from './sample/sample.ts'
import { type Stack, SURVEY_SERVER, startStack } from './stack.ts'
import { openState } from './state-folder.ts'
import { createSteps, type Steps } from './steps.ts'
import { describeStart, type ServerReport, type StartReport } from './summary.ts'
import { type PreparedTables, prepareTables } from './tables.ts'

export interface RunOptions {
  readonly wish: ReleaseWish
  readonly stateFolder: string
  /** Whether the release goes live, and does not just wait in the staging slot. */
  readonly swap: boolean
  /** Whether everything is stopped again when it is done. */
  readonly once: boolean
  readonly reset: boolean
  /** undefined: 8080, or the next free one. */
  readonly port: number | undefined
  readonly json: boolean
  /** Options of the command line that the next start needs as well. */
  readonly given: readonly string[]
}

const DEFAULT_PORT = 8080

const STOPPING = 'stopping …'

/**
 * Runs the whole of Almagest on this machine: brings a release live and stays until somebody ends it. Everything that
 * was started is stopped, however it ends.
 *
 * @returns the exit code
 * @throws UsageError, StateInUseError, RejectedError, and what the parts throw
 */
export async function runStack(options: RunOptions): Promise<number> {
  const ending = watchForEnd()
  const resources = new AsyncDisposableStack()
  try {
    return await bringUp(options, ending, resources)
  } catch (error) {
    // What breaks because the end has come is no news.
    const interruption = ending.interruption()
    if (interruption === null) throw error
    writeNote(STOPPING)
    return interruption.exitCode
  } finally {
    await resources.disposeAsync()
    ending.release()
  }
}

async function bringUp(options: RunOptions, ending: Ending, resources: AsyncDisposableStack): Promise<number> {
  const { stateFolder, once, json, given } = options
  const started = performance.now()
  const remembered = options.reset ? null : await readMemory(stateFolder)
  const chosen = await chooseRelease(options.wish, remembered)
  resources.defer(await openState(stateFolder, { reset: options.reset }))
  const logFile = join(stateFolder, 'log.jsonl')
  const diversion = divertOutput(logFile)
  resources.defer(async () => diversion.restore())
  const steps = createSteps(json ? writeError : diversion.print, () => ending.interruption() !== null)
  let isUp = false
  const stack = await startStack(
    {
      stateFolder,
      fresh: remembered === null,
      servers: describeServers(chosen),
      port: { port: options.port ?? DEFAULT_PORT, orNext: options.port === undefined },
    },
    {
      resources,
      steps,
      ending,
      warn: writeNote,
      onDeadLetter: (error) => (isUp ? writeNote(error.message) : ending.fail(error)),
    },
  )
  const tools = { ending, steps, memory: remembered }
  // Beside the releases, which are other schemas of the same database.
  const tables = chosen.files === null ? null : prepareTables(databaseUrl(stack.postgres, 'tap'), chosen, chosen.files)
  const survey = await chooseSample(HERON)
  const surveyTables = prepareTables(databaseUrl(stack.postgres, SURVEY_SERVER), survey, survey.files ?? new Map())
  const deployments = await bringReleases(options, stack, chosen, tools)
  if (tables !== null) await steps.step('tap: tables', () => ending.race(tables), describeTables('tap'))
  const title = `${SURVEY_SERVER}: tables`
  await steps.step(title, () => ending.race(surveyTables), describeTables(SURVEY_SERVER))
  const servers = await Promise.all(deployments.map((deployment) => ending.race(reportServer(deployment, stack))))
  const { url, storage, environmentFile } = stack
  const durationMs = elapsedMs(started)
  const report: StartReport = { url, durationMs, servers, environmentFile, logFile, storage }
  diversion.print(json ? `${JSON.stringify(report, null, 2)}\n` : describeStart(report, { staysUp: !once, given }))
  isUp = true
  if (once) return OK
  await ending.reached
  writeNote(STOPPING)
  return OK
}

/** The server `tap` takes what was chosen; the other one shows that each server has a release of its own. */
function describeServers({ version, schemas }: ChosenRelease): LocalServer[] {
  return [
    { name: 'tap', version, schemas, answeredBy: 'postgresql' },
    { name: SURVEY_SERVER, version: HERON.version, schemas: HERON.schemas, answeredBy: 'qserv' },
  ]
}

function describeTables(database: string): (prepared: PreparedTables) => string {
  return ({ tables, loadedRows, complaint }) => {
    if (complaint !== null) return `not made, so that queries of them fail: ${complaint}`
    const rows = loadedRows === 0 ? '' : `, ${loadedRows.toLocaleString('en')} rows loaded`
    return `${tables} in database ${database}${rows}`
  }
}

interface ReleaseTools {
  readonly ending: Ending
  readonly steps: Steps
  readonly memory: Memory | null
}

async function bringReleases(
  { stateFolder, swap }: RunOptions,
  stack: Stack,
  chosen: ChosenRelease,
  { ending, steps, memory }: ReleaseTools,
): Promise<readonly Deployment[]> {
  // From now on the databases belong to this folder.
  if (memory === null) await writeMemory(stateFolder, NO_MEMORY)
  const api = `${stack.url}/swap-schema`
  const target = async (server: string, release: ChosenRelease): Promise<Target> => ({
    server,
    release,
    schemasChanged: server === 'tap' && !isSameList(memory?.schemas[release.version], release.schemas),
    access: await openFunctionAccess({ kind: 'function', url: api, server, token: null }),
    requestStage: (version) => requestStage(api, server, version),
  })
  const logger = createLogger({ fields: { function: 'start' } })
  return deploy([await target('tap', chosen), await target(SURVEY_SERVER, await chooseSample(HERON))], {
    bucket: openBucket({ bucket: NAMING.bucket, apiEndpoint: stack.storage }, { logger }),
    objectOf: (version) => objectOf(NAMING, version),
    steps,
    race: ending.race,
    swap,
    onStaged: async ({ server, release }) => {
      if (server === 'tap') await writeMemory(stateFolder, remember(memory, release.version, release.schemas))
    },
  })
}

function isSameList(one: readonly string[] | undefined, other: readonly string[]): boolean {
  return one !== undefined && one.length === other.length && one.every((name, index) => name === other[index])
}

async function reportServer(deployment: Deployment, stack: Stack): Promise<ServerReport> {
  const { server } = deployment
  const url = databaseUrl(stack.postgres, server, 'reader')
  const access = await openFunctionAccess({ kind: 'function', url: `${stack.url}/swap-schema`, server, token: null })
  const { slots } = await access.readStatus(1)
  const { staging, previous } = slots
  return {
    ...deployment,
    live: await readBack(url),
    databaseUrl: url,
    serviceUrl: serviceUrl(stack.url, server),
    metadataUrls: server === 'tap' ? metadataUrls(stack.postgres, server) : null,
    slots: { staging: staging.version, previous: previous.version },
  }
}

/** For who writes metadata, and for who operates the table that is made of them. */
function metadataUrls(postgres: string, server: string): NonNullable<ServerReport['metadataUrls']> {
  const operator = databaseUrl(postgres, server)
  const writer = new URL(operator)
  writer.username = METADATA_LOGIN
  return { writer: writer.href, operator }
}

/**
 * Asks swap-schema to stage a release that lies in the bucket. What becomes of it is in the server's history.
 *
 * @throws FunctionError
 */
async function requestStage(functionUrl: string, server: string, version: string): Promise<void> {
  const answer = await fetch(`${functionUrl}/servers/${encodeURIComponent(server)}/stage`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ version }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new FunctionError(answer.status, `http_${answer.status}`, readMessage(text))
}

function readMessage(text: string): string {
  try {
    return String(JSON.parse(text).detail[0].msg)
  } catch {
    return text.slice(0, 500)
  }
}
