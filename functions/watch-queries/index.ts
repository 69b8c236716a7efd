import { http } from '@google-cloud/functions-framework'
import { serveEnvironment } from '../../shared/deployment/serve-environment.ts'
import { openTapServices } from '../../shared/deployment/tap-services.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { createWatchQueries } from './routes.ts'

const logger = createLogger({ fields: { function: 'watch-queries' } })
/** Cloud Scheduler calls once a minute. */
const WATCH_MS = 50_000

const make = async () => {
  const { servers } = await openTapServices(logger)
  return createWatchQueries({ servers, logger, watchMs: WATCH_MS })
}

http('watch-queries', await serveEnvironment(make, { logger }))
