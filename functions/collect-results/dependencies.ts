import type { ResultsConnections } from '../../shared/deployment/results-connections.ts'
import type { Identify } from '../../shared/platform/identity.ts'

/** What `collect-results` works with: put together in index.ts, or by a test. */
export interface CollectDependencies {
  readonly results: Omit<ResultsConnections, 'close'>
  readonly identify: Identify
}
