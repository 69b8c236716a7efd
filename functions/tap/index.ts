import { http } from '@google-cloud/functions-framework'
import { openTapServices } from '../../shared/deployment/tap-services.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { openAtStart } from '../../shared/platform/open-at-start.ts'
import { createTap } from './tap.ts'

const logger = createLogger({ fields: { function: 'tap' } })
const dependencies = await openAtStart(() => openTapServices(logger), logger)

http('tap', createTap(dependencies, { logger }))
