import { loadEnvironment } from '../../shared/deployment/environment-file.ts'
import { hashEnvironment } from '../../shared/deployment/environment-hash.ts'
import type { Environment } from '../../shared/environment/environment.ts'
import { lazily } from '../../shared/lazily.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { recordServer } from '../../shared/registry/tap-servers.ts'
import type { RegistryDependencies } from './dependencies.ts'

/**
 * Puts together what the function works with. Databases are reached for with the first request.
 *
 * @throws EnvironmentError
 */
export async function openDeployment(logger: Logger): Promise<RegistryDependencies> {
  const environment = await loadEnvironment(logger)
  return connectRegistry(environment, await hashEnvironment(environment), logger)
}

/** The same for an environment that was read already; the hash is that of its file. @throws EnvironmentError */
export function connectRegistry(
  environment: Environment,
  environmentHash: string,
  logger: Logger,
): RegistryDependencies {
  recordServer(environment)
  const openSources = lazily(async () => {
    const { openRegistrySources } = await import('../../shared/deployment/registry-sources.ts')
    return openRegistrySources(environment, environmentHash, logger)
  })
  return { environment, openSources }
}
