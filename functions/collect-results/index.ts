import { http } from '@google-cloud/functions-framework'
import { loadEnvironment } from '../../shared/deployment/environment-file.ts'
import { openResults } from '../../shared/deployment/results-connections.ts'
import { createIdentity } from '../../shared/platform/identity.ts'
import { createLogger } from '../../shared/platform/log/log.ts'
import { openAtStart } from '../../shared/platform/open-at-start.ts'
import { createMatchRule } from '../../shared/results/classify/match-rule.ts'
import { createCollectResults } from './collect-results.ts'

const logger = createLogger({ fields: { function: 'collect-results' } })
const dependencies = await openAtStart(async () => {
  const environment = await loadEnvironment(logger)
  const results = openResults(environment, { applicationName: 'almagest collect-results', logger })
  // Patterns that cannot be used stop the function like anything else that is wrong in the file.
  await createMatchRule(results.config.rules)
  return { results, identify: createIdentity(environment.identity) }
}, logger)

http('collect-results', createCollectResults(dependencies, { logger }))
