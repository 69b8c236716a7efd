import type { Server } from 'node:http'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import type { Login } from './databases.ts'

/** A function of the local stack. */
export interface LocalFunction {
  readonly name: string
  /** Where it is mounted; not given: below its name. */
  readonly path?: string
  /** Registers it with the functions framework, under its name. */
  readonly load: () => Promise<unknown>
  /** As whom it connects to databases. */
  readonly login: Login
}

/** Every function of the house; a new one gets a row. */
export const FUNCTIONS: readonly LocalFunction[] = [
  {
    name: 'load-release',
    load: () => import('../functions/load-release/index.ts'),
    login: 'loader',
  },
  {
    name: 'swap-schema',
    load: () => import('../functions/swap-schema/index.ts'),
    login: 'operator',
  },
  {
    name: 'discovery',
    load: () => import('../functions/discovery/index.ts'),
    login: 'reader',
  },
  {
    name: 'tap',
    load: () => import('../functions/tap/index.ts'),
    login: 'tap',
  },
  {
    name: 'run-query',
    load: () => import('../functions/run-query/index.ts'),
    login: 'runner',
  },
  {
    name: 'watch-queries',
    load: () => import('../functions/watch-queries/index.ts'),
    login: 'watcher',
  },
  {
    name: 'collect-results',
    load: () => import('../functions/collect-results/index.ts'),
    login: 'collector',
  },
  {
    name: 'console',
    path: '/',
    load: () => import('../functions/console/index.ts'),
    login: 'reader',
  },
  {
    name: 'registry',
    load: () => import('../functions/registry/index.ts'),
    login: 'publisher',
  },
]

/**
 * Loads a function with the given environment file, and puts it under the functions framework's own server, which is not
 * listening by itself. In the cloud each is a process of its own and finds its own file in ALMAGEST_ENVIRONMENT.
 */
export async function serveFunction({ name, load }: LocalFunction, environmentFile: string): Promise<Server> {
  process.env.ALMAGEST_ENVIRONMENT = environmentFile
  await load()
  return getTestServer(name)
}
