import { http } from '@google-cloud/functions-framework'
import { openDeployment } from '../../shared/deployment/deployment.ts'
import { serveEnvironment } from '../../shared/deployment/serve-environment.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { createSwapSchema } from './swap-schema.ts'

const logger = createLogger({ fields: { function: 'swap-schema' } })
const make = async () => createSwapSchema(await openDeployment('swap-schema', logger), { logger })

http('swap-schema', await serveEnvironment(make, { logger }))
