import { type ApiDescription, describeApi } from './openapi.ts'
import { type JsonSchema, type Route, route } from './route.ts'

/** `GET /healthz`: 200. What the function works with was put together when its process started, or there is none. */
export function healthRoute(answers: Readonly<Record<string, JsonSchema>>): Route {
  return route({
    method: 'GET',
    path: '/healthz',
    operation: 'checkHealth',
    summary: 'Whether the function runs and can read its environment; neither bucket nor database is asked',
    anonymous: true,
    answers,
    handle: async () => ({ body: { status: 'ok' } }),
  })
}

/** `GET /openapi.json`: the description of the routes, itself among them. */
export function descriptionRoute(routes: readonly Route[], about: ApiDescription): Route {
  return route({
    method: 'GET',
    path: '/openapi.json',
    operation: 'describeApi',
    summary: 'This description',
    anonymous: true,
    answers: { 'application/json': { type: 'object' } },
    handle: async () => ({ body: describeApi(routes, about) }),
  })
}
