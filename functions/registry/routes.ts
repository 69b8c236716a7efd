import { COUNT, list, object, ref, TEXT } from '../../shared/platform/http/json-schema.ts'
import { type Route, route } from '../../shared/platform/http/route.ts'
import { descriptionRoute, healthRoute } from '../../shared/platform/http/service-routes.ts'
import { describeRepository } from '../../shared/registry/build-records.ts'
import { VERSION } from '../../shared/version.ts'
import type { RegistryDependencies, RegistryOptions } from './dependencies.ts'
import { createRecordKeeper, type RecordKeeper } from './keep-current.ts'
import { oaiRoutes, throwUnavailable } from './oai-routes.ts'
import { vosiRoutes } from './vosi-routes.ts'

const ABOUT = {
  title: 'registry',
  version: VERSION,
  description: 'The publishing registry of an environment: OAI-PMH 2.0 for harvesters of the Virtual Observatory.',
  schemas: {
    Health: object({ status: { const: 'ok' } }),
    Refreshed: object({
      outcome: { enum: ['compared', 'current', 'outdated'] },
      added: COUNT,
      changed: COUNT,
      deleted: COUNT,
      held: list(TEXT),
    }),
  },
  callerRequired: false,
}

/**
 * Everything that `registry` answers: below its root, and below the path that is registered, so that a proxy in front
 * need not rewrite it.
 */
export function createRoutes(dependencies: RegistryDependencies, options: RegistryOptions): readonly Route[] {
  const keeper = createRecordKeeper(dependencies, options)
  const registered = registeredPath(dependencies)
  const routes = ['/oai', ...(registered === '/oai' ? [] : [registered])].flatMap((path, index) => {
    const suffix = index === 0 ? '' : 'Registered'
    return [...oaiRoutes(dependencies, keeper, path, suffix), ...vosiRoutes(dependencies, keeper, path, suffix)]
  })
  routes.push(refreshRoute(keeper), healthRoute({ 'application/json': ref('Health') }))
  routes.push(descriptionRoute(routes, { ...ABOUT, base: options.prefix || '/' }))
  return routes
}

/** Of the endpoint, as harvesters see it. */
function registeredPath({ environment }: RegistryDependencies): string {
  return decodeURI(new URL(describeRepository(environment).baseUrl).pathname)
}

function refreshRoute(keeper: RecordKeeper): Route {
  return route({
    method: 'POST',
    path: '/refresh',
    operation: 'refreshRecords',
    summary: 'Look at once whether records have changed',
    description:
      'For the push of `swapped` and `rolled_back` events, whose content does not matter, and for whoever deploys. Without it the next request of a harvester does the same.',
    anonymous: true,
    ignoresQuery: true,
    answers: { 'application/json': ref('Refreshed') },
    errors: [503],
    async handle() {
      const { outcome, added, changed, deleted, held } = await keeper.refresh().catch(throwUnavailable)
      const counts = { added: added.length, changed: changed.length, deleted: deleted.length }
      return { body: { outcome, ...counts, held } }
    },
  })
}
