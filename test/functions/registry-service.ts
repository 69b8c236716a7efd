import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import * as functions from '@google-cloud/functions-framework'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import type { RegistryOptions } from '../../functions/registry/dependencies.ts'
import { connectRegistry } from '../../functions/registry/deployment.ts'
import { createRegistry } from '../../functions/registry/registry.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { initialiseRegistry } from '../../shared/registry/state/record-table.ts'
import { stageRelease } from '../../shared/tap-schema/stage.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { environmentOf } from '../environment/parse-text.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { stageRequest } from '../support/sample-release.ts'

export interface RegistryAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** The function under the real functions-framework, over real HTTP, with an environment and a database. */
export interface RegistryUnderTest {
  readonly port: number
  readonly log: Record<string, unknown>[]
  call(method: string, path: string, headers?: http.OutgoingHttpHeaders, body?: string): Promise<RegistryAnswer>
  /** `verb=Identify`, by GET. */
  ask(query: string): Promise<RegistryAnswer>
  stop(): void
}

/** A database that is prepared as `almagest init` does it, and the login of the function. */
export async function prepareDatabase(): Promise<{ readonly database: TestDatabase; readonly login: string }> {
  const database = await createTestDatabase({ keep: true })
  const login = await database.createLogin()
  const client = await database.pool.connect()
  await initialiseRegistry(client, [login])
  client.release()
  return { database, login }
}

export async function goLive(
  database: TestDatabase,
  version: string,
  reader: string,
  files?: ReadonlyMap<string, string>,
) {
  await stageRelease(
    database.pool,
    stageRequest(version, { readers: [reader], ...(files === undefined ? {} : { files }) }),
  )
  await swap(database.pool, { expectedVersion: version, actor: 'tester' })
}

let started = 0

export async function startRegistry(
  environment: string,
  options: Partial<RegistryOptions> & { readonly files?: ReadonlyMap<string, string> } = {},
): Promise<RegistryUnderTest> {
  const log: RegistryUnderTest['log'] = []
  const logger = createLogger({ write: (line) => void log.push(JSON.parse(line)), projectId: 'p' })
  const { files = new Map(), ...more } = options
  const dependencies = connectRegistry(environmentOf(environment), files, logger)
  started += 1
  const name = `registry-${started}`
  functions.http(name, createRegistry(dependencies, { logger, lifetimeMs: 0, ...more }))
  const server = getTestServer(name)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const call: RegistryUnderTest['call'] = (method, path, headers = {}, body) => send(port, method, path, headers, body)
  return {
    ...{ port, log, call },
    ask: (query) => call('GET', `/oai?${query}`),
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}

async function send(
  port: number,
  method: string,
  path: string,
  headers: http.OutgoingHttpHeaders,
  body: string | undefined,
): Promise<RegistryAnswer> {
  const sent = http.request({ host: '127.0.0.1', port, method, path, headers, agent: false })
  const received = once(sent, 'response')
  sent.end(body)
  const [response] = (await received) as [http.IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const content = Buffer.concat(chunks)
  const plain = response.headers['content-encoding'] === 'gzip' && content.length > 0 ? gunzipSync(content) : content
  return {
    status: response.statusCode ?? 0,
    headers: response.headers as Record<string, string>,
    text: plain.toString('utf8'),
  }
}
