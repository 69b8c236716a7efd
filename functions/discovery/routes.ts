import type { Route } from '../../shared/platform/http-route.ts'
import { documentRoutes } from './document-routes.ts'
import { hipsRoutes } from './hips-routes.ts'
import { influxdbRoutes } from './influxdb-routes.ts'
import type { Service } from './service.ts'
import { statusRoutes } from './status-routes.ts'
import { tapRoutes } from './tap-routes.ts'

/** Everything that `discovery` answers; where, is a matter of the configuration. */
export function createRoutes(service: Service): readonly Route[] {
  return [
    ...documentRoutes(service),
    ...tapRoutes(service),
    ...influxdbRoutes(service),
    ...hipsRoutes(service),
    ...statusRoutes(service),
  ]
}
