import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { loadEnvironment } from '../../shared/deployment/environment-file.ts'
import type { Environment } from '../../shared/environment/environment.ts'
import { lazily } from '../../shared/lazily.ts'
import { withDeadline } from '../../shared/platform/deadline.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import type { ReadLive } from '../../shared/registry/read-live.ts'
import type { RegistrySources } from '../../shared/registry/state/refresh-registry.ts'
import { recordServer, tapServers } from '../../shared/registry/tap-servers.ts'
import type { RegistryDependencies } from './dependencies.ts'

/**
 * Puts together what the function works with. Databases are reached for with the first request.
 *
 * @throws EnvironmentError
 */
export async function openDeployment(logger: Logger): Promise<RegistryDependencies> {
  const environment = await loadEnvironment(logger)
  const content = await readFile(environment.file)
  return connectRegistry(environment, createHash('sha256').update(content).digest('hex'), logger)
}

/** The same for an environment that was read already; the hash is that of its file. @throws EnvironmentError */
export function connectRegistry(
  environment: Environment,
  environmentHash: string,
  logger: Logger,
): RegistryDependencies {
  recordServer(environment)
  return { environment, openSources: lazily(() => openSources(environment, environmentHash, logger)) }
}

/** A TAP server that takes longer has nothing to say; what was published of it still counts. */
const LIVE_TIMEOUT_MS = 5_000

async function openSources(
  environment: Environment,
  environmentHash: string,
  logger: Logger,
): Promise<RegistrySources> {
  const [{ connectServers }, { openLiveTap }] = await Promise.all([
    import('../../shared/deployment/server-connections.ts'),
    import('../../shared/registry/read-live.ts'),
  ])
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
  return {
    environment,
    environmentHash,
    pool: await connections.poolFor(recordServer(environment)),
    servers: new Map(servers),
  }
}
