import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import pg from 'pg'
import { type Bundle, bundleFunction } from '../deploy/bundles/bundle.ts'
import { START_FLAGS } from '../deploy/bundles/describe-package.ts'
import { MemoryStore } from '../local/gcs/memory-store.ts'
import { startGcs } from '../local/gcs/server.ts'
import { startPostgres } from '../local/postgres.ts'
import { DEPLOYED } from '../shared/tap-schema/options.ts'
import { initialiseDatabase } from '../shared/tap-schema/roles.ts'
import { stageRelease } from '../shared/tap-schema/stage.ts'
import { swap } from '../shared/tap-schema/swap.ts'
import { percentile } from './measure.ts'
import { type Service, type ServiceRequest, serve } from './serve.ts'

const root = resolve(import.meta.dirname, '..')

/** A process, and what it is asked first. */
interface Start {
  readonly name: string
  /** The answer, in words. */
  readonly answers: string
  /** How often the time of the hello function it may take; null: it is there to be compared with. */
  readonly goal: number | null
  readonly request: ServiceRequest
}

export interface StartTimes extends Start {
  /** From the start of the process to its first answer, without and with compile cache; null: it has none. */
  readonly plainMs: readonly number[]
  readonly cachedMs: readonly number[] | null
  /** Resident memory at the first answer, the median. */
  readonly rssMiB: number
}

export interface StartReport {
  readonly bundles: readonly Bundle[]
  readonly starts: readonly StartTimes[]
}

const JSON_BODY = { 'content-type': 'application/json' }

/** A notification of an upload that is no release: what a busy bucket sends most. */
const PUSH = {
  message: {
    attributes: {
      eventType: 'OBJECT_FINALIZE',
      payloadFormat: 'NONE',
      bucketId: 'releases',
      objectId: 'README.md',
      objectGeneration: '1',
    },
    data: '',
    messageId: '1',
    publishTime: '2026-01-01T00:00:00Z',
  },
  subscription: 'projects/p/subscriptions/s',
}

/** The functions, and a request of their daily life that each can answer at once. */
const FUNCTIONS: readonly Start[] = [
  {
    name: 'discovery',
    answers: 'the discovery document',
    goal: 1.1,
    request: { path: '/repertoire/discovery' },
  },
  {
    name: 'swap-schema',
    answers: 'its servers, with what the database has in their slots',
    goal: 1.6,
    request: { path: '/servers' },
  },
  {
    name: 'tap',
    answers: 'a query of TAP_SCHEMA',
    goal: 1.6,
    request: { path: '/tap/sync?LANG=ADQL&QUERY=SELECT+table_name+FROM+TAP_SCHEMA.tables' },
  },
  {
    name: 'load-release',
    answers: 'a notification of another object',
    goal: 1.6,
    request: {
      method: 'POST',
      path: '/projects/p/topics/t',
      headers: JSON_BODY,
      body: JSON.stringify(PUSH),
      status: 204,
    },
  },
  {
    name: 'collect-results',
    answers: 'the sweep of an empty bucket',
    goal: 1.6,
    request: { method: 'POST', path: '/' },
  },
]

const HELLO = readFileSync(join(import.meta.dirname, 'hello.ts'), 'utf8')

const BARE = `
import { createServer } from 'node:http'
createServer((_request, response) => response.end('hello')).listen(process.env.PORT)`

const WORD: ServiceRequest = { path: '/' }

/** To be compared with: programs of one file. */
const SIMPLE = [
  { name: 'node:http', answers: 'a word', goal: null, request: WORD, file: 'index.js', text: BARE },
  { name: 'hello', answers: 'a word', goal: null, request: WORD, file: 'index.js', text: HELLO },
  // The framework takes some time to find out what kind of module a .js is.
  { name: 'hello as .mjs', answers: 'a word', goal: null, request: WORD, file: 'index.mjs', text: HELLO },
] as const

/**
 * Each function from the start of its process to its first answer, bundled and started as it is deployed: by the
 * functions-framework beside it, with and without the compile cache that its build step fills. Beside them a function
 * that does nothing, with a compile cache of its own, and a bare server.
 *
 * @param discoveryFile the environment of `discovery`; null: the one of the others
 */
export async function benchStart(discoveryFile: string | null, times: number): Promise<StartReport> {
  const folder = await mkdtemp(join(tmpdir(), 'almagest-bench-'))
  const database = await startPostgres({ stateDirectory: null })
  const gcs = await startGcs({ store: new MemoryStore(), buckets: ['releases', 'results'] })
  try {
    await initialise(database.url)
    const queried = await prepareQueried(database.url)
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    const environment = join(folder, 'environment.yaml')
    await writeFile(environment, describeEnvironment(database.url, gcs.endpoint))
    const tapFile = join(folder, 'tap.yaml')
    await writeFile(tapFile, describeQueried(queried))

    const candidates: Candidate[] = []
    for (const start of SIMPLE) candidates.push(await prepareSimple(start, folder))
    const bundles: Bundle[] = []
    for (const start of FUNCTIONS) {
      bundles.push(await bundleFunction(start.name, folder))
      const own = { discovery: discoveryFile, tap: tapFile }[start.name] ?? null
      candidates.push(prepareFunction(start, folder, own ?? environment))
    }
    // Turn by turn, so that whatever else the machine does meets all alike. The first turn reads the files from disk.
    for (let turn = 0; turn <= times; turn++) {
      for (const candidate of candidates) await measureOnce(candidate, turn > 0)
    }
    return {
      bundles,
      starts: candidates.map(({ start, plainMs, cachedMs, rss }) => ({
        ...start,
        plainMs,
        cachedMs,
        rssMiB: percentile(rss, 0.5),
      })),
    }
  } finally {
    await gcs.stop()
    await database.stop()
    await rm(folder, { recursive: true })
  }
}

/** A start that is measured again and again, and what came of it. */
interface Candidate {
  readonly start: Start
  readonly plain: Service
  readonly cached: Service | null
  readonly plainMs: number[]
  readonly cachedMs: number[] | null
  readonly rss: number[]
}

async function measureOnce({ plain, cached, plainMs, cachedMs, rss }: Candidate, keep: boolean): Promise<void> {
  for (const [service, kept] of [
    [plain, plainMs],
    [cached, cachedMs],
  ] as const) {
    if (service === null) continue
    const { firstAnswerMs, rssMiB, stop } = await serve(service)
    await stop()
    if (!keep) continue
    kept?.push(firstAnswerMs)
    if (service === (cached ?? plain)) rss.push(rssMiB)
  }
}

/** In a folder of its own; its compile cache is what one run of it writes. */
async function prepareSimple({ file, text, ...start }: (typeof SIMPLE)[number], parent: string): Promise<Candidate> {
  const folder = join(parent, start.name.replace(/\W/g, '-'))
  await mkdir(folder)
  await writeFile(join(folder, file), text)
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module', main: file }))
  const { request } = start
  const measured = { start, plainMs: [], rss: [] }
  if (start.name === 'node:http')
    return { ...measured, plain: { folder, script: file, request }, cached: null, cachedMs: null }
  const { plain, cached } = inFramework('hello', folder, request, {})
  const first = await serve(cached)
  await first.stop('SIGTERM')
  return { ...measured, plain, cached, cachedMs: [] }
}

/** Its bundle, after what the platform does with it before it becomes an image; packages are there already. */
function prepareFunction(start: Start, parent: string, environment: string): Candidate {
  const folder = join(parent, start.name)
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` }
  execFileSync('npm', ['run', '--silent', 'gcp-build'], { cwd: folder, env, stdio: 'inherit' })
  const variables = { ALMAGEST_ENVIRONMENT: environment }
  const { plain, cached } = inFramework(start.name, folder, start.request, variables, START_FLAGS)
  return { start, plain, cached, plainMs: [], cachedMs: [], rss: [] }
}

/** As the platform starts a function. */
function inFramework(
  target: string,
  folder: string,
  request: ServiceRequest,
  given: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
) {
  const script = join(folder, '..', 'node_modules', '.bin', 'functions-framework')
  const variables = { ...given, FUNCTION_TARGET: target }
  const plain: Service = { folder, script, flags, request, variables }
  const cached: Service = { ...plain, variables: { ...variables, NODE_COMPILE_CACHE: join(folder, '.compile-cache') } }
  return { plain, cached }
}

async function initialise(url: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: url })
  try {
    await initialiseDatabase(pool)
  } finally {
    await pool.end()
  }
}

/** A database of its own, in which a release is live. @returns its URL */
async function prepareQueried(url: string): Promise<string> {
  const own = new URL(url)
  own.pathname = '/queried'
  const administrator = new pg.Pool({ connectionString: url, max: 1 })
  await administrator.query('create database queried')
  await administrator.end()
  const pool = new pg.Pool({ connectionString: own.href, max: 1 })
  try {
    await initialiseDatabase(pool)
    const version = 'bench'
    const files = new Map([
      ['survey.yaml', 'name: survey\ntables: [{name: object, columns: [{name: ra, datatype: double}]}]\n'],
    ])
    const source = { bucket: 'b', object: 'o', generation: '1', sha256: '', bytes: 1 }
    const about = { version, files, schemas: ['survey'], source, options: DEPLOYED, readers: [] }
    await stageRelease(pool, { ...about, actor: 'bench', redelivery: 'skip' })
    await swap(pool, { expectedVersion: version, actor: 'bench' })
  } finally {
    await pool.end()
  }
  return own.href
}

function describeQueried(databaseUrl: string): string {
  return `
tap:
  servers:
    tap:
      databaseUrl: ${databaseUrl}
      schemas: [survey]
      service: {url: "https://data.example.org/tap"}
`
}

function describeEnvironment(databaseUrl: string, apiEndpoint: string): string {
  return `
releases: {bucket: releases}
results:
  bucket: results
  rules:
    flat: {kind: result, pattern: '^result_(?<job>[a-z0-9]+)\\.xml$', retention: 7d}
storage: {apiEndpoint: "${apiEndpoint}"}
tap:
  servers:
    tap:
      databaseUrl: ${databaseUrl}
      schemas: [survey]
`
}
