import { messageOf } from '../../shared/failure.ts'
import { HttpError } from '../../shared/platform/http/errors.ts'
import { COUNT, object, ref } from '../../shared/platform/http/json-schema.ts'
import { type Route, route } from '../../shared/platform/http/route.ts'
import { createApi } from '../../shared/platform/http/serve.ts'
import { descriptionRoute, healthRoute } from '../../shared/platform/http/service-routes.ts'
import { VERSION } from '../../shared/version.ts'
import { type WatchDependencies, watchQueries } from './watch-queries.ts'

/** The HTTP function that Cloud Scheduler calls each minute; only its account may invoke it. */
export function createWatchQueries(dependencies: WatchDependencies): ReturnType<typeof createApi> {
  return createApi(createRoutes(dependencies), { logger: dependencies.logger })
}

function createRoutes(dependencies: WatchDependencies): readonly Route[] {
  const routes: Route[] = [
    route({
      method: 'POST',
      path: '/',
      operation: 'watchQueries',
      summary: 'Do what is owed to the jobs of all TAP servers',
      description:
        'Jobs whose worker died or whose message was lost go on; those past their destruction are deleted with their objects. It may be called at any time, and twice at once.',
      anonymous: true,
      ignoresQuery: true,
      answers: { 'application/json': ref('Watched') },
      errors: [503],
      handle: async () => ({
        body: await watchQueries(dependencies).catch((error: unknown) => {
          const msg = `not everything could be done, and will be with the next call: ${messageOf(error)}`
          throw new HttpError(503, { msg, type: 'unavailable' }, { cause: error })
        }),
      }),
    }),
    healthRoute({ 'application/json': ref('Health') }),
  ]
  routes.push(descriptionRoute(routes, { ...ABOUT, base: '/' }))
  return routes
}

const ABOUT = {
  title: 'Almagest watch-queries',
  version: VERSION,
  description: 'Looks after asynchronous jobs.',
  schemas: {
    Watched: object({
      ...{
        silent: COUNT,
        sent: COUNT,
        due: COUNT,
        cleared: COUNT,
        forgotten: COUNT,
        dropped: COUNT,
        ended: COUNT,
        published: COUNT,
      },
      ...{ looked: COUNT, remote: COUNT, removed: COUNT },
    }),
    Health: object({ status: { const: 'ok' } }),
  },
}
