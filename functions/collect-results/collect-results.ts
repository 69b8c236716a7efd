import { createApi } from '../../shared/platform/http/serve.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import type { CollectDependencies } from './dependencies.ts'
import { createRoutes } from './routes.ts'

export interface CollectResultsOptions {
  readonly logger: Logger
  /** What stands before every path where several functions share a port: `/collect-results`. Default none. */
  readonly prefix?: string
}

/** The HTTP function that Cloud Scheduler calls to sweep the results bucket, and that destroys the results of one job. */
export function createCollectResults(
  dependencies: CollectDependencies,
  { logger, prefix = '' }: CollectResultsOptions,
): ReturnType<typeof createApi> {
  const routes = createRoutes(dependencies, { logger, base: prefix === '' ? '/' : prefix })
  return createApi(routes, { logger, prefix, identify: dependencies.identify })
}
