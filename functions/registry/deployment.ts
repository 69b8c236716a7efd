import { loadEnvironment } from '../../shared/deployment/environment-file.ts'
import { readRecordFiles } from '../../shared/deployment/record-files.ts'
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
  return connectRegistry(environment, await readRecordFiles(environment), logger)
}

/** The same for files that were read already. @throws EnvironmentError */
export function connectRegistry(
  environment: Environment,
  files: ReadonlyMap<string, string>,
  logger: Logger,
): RegistryDependencies {
  recordServer(environment)
  const openSources = lazily(async () => {
    const { openRegistrySources } = await import('../../shared/deployment/registry-sources.ts')
    return openRegistrySources(environment, files, logger)
  })
  return { environment, openSources }
}
