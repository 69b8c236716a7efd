import type { Environment } from '../environment/environment.ts'
import { lazily } from '../lazily.ts'
import { withDeadline } from '../platform/deadline.ts'
import type { Logger } from '../platform/log/log.ts'
import { openLiveTap, type ReadLive } from '../registry/read-live.ts'
import { hashEnvironment } from '../registry/state/hash-environment.ts'
import type { RegistrySources } from '../registry/state/refresh-registry.ts'
import { recordServer, tapServers } from '../registry/tap-servers.ts'
import { openSurveys } from './open-surveys.ts'
import { connectServers } from './server-connections.ts'

/** A TAP server that takes longer has nothing to say; what was published of it still counts. */
const LIVE_TIMEOUT_MS = 5_000

/**
 * Connects to the database of the records; those of the TAP servers are reached for when they are needed.
 *
 * @param files records as XML, by their names in the environment file
 * @throws ConnectionError, SecretError, DatabaseAddressError, EnvironmentError
 */
export async function openRegistrySources(
  environment: Environment,
  files: ReadonlyMap<string, string>,
  logger: Logger,
): Promise<RegistrySources & { readonly close: () => Promise<void> }> {
  const connections = connectServers(environment, { applicationName: 'almagest registry', logger })
  const servers = tapServers(environment).map((server): readonly [string, ReadLive] => {
    const open = lazily(async () => openLiveTap(await connections.poolFor(server)))
    const expired = () => new Error(`the database of ${server.name} did not answer within ${LIVE_TIMEOUT_MS / 1000} s`)
    return [
      server.name,
      () =>
        withDeadline(
          open().then((read) => read()),
          LIVE_TIMEOUT_MS,
          expired,
        ),
    ]
  })
  const pool = await connections.poolFor(recordServer(environment))
  const environmentHash = hashEnvironment(environment, files)
  const surveys = openSurveys(environment)
  return { environment, environmentHash, files, pool, servers: new Map(servers), surveys, close: connections.close }
}
