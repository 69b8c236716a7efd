import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import * as functions from '@google-cloud/functions-framework'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import { onTestFinished } from 'vitest'
import type { DiscoveryDependencies, DiscoveryOptions } from '../../functions/discovery/dependencies.ts'
import { createDiscovery } from '../../functions/discovery/discovery.ts'
import type { DiscoveryConfig } from '../../shared/environment/discovery/discovery.ts'
import type { Environment } from '../../shared/environment/environment.ts'
import { parseEnvironment } from '../../shared/environment/parse.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import type { LiveSlot } from '../../shared/tap-schema/live-slot.ts'
import { DATA } from '../support/golden.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly content: Buffer
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: any JSON
  readonly body: any
}

export interface Service {
  readonly url: string
  readonly port: number
  /** Parsed lines of the log. */
  readonly log: Record<string, unknown>[]
  /** A raw request: nothing is added to the headers, no redirect is followed. */
  call(method: string, path: string, headers?: http.OutgoingHttpHeaders): Promise<Answer>
  get(path: string, headers?: http.OutgoingHttpHeaders): Promise<Answer>
}

export interface ServiceOptions {
  /** YAML of the environment file. */
  readonly environment?: string
  /** Laid over what the file says. */
  readonly config?: Partial<DiscoveryConfig>
  readonly change?: (environment: Environment) => Environment
  readonly dependencies?: Partial<DiscoveryDependencies>
  readonly options?: Partial<DiscoveryOptions>
}

let started = 0

/** The function under the real functions-framework, over real HTTP. */
export async function startDiscovery(given: ServiceOptions = {}): Promise<Service> {
  const log: Service['log'] = []
  const logger = createLogger({ write: (line) => void log.push(JSON.parse(line)), projectId: 'p' })
  const dependencies: DiscoveryDependencies = {
    environment: environmentOf(given),
    readLive: async () => null,
    readSecret: async (key) => {
      throw new Error(`no secret ${key}`)
    },
    fetchText: async (url) => {
      throw new Error(`nothing is at ${url}`)
    },
    lookUpToken: undefined,
    readTutorials: async () => undefined,
    ...given.dependencies,
  }
  started += 1
  const name = `discovery-${started}`
  functions.http(name, createDiscovery(dependencies, { logger, ...given.options }))
  const server = getTestServer(name)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const call: Service['call'] = (method, path, headers = {}) => request(port, method, path, headers)
  return { url: `http://127.0.0.1:${port}`, port, log, call, get: (path, headers) => call('GET', path, headers) }
}

function environmentOf({ environment: text = MINIMAL, config = {}, change }: ServiceOptions): Environment {
  const { environment, problems } = parseEnvironment('environment.yaml', text)
  if (environment === null) throw new Error(problems.map(({ message }) => message).join('\n'))
  const patched = { ...environment, discovery: { ...environment.discovery, ...config } }
  return change?.(patched) ?? patched
}

const MINIMAL = 'baseHostname: data.example.com\n'

/** A TAP server whose database is never reached: tests answer in its place. */
export const withServers = (...names: string[]): string =>
  [
    MINIMAL,
    'releases: {bucket: releases}\ntap:\n  servers:\n',
    ...names.map((name) => `    ${name}: {databaseUrl: "postgresql://nobody@nowhere.invalid/${name}", schemas: [s]}\n`),
  ].join('')

/** A configuration of the golden data. */
export function goldenConfig(name: string): string {
  return readFileSync(join(DATA, 'golden/discovery/config', `${name}.yaml`), 'utf8')
}

export function liveSlot(version: string): LiveSlot {
  const object = `${version}/schemas.tar.gz`
  const source = { bucket: 'releases', object, generation: '1', sha256: 'ab', bytes: 1 }
  return { version, versioned: true, loadedAt: '2026-01-01T00:00:00.000Z', source, schemas: ['dp1'] }
}

async function request(port: number, method: string, path: string, headers: http.OutgoingHttpHeaders): Promise<Answer> {
  const sent = http.request({ host: '127.0.0.1', port, method, path, headers, agent: false })
  const received = once(sent, 'response')
  sent.end()
  const [response] = (await received) as [http.IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const content = Buffer.concat(chunks)
  const text = content.toString('utf8')
  const isJson = response.headers['content-type']?.startsWith('application/json') === true
  const plain = response.headers['content-encoding'] === undefined && text !== ''
  return {
    status: response.statusCode ?? 0,
    headers: response.headers as Record<string, string>,
    content,
    text,
    body: isJson && plain ? JSON.parse(text) : undefined,
  }
}
