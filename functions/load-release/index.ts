import { cloudEvent } from '@google-cloud/functions-framework'
import { requireReleases } from '../../shared/environment/require.ts'
import { deploymentOf } from '../../shared/platform/deployment.ts'
import { createLogger, withTrace } from '../../shared/platform/log.ts'
import { loadRelease } from './load-release.ts'

const logger = createLogger({ fields: { function: 'load-release' } })
const deployment = deploymentOf('load-release', logger)

cloudEvent('load-release', (event: unknown) => withTrace(traceOf(event), () => handle(event)))

async function handle(event: unknown): Promise<void> {
  try {
    const dependencies = await deployment()
    // Whoever deploys this function wants releases loaded; without a bucket it would only swallow messages.
    requireReleases(dependencies.environment)
    await loadRelease(event, dependencies)
  } catch (error) {
    logger.error('the delivery failed and will be repeated', { error })
    throw error
  }
}

/** The framework puts the request's trace into the event. */
function traceOf(event: unknown): { traceparent?: string } {
  const traceparent = typeof event === 'object' && event !== null && 'traceparent' in event ? event.traceparent : null
  return typeof traceparent === 'string' ? { traceparent } : {}
}
