import { http } from '@google-cloud/functions-framework'
import { openDeployment } from '../../shared/deployment/deployment.ts'
import { serveEnvironment } from '../../shared/deployment/serve-environment.ts'
import { requireReleases } from '../../shared/environment/require.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { createLoadRelease } from './routes.ts'

const logger = createLogger({ fields: { function: 'load-release' } })
const make = async () => {
  const opened = await openDeployment('load-release', logger)
  // Whoever deploys this function wants releases loaded; without a bucket it would only swallow messages.
  requireReleases(opened.environment)
  return createLoadRelease(opened)
}

http('load-release', await serveEnvironment(make, { logger }))
