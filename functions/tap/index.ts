import { http } from '@google-cloud/functions-framework'
import { serveEnvironment } from '../../shared/deployment/serve-environment.ts'
import { openTapServices } from '../../shared/deployment/tap-services.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { createTap } from './tap.ts'

const logger = createLogger({ fields: { function: 'tap' } })
const make = async () => createTap(await openTapServices(logger), { logger })

http('tap', await serveEnvironment(make, { logger }))
