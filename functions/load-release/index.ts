import { http } from '@google-cloud/functions-framework'
import { openDeployment } from '../../shared/deployment/deployment.ts'
import { requireReleases } from '../../shared/environment/require.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { openAtStart } from '../../shared/platform/open-at-start.ts'
import { createLoadRelease } from './routes.ts'

const logger = createLogger({ fields: { function: 'load-release' } })
const deployment = await openAtStart(async () => {
  const opened = await openDeployment('load-release', logger)
  // Whoever deploys this function wants releases loaded; without a bucket it would only swallow messages.
  requireReleases(opened.environment)
  return opened
}, logger)

http('load-release', createLoadRelease(deployment))
