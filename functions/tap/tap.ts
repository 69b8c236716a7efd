import { createApi } from '../../shared/platform/http/serve.ts'
import type { TapDependencies, TapOptions } from './dependencies.ts'
import { createRoutes } from './routes.ts'
import { VERSION } from './version.ts'

/** The HTTP function that answers the TAP servers of an environment, each below its name. */
export function createTap(dependencies: TapDependencies, options: TapOptions): ReturnType<typeof createApi> {
  const { logger, prefix = '' } = options
  const routes = createRoutes(dependencies, prefix === '' ? '/' : prefix, logger)
  return createApi(routes, { logger, prefix, server: `Almagest/${VERSION}` })
}
