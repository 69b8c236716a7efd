import { createApi } from '../../shared/platform/http/serve.ts'
import type { RegistryDependencies, RegistryOptions } from './dependencies.ts'
import { createRoutes } from './routes.ts'

/** The HTTP function that harvesters ask what there is: a publishing registry of the Virtual Observatory. */
export function createRegistry(
  dependencies: RegistryDependencies,
  options: RegistryOptions,
): ReturnType<typeof createApi> {
  const { logger, prefix = '' } = options
  const routes = createRoutes(dependencies, options)
  return createApi(routes, { logger, prefix, maxBodyBytes: MAX_BODY_BYTES })
}

/** Of the envelope of an event. */
const MAX_BODY_BYTES = 64 * 1024
