import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import * as functions from '@google-cloud/functions-framework'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type pg from 'pg'
import { expect, onTestFinished } from 'vitest'
import type { SwapDependencies } from '../../functions/swap-schema/dependencies.ts'
import { createSwapSchema } from '../../functions/swap-schema/swap-schema.ts'
import type { Environment } from '../../shared/environment/environment.ts'
import type { TapServer } from '../../shared/environment/tap-server.ts'
import { createIdentity } from '../../shared/platform/identity.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { openBucket } from '../../shared/platform/storage/objects.ts'
import { DEFAULT_LIMITS } from '../../shared/releases/limits.ts'
import { DEPLOYED } from '../../shared/tap-schema/options.ts'
import { buildRelease } from '../releases/build-archive.ts'
import { NO_CONSOLE, NO_DISCOVERY, NO_REGISTRY } from '../support/discovery-config.ts'
import { type FakeGcs, startFakeGcs } from '../support/fake-gcs.ts'
import { sampleSchema } from '../support/sample-release.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: any JSON, which the OpenAPI description has been held against
  readonly body: any
  readonly text: string
}

export interface Service {
  readonly url: string
  readonly gcs: FakeGcs
  readonly events: { event: string; attributes: Record<string, string>; data: unknown }[]
  /** Parsed lines of the log. */
  readonly log: Record<string, unknown>[]
  /** Sends a request; JSON answers are checked against the service's own OpenAPI description. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>
  /** Uploads a release with one schema, `survey`. */
  upload(version: string, changes?: { schema?: string; content?: Uint8Array }): Promise<{ generation: string }>
}

export interface ServiceOptions {
  readonly servers: Readonly<Record<string, pg.Pool | (() => Promise<pg.Pool>)>>
  readonly environment?: Partial<Environment>
  readonly server?: Partial<TapServer>
  readonly statusDeadlineMs?: number
  readonly prefix?: string
  readonly requireCaller?: boolean
  readonly operators?: readonly string[]
}

let started = 0

/** The function under the real functions-framework, with a stand-in for Cloud Storage. */
export async function startSwapSchema(options: ServiceOptions): Promise<Service> {
  const gcs = await startFakeGcs()
  const events: Service['events'] = []
  const log: Service['log'] = []
  const logger = createLogger({ write: (line) => void log.push(JSON.parse(line)), projectId: 'p' })
  const dependencies: SwapDependencies = {
    environment: environmentWith(options, gcs.endpoint),
    async poolFor({ name }) {
      const pool = options.servers[name]!
      return typeof pool === 'function' ? pool() : pool
    },
    bucket: openBucket(
      { bucket: 'releases', apiEndpoint: gcs.endpoint },
      { retry: { attempts: 2, baseDelayMs: 1, maxDelayMs: 1 } },
    ),
    announce: async (event, attributes, data) => void events.push({ event, attributes: { ...attributes }, data }),
    identify: createIdentity(
      { audience: [], trustPlatform: true, requireCaller: options.requireCaller ?? false },
      { environment: { K_SERVICE: 'swap-schema' } },
    ),
    logger,
  }
  const { prefix = '', statusDeadlineMs = 10_000 } = options
  started += 1
  const name = `swap-schema-${started}`
  functions.http(name, createSwapSchema(dependencies, { logger, statusDeadlineMs, prefix }))
  const http = getTestServer(name)
  await once(http.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    http.closeAllConnections()
    http.close()
  })
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}${prefix}`
  const check = await createAnswerCheck(url)
  const call: Service['call'] = async (method, path, body, headers = {}) => {
    const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
    const response = await fetch(url + path, { method, headers: { ...type, ...headers }, ...sent })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
    const answer = { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : text }
    if (isJson) check(method, path, answer)
    return answer
  }
  return {
    url,
    gcs,
    events,
    log,
    call,
    get: (path, headers) => call('GET', path, undefined, headers),
    post: (path, body, headers) => call('POST', path, body, headers),
    async upload(version, { schema = sampleSchema('survey'), content } = {}) {
      const archive = content ?? (await buildRelease({ 'survey.yaml': schema }))
      return gcs.put('releases', `${version}/schemas.tar.gz`, archive)
    },
  }
}

function environmentWith(options: ServiceOptions, apiEndpoint: string): Environment {
  const usual: Omit<TapServer, 'name'> = {
    database: { kind: 'url', url: 'postgresql://nobody@nowhere/nothing', passwordKey: null, poolMax: 2 },
    schemas: ['survey'],
    schemaVersion: 'main',
    follow: [],
    swap: 'never',
    readers: [],
    service: null,
    options: DEPLOYED,
  }
  const names = Object.keys(options.servers)
  return {
    file: 'environment.yaml',
    releases: { bucket: 'releases', template: '{version}/schemas.tar.gz', limits: DEFAULT_LIMITS },
    topic: null,
    obscore: null,
    secretsDirectory: '/etc/secrets',
    servers: new Map(names.map((name) => [name, { ...usual, ...options.server, name }])),
    identity: { audience: [], trustPlatform: true },
    swap: { deadlineMs: 300, lockTimeoutMs: 50, operators: options.operators ?? [] },
    storage: { apiEndpoint },
    results: null,
    discovery: NO_DISCOVERY,
    registry: NO_REGISTRY,
    console: NO_CONSOLE,
    ...options.environment,
  }
}

// biome-ignore lint/suspicious/noExplicitAny: an OpenAPI document as it was served
type OpenApi = any

/** Holds every answer against what the service says of it. */
async function createAnswerCheck(url: string) {
  const text = await (await fetch(`${url}/openapi.json`)).text()
  const check = checks.get(text) ?? compileCheck(JSON.parse(text))
  checks.set(text, check)
  return check
}

/** By the description that they check against: compiling one takes longer than most tests. */
const checks = new Map<string, ReturnType<typeof compileCheck>>()

function compileCheck(document: OpenApi) {
  const ajv = new Ajv2020({ allErrors: true, strict: false, formats: { 'date-time': isTime } })
  ajv.addSchema(document, 'api')
  const templates = Object.keys(document.paths)
  return (method: string, path: string, answer: Answer) => {
    const segments = (path.split('?', 1)[0] ?? '').split('/')
    const fits = (template: string) => {
      const parts = template.split('/')
      return parts.length === segments.length && parts.every((part, i) => /^\{/.test(part) || part === segments[i])
    }
    const template = templates.find(fits)
    const operation = document.paths[template ?? '']?.[method.toLowerCase()]
    // Unknown paths and methods have no description of their own.
    const described = operation === undefined ? undefined : operation.responses[answer.status]
    if (operation !== undefined) expect(described, `${answer.status} is described: ${answer.text}`).toBeDefined()
    const at = operation === undefined ? [] : ['paths', template, method.toLowerCase(), 'responses', answer.status]
    const pointer =
      operation === undefined ? ['components', 'schemas', 'Errors'] : [...at, 'content', 'application/json', 'schema']
    const validate = ajv.getSchema(`api#/${pointer.map(escapePointer).join('/')}`)!
    expect(validate(answer.body), `${ajv.errorsText(validate.errors)}: ${answer.text}`).toBe(true)
  }
}

function escapePointer(part: unknown): string {
  return encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1'))
}

function isTime(text: string): boolean {
  return new Date(text).toISOString() === text
}

/** Headers with which Cloud Run passes on a caller that it has verified. */
export function calledBy(email: string): Record<string, string> {
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: 'https://accounts.google.com', aud: 'x', sub: '1', iat: now, exp: now + 600 }
  const payload = Buffer.from(JSON.stringify({ ...claims, email, email_verified: true })).toString('base64url')
  return { authorization: `Bearer e30.${payload}.SIGNATURE_REMOVED_BY_GOOGLE` }
}
