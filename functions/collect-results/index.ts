import { http } from '@google-cloud/functions-framework'
import { loadEnvironment } from '../../shared/deployment/environment-file.ts'
import { openResults } from '../../shared/deployment/results-connections.ts'
import { serveEnvironment } from '../../shared/deployment/serve-environment.ts'
import { createIdentity } from '../../shared/platform/identity.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { createMatchRule } from '../../shared/results/classify/match-rule.ts'
import { createCollectResults } from './collect-results.ts'

const logger = createLogger({ fields: { function: 'collect-results' } })
const make = async () => {
  const environment = await loadEnvironment(logger)
  const results = openResults(environment, { applicationName: 'almagest collect-results', logger })
  // Patterns that cannot be used stop the function like anything else that is wrong in the file.
  await createMatchRule(results.config.rules)
  return createCollectResults({ results, identify: createIdentity(environment.identity) }, { logger })
}

http('collect-results', await serveEnvironment(make, { logger }))
