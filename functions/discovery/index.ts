import { http } from '@google-cloud/functions-framework'
import { createLogger } from '../../shared/platform/log/log.ts'
import { openAtStart } from '../../shared/platform/open-at-start.ts'
import { openDeployment } from './deployment.ts'
import { createDiscovery } from './discovery.ts'

const logger = createLogger({ fields: { function: 'discovery' } })
const dependencies = await openAtStart(() => openDeployment(logger), logger)

http('discovery', createDiscovery(dependencies, { logger }))
