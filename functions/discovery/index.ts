import { http } from '@google-cloud/functions-framework'
import { serveEnvironment } from '../../shared/deployment/serve-environment.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { openDeployment } from './deployment.ts'
import { createDiscovery } from './discovery.ts'

const logger = createLogger({ fields: { function: 'discovery' } })
const make = async () => createDiscovery(await openDeployment(logger), { logger })

http('discovery', await serveEnvironment(make, { logger }))
