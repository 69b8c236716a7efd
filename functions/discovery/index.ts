import { http } from '@google-cloud/functions-framework'
import { createLogger } from '../../shared/platform/log.ts'
import { openDeployment } from './deployment.ts'
import { createDiscovery } from './discovery.ts'

const logger = createLogger({ fields: { function: 'discovery' } })

http(
  'discovery',
  createDiscovery(() => openDeployment(logger), { logger }),
)
