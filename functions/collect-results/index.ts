import { http } from '@google-cloud/functions-framework'
import { loadEnvironment } from '../../shared/platform/environment-file.ts'
import { identityOf } from '../../shared/platform/identity.ts'
import { createLogger } from '../../shared/platform/log.ts'
import { openResults } from '../../shared/platform/results-connections.ts'
import { type CollectDependencies, createCollectResults } from './collect-results.ts'

const logger = createLogger({ fields: { function: 'collect-results' } })
let opened: CollectDependencies | undefined

http('collect-results', createCollectResults(openDependencies, { logger }))

/** At the first call; what failed is tried anew by the next one. */
async function openDependencies(): Promise<CollectDependencies> {
  if (opened !== undefined) return opened
  const environment = await loadEnvironment(logger)
  opened ??= {
    results: openResults(environment, { applicationName: 'almagest collect-results', logger }),
    identify: identityOf(environment),
  }
  return opened
}
