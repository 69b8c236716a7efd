import type { Server } from 'node:http'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import { reloadEnvironment } from '../shared/deployment/environment-file.ts'
import { createLogger } from '../shared/platform/log/log.ts'
import type { Login } from './databases.ts'

/** A function of the local stack. */
export interface LocalFunction {
  /** Its folder below `functions`, and what it is registered as. */
  readonly name: string
  /** Where it is mounted; not given: below its name. */
  readonly path?: string
  /** As whom it connects to databases. */
  readonly login: Login
}

/** Every function of the house; a new one gets a row. */
export const FUNCTIONS: readonly LocalFunction[] = [
  { name: 'load-release', login: 'loader' },
  { name: 'swap-schema', login: 'operator' },
  { name: 'discovery', login: 'reader' },
  { name: 'tap', login: 'tap' },
  { name: 'run-query', login: 'runner' },
  { name: 'watch-queries', login: 'watcher' },
  { name: 'collect-results', login: 'collector' },
  { name: 'console', path: '/', login: 'reader' },
  { name: 'registry', login: 'publisher' },
]

let opened = 0

/**
 * Loads a function with the given environment file, and puts it under the functions framework's own server, which is not
 * listening by itself. In the cloud each is a process of its own and finds its own file in ALMAGEST_ENVIRONMENT. A
 * process that starts a second stack opens the function again: its entry is loaded once for each.
 */
export async function serveFunction({ name }: LocalFunction, environmentFile: string): Promise<Server> {
  process.env.ALMAGEST_ENVIRONMENT = environmentFile
  await reloadEnvironment(createLogger({ fields: { function: name } }), environmentFile)
  opened += 1
  await import(`../functions/${name}/index.ts?opened=${opened}`)
  return getTestServer(name)
}
