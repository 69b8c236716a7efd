import { http } from '@google-cloud/functions-framework'
import { createLogger } from '../../shared/platform/log/log.ts'
import { openAtStart } from '../../shared/platform/open-at-start.ts'
import { openDeployment } from './deployment.ts'
import { createRegistry } from './registry.ts'

const logger = createLogger({ fields: { function: 'registry' } })
const dependencies = await openAtStart(() => openDeployment(logger), logger)

http('registry', createRegistry(dependencies, { logger }))
