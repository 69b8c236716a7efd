import { isRecord } from '../../shared/is-record.ts'
import { deliveryRoutes } from '../../shared/platform/http/delivery-routes.ts'
import { object } from '../../shared/platform/http/json-schema.ts'
import type { Route } from '../../shared/platform/http/route.ts'
import { createApi } from '../../shared/platform/http/serve.ts'
import { descriptionRoute, healthRoute } from '../../shared/platform/http/service-routes.ts'
import { VERSION } from '../../shared/version.ts'
import { type RunDependencies, runJob } from './run-query.ts'

/**
 * The HTTP function to which Pub/Sub or Cloud Tasks delivers the jobs that are queued. Who may deliver is up to the platform:
 * only the account of the subscription or of the tasks may invoke it.
 */
export function createRunQuery(dependencies: RunDependencies): ReturnType<typeof createApi> {
  return createApi(createRoutes(dependencies), { logger: dependencies.logger })
}

function createRoutes(dependencies: RunDependencies): readonly Route[] {
  const routes: Route[] = [
    ...deliveryRoutes({
      operation: 'runJob',
      summary: 'Take the message of a queued job, and run its query',
      description:
        'As a push subscription of Pub/Sub sends it, with the attributes server and job; or these two as JSON, as a task of Cloud Tasks has them. What names no job of ours is acknowledged too, and logged as an error: to deliver it again cannot help.',
      acknowledged: 'Acknowledged: the job has ended, or there is nothing to do',
      take: ({ body }) => take(body, dependencies),
      fieldsOf: readMessage,
      logger: dependencies.logger,
    }),
    healthRoute({ 'application/json': { $ref: '#/components/schemas/Health' } }),
  ]
  routes.push(descriptionRoute(routes, { ...ABOUT, base: '/' }))
  return routes
}

async function take(body: unknown, { servers, logger }: RunDependencies): Promise<void> {
  const { server: name, job } = readMessage(body)
  const server = typeof name === 'string' ? servers.get(name) : undefined
  if (server !== undefined && typeof job === 'string') return runJob(server, job, logger)
  logger.error('the message names no job of a server of this environment', { server: name, job })
}

function readMessage(body: unknown): { readonly server?: unknown; readonly job?: unknown } {
  const attributes = isRecord(body) && isRecord(body.message) ? body.message.attributes : body
  const { server, job } = isRecord(attributes) ? attributes : {}
  return { server, job }
}

const ABOUT = {
  title: 'Almagest run-query',
  version: VERSION,
  description: 'Runs the queries of asynchronous jobs.',
  schemas: { Health: object({ status: { const: 'ok' } }) },
}
