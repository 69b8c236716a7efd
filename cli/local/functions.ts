import type { Server } from 'node:http'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import type { Login } from './databases.ts'

/** A function of the local stack. Its name is also its path prefix. */
export interface LocalFunction {
  readonly name: string
  /** Registers it with the functions framework, under its name. */
  readonly load: () => Promise<unknown>
  /** As whom it connects to databases. */
  readonly login: Login
  /** A request that makes it read its environment and changes nothing. */
  readonly wake: { readonly path: string; readonly body?: unknown }
}

/** Every function of the house; a new one gets a row. */
export const FUNCTIONS: readonly LocalFunction[] = [
  {
    name: 'load-release',
    load: () => import('../../functions/load-release/index.ts'),
    login: 'loader',
    wake: {
      path: '/projects/local/topics/releases',
      body: { message: { attributes: { eventType: 'OBJECT_METADATA_UPDATE' }, messageId: '0' } },
    },
  },
  {
    name: 'swap-schema',
    load: () => import('../../functions/swap-schema/index.ts'),
    login: 'operator',
    wake: { path: '/healthz' },
  },
  {
    name: 'discovery',
    load: () => import('../../functions/discovery/index.ts'),
    login: 'reader',
    wake: { path: '/healthz' },
  },
  {
    name: 'collect-results',
    load: () => import('../../functions/collect-results/index.ts'),
    login: 'collector',
    wake: { path: '/healthz' },
  },
]

/** Loads a function and puts it under the functions framework's own server, which is not listening by itself. */
export async function serveFunction({ name, load }: LocalFunction): Promise<Server> {
  await load()
  return getTestServer(name)
}

/**
 * Calls a function for the first time, with the given environment file. A function reads the file once, at its first
 * call; in the cloud each is a process of its own and finds its own file in ALMAGEST_ENVIRONMENT.
 */
export async function wakeFunction({ name, wake }: LocalFunction, url: string, environmentFile: string): Promise<void> {
  process.env.ALMAGEST_ENVIRONMENT = environmentFile
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(wake.body) }
  const answer = await fetch(`${url}/${name}${wake.path}`, wake.body === undefined ? {} : post)
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${name} does not come up: it answered ${answer.status}: ${text.slice(0, 2000)}`)
}
