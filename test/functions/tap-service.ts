import { once } from 'node:events'
import http from 'node:http'
import { createServer } from 'node:net'
import * as functions from '@google-cloud/functions-framework'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import { onTestFinished } from 'vitest'
import { createTap } from '../../functions/tap/tap.ts'
import type { TapDependencies } from '../../shared/deployment/served-tap.ts'
import { connectServices } from '../../shared/deployment/tap-services.ts'
import { parseEnvironment } from '../../shared/environment/parse.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { type ReadTable, readVotable } from '../support/read-votable.ts'
import { stageRequest } from '../support/sample-release.ts'

export interface TapAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Headers that came behind the body. */
  readonly trailers: Readonly<Record<string, string | undefined>>
  readonly content: Buffer
  readonly text: string
}

export interface TapUnderTest {
  /** Of the TAP server `tap`, without a slash at its end; the same is configured as its public URL. */
  readonly url: string
  readonly port: number
  readonly database: TestDatabase
  /** The login of the service, which may read and nothing else. */
  readonly login: string
  /** Parsed lines of the log. */
  readonly log: Record<string, unknown>[]
  /** A raw request below the server's URL. */
  call(method: string, path: string, options?: RequestOptions): Promise<TapAnswer>
  get(path: string, headers?: http.OutgoingHttpHeaders): Promise<TapAnswer>
  /** A query by GET. */
  query(adql: string, parameters?: Readonly<Record<string, string>>): Promise<TapAnswer>
  goLive(version: string, files?: ReadonlyMap<string, string>): Promise<void>
  stop(): Promise<void>
}

export interface RequestOptions {
  readonly headers?: http.OutgoingHttpHeaders
  readonly body?: string | Uint8Array
}

export interface TapOptions {
  /** YAML of more keys of `service`, flow style: `limits: {syncSeconds: 2}`. */
  readonly service?: readonly string[]
  /** YAML of more keys at the top. */
  readonly environment?: string
  readonly dependencies?: Partial<TapDependencies>
  /** Puts something in the place of what the environment names. */
  readonly adapt?: (dependencies: TapDependencies) => TapDependencies
  /** Runs before the service starts. */
  readonly prepare?: (database: TestDatabase, login: string) => Promise<unknown>
  /** Felis files that are live; by default `survey.object`. */
  readonly files?: ReadonlyMap<string, string>
  /** Those of the files that are live; by default all. */
  readonly schemas?: readonly string[]
  /** Stopping it is up to the caller: for `beforeAll`. */
  readonly keep?: boolean
  /** SQL that makes the tables; by default 1000 rows of `survey.object`. */
  readonly tables?: string | ((database: TestDatabase) => Promise<void>)
}

const TABLES = `
  create schema survey;
  create table survey.object (object_id bigint, ra float8, dec float8);
  insert into survey.object select i, i * 0.36, i * 0.18 - 90 from generate_series(0, 999) as i;`

let started = 0

/** The function under the real functions-framework over real HTTP, with a database that has a release live. */
export async function startTap(options: TapOptions = {}): Promise<TapUnderTest> {
  const database = await createTestDatabase({ keep: true })
  const login = await database.createLogin()
  await options.prepare?.(database, login)
  const { tables = TABLES } = options
  await (typeof tables === 'string' ? database.pool.query(tables) : tables(database))
  const { rows } = await database.pool.query<{ name: string }>(
    `select quote_ident(nspname) as name from pg_namespace where nspname !~ '^pg_|^information_schema$|^public$|^almagest$'`,
  )
  for (const { name } of rows)
    await database.pool.query(
      `grant usage on schema ${name} to ${login}; grant select on all tables in schema ${name} to ${login}`,
    )
  const goLive = async (version: string, files = options.files) => {
    const { schemas } = options
    const request = stageRequest(version, {
      readers: [login],
      ...(files === undefined ? {} : { files }),
      ...(schemas === undefined ? {} : { schemas }),
    })
    await stageRelease(database.pool, request)
    await swap(database.pool, { expectedVersion: version, actor: 'tester' })
  }
  await goLive('w.2026.01')
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/tap`
  const log: TapUnderTest['log'] = []
  const logger = createLogger({ write: (line) => void log.push(JSON.parse(line)), projectId: 'p' })
  const environment = readEnvironment(database.urlAs(login), url, options)
  const opened = { ...connectServices(environment, logger), ...options.dependencies }
  const dependencies = options.adapt?.(opened) ?? opened
  started += 1
  functions.http(`tap-${started}`, createTap(dependencies, { logger }))
  const server = getTestServer(`tap-${started}`)
  await once(server.listen(port, '127.0.0.1'), 'listening')
  const stop = async () => {
    server.closeAllConnections()
    server.close()
    await database.drop()
  }
  if (options.keep !== true) onTestFinished(stop)
  const call: TapUnderTest['call'] = (method, path, given) => send(port, method, `/tap${path}`, given)
  const get: TapUnderTest['get'] = (path, headers = {}) => call('GET', path, { headers })
  return {
    ...{ url, port, database, login, log, call, get, goLive, stop },
    query: (adql, parameters = {}) => get(`/sync?${new URLSearchParams({ LANG: 'ADQL', QUERY: adql, ...parameters })}`),
  }
}

function readEnvironment(databaseUrl: string, url: string, { service = [], environment: more = '' }: TapOptions) {
  const text = `
baseHostname: data.example.org
tap:
  servers:
    tap:
      databaseUrl: "${databaseUrl}"
      schemas: [survey]
      service:
        url: ${url}
${service.map((line) => `        ${line}\n`).join('')}${more}`
  const { environment, problems } = parseEnvironment('environment.yaml', text)
  if (environment === null) throw new Error(problems.map(({ message }) => message).join('\n'))
  return environment
}

/** Cells of a result in TABLEDATA, and what the document says around them. */
export function readAnswer({ content }: TapAnswer): ReadTable & { readonly status: string; readonly message: string } {
  const table = readVotable(content)
  const [first] = table.infos.filter(({ attributes }) => attributes.name === 'QUERY_STATUS')
  return { ...table, status: first?.attributes.value ?? '', message: first?.text ?? '' }
}

export const TABLEDATA = { RESPONSEFORMAT: 'votable/td' } as const

async function send(port: number, method: string, path: string, { headers = {}, body }: RequestOptions = {}) {
  const sent = http.request({ host: '127.0.0.1', port, method, path, headers, agent: false })
  const received = once(sent, 'response')
  sent.end(body)
  const [response] = (await received) as [http.IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const content = Buffer.concat(chunks)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers as Record<string, string>,
    trailers: response.trailers,
    content,
    text: content.toString('utf8'),
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await once(probe.listen(0, '127.0.0.1'), 'listening')
  const address = probe.address()
  await new Promise((done) => probe.close(done))
  return typeof address === 'object' && address !== null ? address.port : 0
}
