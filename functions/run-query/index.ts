import { http } from '@google-cloud/functions-framework'
import { serveEnvironment } from '../../shared/deployment/serve-environment.ts'
import { openTapServices } from '../../shared/deployment/tap-services.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { createRunQuery } from './routes.ts'

const logger = createLogger({ fields: { function: 'run-query' } })
const make = async () => {
  const { servers } = await openTapServices(logger)
  return createRunQuery({ servers, logger })
}

http('run-query', await serveEnvironment(make, { logger }))
