import { createHash } from 'node:crypto'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type pg from 'pg'
import { isRecord } from '../../shared/is-record.ts'
import { QservRefusal, writeEnvelope } from './envelope.ts'
import { type Fault, Faults, type RouteName } from './faults.ts'
import { Queries } from './queries.ts'
import { type Body, bodyOf } from './result-json.ts'
import { type Czar, type CzarRequest, type CzarRoute, checkVersion, ROUTES } from './routes.ts'
import { openSqlRunner, type RunSql } from './run-sql.ts'
import { sendBody } from './send-body.ts'
import { UserTables } from './user-tables.ts'

export interface QservOptions {
  /** Where the tables are; `prepareFunctions` must have been called for it. */
  readonly pool: pg.Pool
  /** Instead of the pool's answers. */
  readonly runSql?: RunSql
  /** Who may read what users upload. */
  readonly readers?: readonly string[]
  /** Of the API; default 55. */
  readonly version?: number
  readonly login?: { readonly user: string; readonly password: string }
  /** Without: plain HTTP, which a real czar does not speak. */
  readonly tls?: { readonly key: string; readonly cert: string }
  readonly port?: number
  readonly firstId?: bigint
  readonly now?: () => number
  readonly resultsKeptMs?: number
  /** A client that reads nothing for so long finds its body cut. */
  readonly stallMs?: number
  readonly keepAliveMs?: number
  /** Requests that are worked on at once; more are `queued`, or `dropped`. */
  readonly threads?: number
  readonly surplus?: 'queued' | 'dropped'
}

/** One request, as the fake has seen it. */
export interface LoggedRequest {
  readonly at: number
  readonly route: RouteName | null
  readonly path: string
  readonly version: string | null
  readonly user: string | null
  readonly bodyHash: string
  readonly bodyBytes: number
  readonly contentType: string
}

/** A Qserv that is not one: the HTTP front end of a czar over the tables of a PostgreSQL (spec/qserv.md §8). */
export interface LocalQserv {
  readonly url: string
  readonly queries: Queries
  readonly userTables: UserTables
  readonly faults: Faults
  readonly requests: readonly LoggedRequest[]
  /** The most requests that were worked on at once. */
  mostAtOnce(): number
  /** Throws unless there is no live query, no result that nobody has deleted, and no database of uploads. */
  assertClean(): void
  stop(): Promise<void>
}

/** Starts it on 127.0.0.1. */
export async function startQserv(options: QservOptions): Promise<LocalQserv> {
  const { pool, version = 55, now = Date.now, stallMs = 20_000 } = options
  const runSql = options.runSql ?? openSqlRunner(pool)
  const { firstId = 1n, resultsKeptMs = 3_600_000 } = options
  const queries = new Queries({ runSql, now, firstId, resultsKeptMs, legacy: version < 40 })
  const userTables = new UserTables(pool, options.readers ?? [])
  const czar: Czar = { queries, userTables, runSql, version }
  const faults = new Faults()
  const requests: LoggedRequest[] = []
  const threads = new Threads(options.threads ?? Number.POSITIVE_INFINITY, options.surplus ?? 'queued')

  const serve = async (incoming: http.IncomingMessage, response: http.ServerResponse) => {
    const received = await receive(incoming, version)
    const { route, log } = received
    requests.push({ at: now(), ...log })
    if (incoming.url?.startsWith('/_fake/'))
      return send(response, control({ queries, faults }, incoming, received.body))
    if (route === undefined) return void response.writeHead(404, { 'content-length': 0 }).end()
    const fault = faults.take(route.name)
    if (!(await threads.enter())) return void incoming.socket.destroy()
    try {
      await answerRoute(czar, options, route, received, fault, response, stallMs)
    } finally {
      threads.leave()
    }
  }
  const listener = (incoming: http.IncomingMessage, response: http.ServerResponse) => {
    serve(incoming, response).catch((error: Error) => response.destroy(error))
  }
  const server = options.tls === undefined ? http.createServer(listener) : https.createServer(options.tls, listener)
  server.keepAliveTimeout = options.keepAliveMs ?? 5_000
  // The client is told the same, as cpp-httplib does.
  server.keepAliveTimeoutBuffer = 0
  server.maxRequestsPerSocket = 100
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((ready, fail) => {
    server.once('error', fail).listen(options.port ?? 0, '127.0.0.1', ready)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    ...{ queries, userTables, faults, requests },
    mostAtOnce: () => threads.most,
    assertClean() {
      const left = [
        ...queries.live().map((id) => `query ${id} still runs`),
        ...queries.unclaimed().map((id) => `the result of query ${id} was not deleted`),
        ...userTables.databases().map((database) => `database ${database} was not dropped`),
      ]
      if (left.length > 0) throw new Error(`Qserv is not clean: ${left.join('; ')}`)
    },
    stop: () =>
      new Promise<void>((done) => {
        server.close(() => done())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

interface Received extends Omit<CzarRequest, 'warning'> {
  readonly route: CzarRoute | undefined
  readonly authorization: string
  readonly log: Omit<LoggedRequest, 'at'>
}

async function receive(incoming: http.IncomingMessage, version: number): Promise<Received> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  const { pathname, searchParams: search } = new URL(incoming.url ?? '/', 'http://localhost')
  const route = ROUTES.find(
    ({ method, path, since = 0 }) => since <= version && method === incoming.method && path.test(pathname),
  )
  const [, ...parts] = route?.path.exec(pathname) ?? []
  const { 'content-type': contentType = '', authorization = '' } = incoming.headers
  const json = contentType === 'application/json' ? readJson(body) : {}
  const [, credentials] = /^Basic (.*)$/.exec(authorization) ?? []
  const named = json.version ?? search.get('version')
  const log = {
    route: route?.name ?? null,
    path: pathname,
    version: named === null ? null : String(named),
    user: credentials === undefined ? null : (Buffer.from(credentials, 'base64').toString().split(':')[0] ?? null),
    bodyHash: createHash('sha256').update(body).digest('hex'),
    bodyBytes: body.length,
    contentType,
  }
  return { search, parts: parts.map(decodeURIComponent), contentType, body, json, route, authorization, log }
}

function readJson(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString() || '{}')
    return isRecord(value) ? value : {}
  } catch {
    return {}
  }
}

async function answerRoute(
  czar: Czar,
  { login }: QservOptions,
  route: CzarRoute,
  request: Received,
  fault: Fault | undefined,
  response: http.ServerResponse,
  stallMs: number,
): Promise<void> {
  if (fault?.kind === 'reset-before') return void response.socket?.resetAndDestroy()
  if (fault?.kind === 'status') {
    const page = `<html><head><title>${fault.status}</title></head><body>nginx</body></html>\n`
    return void response.writeHead(fault.status, { 'content-type': 'text/html' }).end(page)
  }
  if (fault?.kind === 'reset-early') response.socket?.resetAndDestroy()
  const body = await answer(czar, login, route, request, fault)
  if (fault?.kind === 'reset-early') return
  if (fault?.kind === 'reset-after') return void response.socket?.resetAndDestroy()
  await sendBody(response, body, { fault, stallMs })
}

async function answer(
  czar: Czar,
  login: QservOptions['login'],
  route: CzarRoute,
  request: Received,
  fault: Fault | undefined,
): Promise<Body> {
  if (fault?.kind === 'refuse') return bodyOf(writeEnvelope({ success: 0, error: fault.error }))
  try {
    if (route.minVersion !== undefined) checkLogin(login, request.authorization)
    const warning = checkVersion(route, czar.version, request.search, request.json)
    const body = await route.answer(czar, { ...request, warning })
    return fault?.kind === 'keys' ? withOtherKeys(body, fault.keys) : body
  } catch (error) {
    if (error instanceof QservRefusal) {
      return bodyOf(writeEnvelope({ success: 0, error: error.message, error_ext: error.details }))
    }
    const message = `operation failed due to: ${error instanceof Error ? error.message : String(error)}`
    return bodyOf(writeEnvelope({ success: 0, error: message }))
  }
}

function withOtherKeys({ chunks }: Body, keys: Readonly<Record<string, unknown>>): Body {
  const content = JSON.parse(Buffer.concat([...chunks]).toString())
  return bodyOf(Buffer.from(JSON.stringify({ ...content, ...keys })))
}

function checkLogin(login: QservOptions['login'], authorization: string): void {
  if (login === undefined) return
  const wanted = `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`
  if (authorization === wanted) return
  const reason = authorization === '' ? 'no authorization header' : 'invalid credentials'
  throw new QservRefusal(`failed to pass authorization requirements, ex: ${reason}`)
}

/** `/_fake/restart`, `/_fake/script` and `/_fake/faults`, for those who are in another process. */
function control(
  { queries, faults }: Pick<LocalQserv, 'queries' | 'faults'>,
  { url = '' }: http.IncomingMessage,
  body: Buffer,
): unknown {
  const content: unknown = body.length === 0 ? null : JSON.parse(body.toString())
  if (url === '/_fake/restart') queries.restart()
  else if (url === '/_fake/script') queries.script = isRecord(content) ? content : {}
  else if (url === '/_fake/faults') {
    faults.clear()
    for (const fault of Array.isArray(content) ? (content as Fault[]) : []) faults.add(fault)
  }
  return { live: queries.live(), unclaimed: queries.unclaimed() }
}

function send(response: http.ServerResponse, content: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(content))
}

/** The pool of threads: who holds one keeps the others waiting. */
class Threads {
  most = 0
  #busy = 0
  readonly #waiting: (() => void)[] = []
  readonly #count: number
  readonly #surplus: 'queued' | 'dropped'

  constructor(count: number, surplus: 'queued' | 'dropped') {
    this.#count = count
    this.#surplus = surplus
  }

  /** False: there is none, and no queue. */
  async enter(): Promise<boolean> {
    if (this.#busy >= this.#count) {
      if (this.#surplus === 'dropped') return false
      await new Promise<void>((go) => {
        this.#waiting.push(go)
      })
    } else this.#busy += 1
    this.most = Math.max(this.most, this.#busy)
    return true
  }

  leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#busy -= 1
    else next()
  }
}
