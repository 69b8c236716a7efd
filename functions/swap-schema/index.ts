import { http } from '@google-cloud/functions-framework'
import { deploymentOf } from '../../shared/platform/deployment.ts'
import { createLogger } from '../../shared/platform/log.ts'
import { createSwapSchema } from './swap-schema.ts'

const logger = createLogger({ fields: { function: 'swap-schema' } })

http('swap-schema', createSwapSchema(deploymentOf('swap-schema', logger), { logger }))
