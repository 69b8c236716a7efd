import type { TapDependencies } from '../../shared/deployment/served-tap.ts'
import { createApi } from '../../shared/platform/http/serve.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { VERSION } from '../../shared/version.ts'
import { concealConnection } from './error-document.ts'
import { createRoutes } from './routes.ts'

export interface TapOptions {
  readonly logger: Logger
  /** What stands before every path where several functions share a port. Default none. */
  readonly prefix?: string
}

/** The HTTP function that answers the TAP servers of an environment, each below its name. */
export function createTap(dependencies: TapDependencies, options: TapOptions): ReturnType<typeof createApi> {
  const { logger, prefix = '' } = options
  const routes = createRoutes(dependencies, prefix === '' ? '/' : prefix, logger)
  return createApi(routes, { logger, prefix, server: `Almagest/${VERSION}`, conceal: concealConnection })
}
