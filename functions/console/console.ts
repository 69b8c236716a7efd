import type { Environment } from '../../shared/environment/environment.ts'
import { createApi } from '../../shared/platform/http/serve.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { createRoutes } from './routes.ts'

export interface ConsoleOptions {
  readonly logger: Logger
  /** What `deploy/console` has built. */
  readonly folder: string
}

/** The HTTP function that serves the console's page. What the page shows it reads from the other functions itself. */
export function createConsole(
  environment: Environment,
  { logger, folder }: ConsoleOptions,
): ReturnType<typeof createApi> {
  return createApi(createRoutes(environment, { folder, base: '/' }), { logger })
}
