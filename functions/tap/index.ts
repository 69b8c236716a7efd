import { http } from '@google-cloud/functions-framework'
import { createLogger } from '../../shared/platform/log/log.ts'
import { openAtStart } from '../../shared/platform/open-at-start.ts'
import { openDeployment } from './deployment.ts'
import { createTap } from './tap.ts'

const logger = createLogger({ fields: { function: 'tap' } })
const dependencies = await openAtStart(() => openDeployment(logger), logger)

http('tap', createTap(dependencies, { logger }))
