import { http } from '@google-cloud/functions-framework'
import { openTapServices } from '../../shared/deployment/tap-services.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { openAtStart } from '../../shared/platform/open-at-start.ts'
import { createWatchQueries } from './routes.ts'

const logger = createLogger({ fields: { function: 'watch-queries' } })
const { servers } = await openAtStart(() => openTapServices(logger), logger)

/** Cloud Scheduler calls once a minute. */
const WATCH_MS = 50_000

http('watch-queries', createWatchQueries({ servers, logger, watchMs: WATCH_MS }))
