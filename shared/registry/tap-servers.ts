import type { Environment } from '../environment/environment.ts'
import { EnvironmentError } from '../environment/environment-error.ts'
import { Report } from '../environment/report.ts'
import { requireRegistry } from '../environment/require.ts'
import type { TapServer } from '../environment/tap-server.ts'
import { openContext, serverAt } from './context.ts'
import { findServices } from './find-services.ts'

/** The TAP servers whose live releases the records describe. @throws EnvironmentError: there is no publishing registry */
export function tapServers(environment: Environment): readonly TapServer[] {
  const { taps } = findServices(openContext(environment, new Map(), new Report(environment.file)))
  return [...new Set(taps.flatMap(({ url }) => serverAt(environment, url) ?? []))]
}

/**
 * The TAP server in whose database the records are kept: that of `registry.server`, or else the first one that records
 * are about, or the first one at all.
 *
 * @throws EnvironmentError: there is no publishing registry, or no TAP server
 */
export function recordServer(environment: Environment): TapServer {
  requireRegistry(environment)
  const { servers, registry } = environment
  const named = registry.server === null ? undefined : servers.get(registry.server)
  const [server] = named === undefined ? [...tapServers(environment), ...servers.values()] : [named]
  if (server !== undefined) return server
  const message = 'has no TAP server, in whose database the records of the registry would be kept: give tap.servers'
  throw new EnvironmentError(`the environment file ${environment.file} ${message}`)
}
