import * as functions from '@google-cloud/functions-framework'
import { createLogger } from '../../shared/platform/log.ts'
import { assembleOnFirstUse } from './assemble.ts'
import { createSwapSchema } from './swap-schema.ts'

const logger = createLogger({ fields: { function: 'swap-schema' } })

functions.http('swap-schema', createSwapSchema(assembleOnFirstUse(logger), { logger }))
