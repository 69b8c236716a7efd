import { createApi } from '../../shared/platform/http/serve.ts'
import type { DiscoveryDependencies, DiscoveryOptions } from './dependencies.ts'
import { createRoutes } from './routes.ts'
import { openService } from './service.ts'

/** The HTTP function that says what is deployed where: the discovery document and what belongs to it. */
export function createDiscovery(
  dependencies: DiscoveryDependencies,
  options: DiscoveryOptions,
): ReturnType<typeof createApi> {
  const { logger, prefix = '' } = options
  const routes = createRoutes(openService(dependencies, options), prefix === '' ? '/' : prefix)
  // The platform logs each request already, and this function has many.
  return createApi(routes, { logger: { ...logger, info: logger.debug }, prefix })
}
