import { http } from '@google-cloud/functions-framework'
import { openDeployment } from '../../shared/deployment/deployment.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { openAtStart } from '../../shared/platform/open-at-start.ts'
import { createSwapSchema } from './swap-schema.ts'

const logger = createLogger({ fields: { function: 'swap-schema' } })
const deployment = await openAtStart(() => openDeployment('swap-schema', logger), logger)

http('swap-schema', createSwapSchema(deployment, { logger }))
