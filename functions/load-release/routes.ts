import { deliveryRoutes } from '../../shared/platform/http/delivery-routes.ts'
import { object } from '../../shared/platform/http/json-schema.ts'
import type { Route } from '../../shared/platform/http/route.ts'
import { createApi } from '../../shared/platform/http/serve.ts'
import { descriptionRoute, healthRoute } from '../../shared/platform/http/service-routes.ts'
import { VERSION } from '../../shared/version.ts'
import { type LoadDependencies, loadRelease } from './load-release.ts'

/** A notification repeats what Cloud Storage knows of an object, its metadata and access rules among it, in base64. */
const MAX_NOTIFICATION_BYTES = 1024 * 1024

/**
 * The HTTP function to which Pub/Sub delivers the notifications of the releases bucket. Who may deliver is up to the
 * platform: only the account of the subscription may invoke it.
 */
export function createLoadRelease(dependencies: LoadDependencies): ReturnType<typeof createApi> {
  const { logger } = dependencies
  // The platform logs each request already, and the function what it did with it.
  const quiet = { ...logger, info: logger.debug }
  return createApi(createRoutes(dependencies), { logger: quiet, maxBodyBytes: MAX_NOTIFICATION_BYTES })
}

/** Everything that `load-release` answers; its OpenAPI description is made from the same table. */
function createRoutes(dependencies: LoadDependencies): readonly Route[] {
  const routes: Route[] = [
    ...deliveryRoutes({
      operation: 'takeNotification',
      summary: 'Take a notification of the releases bucket, and stage the release that it announces',
      description:
        'As a push subscription of Pub/Sub or Eventarc sends it. What is not a notification of Cloud Storage is acknowledged too, and logged as an error: to deliver it again cannot help.',
      acknowledged: 'Acknowledged: done, rejected for good, or nothing to do',
      take: ({ body, headers }) => loadRelease(eventOf(body, headers['ce-type']), dependencies),
      logger: dependencies.logger,
    }),
    healthRoute({ 'application/json': { $ref: '#/components/schemas/Health' } }),
  ]
  routes.push(descriptionRoute(routes, { ...ABOUT, base: '/' }))
  return routes
}

/** CloudEvents 1.0.2, HTTP binding §3.1: in binary mode the type is in a header, and the body is the data. */
function eventOf(body: unknown, type: string | readonly string[] | undefined): unknown {
  return type === undefined ? body : { type: String(type), data: body }
}

const ABOUT = {
  title: 'Almagest load-release',
  version: VERSION,
  description: 'Stages the releases that are uploaded.',
  schemas: { Health: object({ status: { const: 'ok' } }) },
}
