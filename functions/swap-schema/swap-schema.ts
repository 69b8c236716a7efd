import { createApi } from '../../shared/platform/http/serve.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import type { SwapDependencies } from './dependencies.ts'
import { identifyOperator } from './operators.ts'
import { createRoutes } from './routes.ts'

export interface SwapSchemaOptions {
  readonly logger: Logger
  /** What stands before every path where several functions share a port: `/swap-schema`. Default none. */
  readonly prefix?: string
  /** How long the list of servers waits for each database; default 5 s. */
  readonly statusDeadlineMs?: number
}

/** The HTTP function with which operators look at the slots of the TAP servers, stage, swap and roll back. */
export function createSwapSchema(
  dependencies: SwapDependencies,
  options: SwapSchemaOptions,
): ReturnType<typeof createApi> {
  const { logger, prefix = '', statusDeadlineMs = 5_000 } = options
  const identify = identifyOperator(dependencies.identify, dependencies.environment.swap.operators)
  const routes = createRoutes({ ...dependencies, identify }, { base: prefix === '' ? '/' : prefix, statusDeadlineMs })
  return createApi(routes, { logger, prefix, identify })
}
