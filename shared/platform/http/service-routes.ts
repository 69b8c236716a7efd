import { type ApiDescription, describeApi } from './openapi.ts'
import { type JsonSchema, type Route, route } from './route.ts'

/** `GET /healthz`: 200 once what the function works with can be put together; a broken environment file is an error. */
export function healthRoute(resolve: () => Promise<unknown>, answers: Readonly<Record<string, JsonSchema>>): Route {
  return route({
    method: 'GET',
    path: '/healthz',
    operation: 'checkHealth',
    summary: 'Whether the function runs and can read its environment; neither bucket nor database is asked',
    anonymous: true,
    answers,
    async handle() {
      await resolve()
      return { body: { status: 'ok' } }
    },
  })
}

/** `GET /openapi.json`: the description of the routes, itself among them. */
export function descriptionRoute(routes: readonly Route[], about: () => Promise<ApiDescription>): Route {
  return route({
    method: 'GET',
    path: '/openapi.json',
    operation: 'describeApi',
    summary: 'This description',
    anonymous: true,
    answers: { 'application/json': { type: 'object' } },
    handle: async () => ({ body: describeApi(routes, await about()) }),
  })
}
