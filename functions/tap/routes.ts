import type { TapDependencies } from '../../shared/deployment/served-tap.ts'
import { object } from '../../shared/platform/http/json-schema.ts'
import type { Route } from '../../shared/platform/http/route.ts'
import { descriptionRoute, healthRoute } from '../../shared/platform/http/service-routes.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { VERSION } from '../../shared/version.ts'
import { createAccess } from './access.ts'
import { groupRoutes } from './group-routes.ts'
import { jobRoutes } from './job-routes.ts'
import { metadataRoutes } from './metadata-routes.ts'
import { createNoteUser } from './note-users.ts'
import { pageRoutes } from './page-routes.ts'
import { syncRoutes } from './sync-routes.ts'
import { tableUpdateRoutes } from './table-update-routes.ts'
import { userRoutes } from './user-routes.ts'
import { userTableRoutes } from './user-table-routes.ts'

const ABOUT = {
  title: 'tap',
  version: VERSION,
  description: 'The TAP services of an environment (TAP 1.1): queries in ADQL, and what describes the tables.',
  schemas: { Health: object({ status: { const: 'ok' } }) },
  callerRequired: false,
}

/**
 * Everything that `tap` answers; its OpenAPI description is made from the same table.
 *
 * @param base where the paths start, for the description
 */
export function createRoutes(dependencies: TapDependencies, base: string, logger: Logger): readonly Route[] {
  const access = createAccess(dependencies, createNoteUser(logger))
  const routes = [
    healthRoute({ 'application/json': { $ref: '#/components/schemas/Health' } }),
    ...syncRoutes(dependencies, access, logger),
    ...jobRoutes(dependencies, access, logger),
    ...userRoutes(dependencies, access),
    ...groupRoutes(dependencies, access),
    ...userTableRoutes(dependencies, access, logger),
    ...tableUpdateRoutes(dependencies, access),
    ...metadataRoutes(dependencies, access),
    ...pageRoutes(dependencies, access),
  ]
  // In front of what is below the name of a server.
  routes.unshift(descriptionRoute(routes, { ...ABOUT, base }))
  return routes
}
