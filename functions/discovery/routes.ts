import type { Route } from '../../shared/platform/http/route.ts'
import { descriptionRoute } from './description-route.ts'
import { documentRoutes } from './document-routes.ts'
import { hipsRoutes } from './hips-routes.ts'
import { influxdbRoutes } from './influxdb-routes.ts'
import type { Service } from './service.ts'
import { statusRoutes } from './status-routes.ts'
import { tapRoutes } from './tap-routes.ts'

/**
 * Everything that `discovery` answers; where, is a matter of the configuration.
 *
 * @param base where the paths start, for the description
 */
export function createRoutes(service: Service, base: string): readonly Route[] {
  const routes = [
    ...documentRoutes(service),
    ...tapRoutes(service),
    ...influxdbRoutes(service),
    ...hipsRoutes(service),
    ...statusRoutes(service),
  ]
  routes.push(descriptionRoute(service, routes, base))
  return routes
}
