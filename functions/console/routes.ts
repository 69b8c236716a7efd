import type { Environment } from '../../shared/environment/environment.ts'
import { HttpError } from '../../shared/platform/http/errors.ts'
import { object, TEXT } from '../../shared/platform/http/json-schema.ts'
import { type ApiResponse, type Route, route } from '../../shared/platform/http/route.ts'
import { descriptionRoute, healthRoute } from '../../shared/platform/http/service-routes.ts'
import { VERSION } from '../../shared/version.ts'
import { contentPolicy, describeConfig } from './describe-config.ts'
import { pageFiles } from './page-files.ts'

export interface RouteOptions {
  /** What `deploy/console` has built. */
  readonly folder: string
  /** Where the paths start, for the description. */
  readonly base: string
}

/** Names with a hash never change what they hold; the others are asked for again each time. */
const FOREVER = 'public, max-age=31536000, immutable'
const ASK_AGAIN = 'no-cache'

/** Everything that `console` answers: a page, its parts, and where the services are. */
export function createRoutes(environment: Environment, { folder, base }: RouteOptions): readonly Route[] {
  const files = pageFiles(folder)
  const config = describeConfig(environment)
  const policy = {
    'content-security-policy': contentPolicy(config),
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  }
  const withPolicy = (answer: ApiResponse): ApiResponse => ({ ...answer, headers: { ...answer.headers, ...policy } })
  const shared = { method: 'GET', ignoresQuery: true, otherwise: { 304: 'The caller has it' } } as const
  const routes: Route[] = [
    route({
      ...shared,
      path: '/',
      operation: 'readPage',
      summary: 'The page of the console',
      answers: { 'text/html': TEXT },
      errors: [503],
      handle: async ({ headers }) => withPolicy((await files()).index.answer(headers, ASK_AGAIN)),
    }),
    route({
      ...shared,
      path: '/assets/{name}',
      operation: 'readAsset',
      summary: 'Code or style of the page',
      params: { name: 'Name of the file' },
      answers: { 'text/javascript': TEXT, 'text/css': TEXT },
      errors: [404, 503],
      async handle({ params, headers }) {
        const asset = (await files()).assets.get(params.name)
        if (asset === undefined) throw new HttpError(404, { msg: 'the page has no such part', type: 'not_found' })
        const isHashed = /-[A-Z0-9]{8}\.\w+$/.test(params.name)
        return withPolicy(asset.answer(headers, isHashed ? FOREVER : ASK_AGAIN))
      },
    }),
    route({
      ...shared,
      path: '/config.json',
      operation: 'readConfig',
      summary: 'Where the services are that the page shows',
      answers: { 'application/json': { type: 'object' } },
      otherwise: {},
      handle: () => ({ headers: { 'cache-control': 'no-cache' }, body: config }),
    }),
    healthRoute({ 'application/json': { $ref: '#/components/schemas/Health' } }),
  ]
  routes.push(descriptionRoute(routes, { ...ABOUT, base }))
  return routes
}

const ABOUT = {
  title: 'Almagest console',
  version: VERSION,
  description: 'The web page of an environment: releases, queries, jobs, and what is deployed.',
  schemas: { Health: object({ status: { const: 'ok' } }) },
  callerRequired: false,
}
