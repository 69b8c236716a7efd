import { GENERATION_PATTERN } from '../../shared/platform/generation.ts'
import { preferType } from '../../shared/platform/http/accept.ts'
import { type Field, type JsonSchema, type Route, route } from '../../shared/platform/http/route.ts'
import { descriptionRoute, healthRoute } from '../../shared/platform/http/service-routes.ts'
import { listReleases } from '../../shared/releases/publish/list-releases.ts'
import { diffSlots } from '../../shared/tap-schema/diff.ts'
import { formatDiff } from '../../shared/tap-schema/format-diff.ts'
import { rollback } from '../../shared/tap-schema/rollback.ts'
import { readStatus } from '../../shared/tap-schema/status.ts'
import { swap } from '../../shared/tap-schema/swap.ts'
import { VERSION } from '../../shared/version.ts'
import type { SwapDependencies } from './dependencies.ts'
import { exchangeAndAnnounce } from './exchange-and-announce.ts'
import { findServer } from './find-server.ts'
import { listServers } from './list-servers.ts'
import type { IdentifyOperator } from './operators.ts'
import { SCHEMAS } from './schemas.ts'
import { stageFromBucket } from './stage-from-bucket.ts'

export interface RouteOptions {
  /** Where the paths start, for the description. */
  readonly base: string
  readonly statusDeadlineMs: number
}

const SLOT = { type: 'string', enum: ['live', 'staging', 'previous'] } as const

const RELEASE_VERSION = {
  type: 'string',
  required: true,
  minLength: 1,
  maxLength: 512,
  example: 'releases/w.2026.34',
} as const

const GENERATION = {
  type: 'string',
  description: 'The very upload, as a string: versions such as main are overwritten in place',
  pattern: GENERATION_PATTERN,
  patternHint: 'a generation: up to 19 decimal digits, the first of which is not 0',
  example: '1779436800000000',
} as const satisfies Field

const ID = {
  type: 'integer',
  description: 'The very stage, as status and diff show it; with it, a repeated call changes nothing',
  minimum: 1,
  example: 42,
} as const satisfies Field

const LEAVE_READERS_OUT = {
  type: 'boolean',
  description: 'Whether roles that may read what is live now may lose read access; otherwise that is refused',
  default: false,
} as const satisfies Field

const params = { server: 'Name of a TAP server of the environment' }

function json(name: keyof typeof SCHEMAS): { readonly 'application/json': JsonSchema } {
  return { 'application/json': { $ref: `#/components/schemas/${name}` } }
}

/** Everything that `swap-schema` answers; its OpenAPI description is made from the same table. */
export function createRoutes(
  dependencies: SwapDependencies & { readonly identify: IdentifyOperator },
  options: RouteOptions,
): readonly Route[] {
  const routes: Route[] = [
    route({
      method: 'GET',
      path: '/servers',
      operation: 'listServers',
      summary: 'The TAP servers and the version in each of their slots',
      description: 'All databases are asked at once. One that does not answer shows as an error of its server.',
      answers: json('ServerList'),
      handle: async () => ({ body: await listServers(dependencies, options.statusDeadlineMs) }),
    }),
    route({
      method: 'GET',
      path: '/releases',
      operation: 'listReleases',
      summary: 'The releases in the bucket, the latest first',
      answers: json('ReleaseList'),
      errors: [503],
      async handle() {
        const { bucket, environment } = dependencies
        const found = environment.releases === null ? [] : await listReleases(bucket, environment.releases)
        const releases = found.map(({ version, publishedAt, generation, bytes, remark }) => {
          return { version, publishedAt, generation, bytes, remark }
        })
        return { body: { releases } }
      },
    }),
    route({
      method: 'GET',
      path: '/caller',
      operation: 'readCaller',
      summary: 'Who asks, and whether that caller may stage, swap and roll back',
      answers: json('Caller'),
      handle: ({ caller }) => ({
        body: { actor: caller.actor, mayChange: dependencies.identify.mayChange(caller) },
      }),
    }),
    route({
      method: 'GET',
      path: '/servers/{server}',
      operation: 'readServer',
      summary: 'The three slots of a TAP server, and what happened to them',
      params,
      query: {
        history: { type: 'integer', description: 'Newest entries to show', default: 20, minimum: 0, maximum: 1000 },
      },
      answers: json('Server'),
      errors: [404, 503],
      async handle({ params, query }) {
        const { server, pool } = await findServer(dependencies, params.server)
        const { name, schemas, schemaVersion, follow, swap, readers } = server
        const { slots, history } = await readStatus(pool, { historyLimit: query.history })
        return { body: { name, schemas, schemaVersion, follow, swap, readers, slots, history } }
      },
    }),
    route({
      method: 'GET',
      path: '/servers/{server}/diff',
      operation: 'diffSlots',
      summary: 'What changes for users between two slots',
      params,
      query: {
        from: { ...SLOT, description: 'The slot that is compared', default: 'live' },
        to: { ...SLOT, description: 'The slot that it is compared with', default: 'staging' },
        format: {
          type: 'string',
          description: 'The form of the answer; otherwise the Accept header decides',
          enum: ['json', 'text'],
        },
      },
      answers: { ...json('Diff'), 'text/plain': { type: 'string' } },
      errors: [404, 409, 503],
      async handle({ params, query, headers }) {
        const { pool } = await findServer(dependencies, params.server)
        const diff = await diffSlots(pool, query.from, query.to)
        const preferred = preferType(String(headers.accept ?? ''), ['application/json', 'text/plain'])
        const asText = query.format === undefined ? preferred === 'text/plain' : query.format === 'text'
        return { headers: { vary: 'accept' }, body: asText ? formatDiff(diff) : diff }
      },
    }),
    route({
      method: 'POST',
      path: '/servers/{server}/stage',
      operation: 'stageRelease',
      summary: 'Stage a release that is in the bucket',
      description: 'Also one that was staged or rejected before. Users see nothing of it until it is swapped live.',
      params,
      body: { version: { ...RELEASE_VERSION, description: 'The release to stage' }, generation: GENERATION },
      answers: json('Staged'),
      errors: [403, 404, 409, 422, 503],
      async handle({ params, body, caller }) {
        const { server, pool } = await findServer(dependencies, params.server)
        return { body: await stageFromBucket(dependencies, server, pool, { ...body, actor: caller.actor }) }
      },
    }),
    exchangeRoute(dependencies, swap, {
      path: '/servers/{server}/swap',
      operation: 'swapSlots',
      summary: 'Make the staged release live',
      version: 'What the staging slot has to hold',
    }),
    exchangeRoute(dependencies, rollback, {
      path: '/servers/{server}/rollback',
      operation: 'rollBack',
      summary: 'Exchange the live and the previous release',
      description: 'The call that names what is live now, made afterwards, undoes it.',
      version: 'What the previous slot has to hold',
    }),
    healthRoute(json('Health')),
  ]
  const { requiresCaller } = dependencies.identify
  routes.push(descriptionRoute(routes, { ...ABOUT, base: options.base, callerRequired: requiresCaller }))
  return routes
}

interface ExchangeAbout {
  readonly path: '/servers/{server}/swap' | '/servers/{server}/rollback'
  readonly operation: string
  readonly summary: string
  readonly description?: string
  /** What the caller's `version` is held against. */
  readonly version: string
}

function exchangeRoute(
  dependencies: SwapDependencies,
  exchange: Parameters<typeof exchangeAndAnnounce>[0],
  { version, ...about }: ExchangeAbout,
): Route {
  return route({
    method: 'POST',
    ...about,
    params,
    body: {
      version: { ...RELEASE_VERSION, description: version },
      generation: GENERATION,
      id: ID,
      leaveReadersOut: LEAVE_READERS_OUT,
    },
    answers: json('Exchanged'),
    errors: [403, 404, 409, 503],
    async handle({ params, body, caller }) {
      const { server, pool } = await findServer(dependencies, params.server)
      return { body: await exchangeAndAnnounce(exchange, dependencies, server, pool, { ...body, actor: caller.actor }) }
    },
  })
}

const ABOUT = {
  title: 'Almagest swap-schema',
  version: VERSION,
  description: 'Stages releases of TAP_SCHEMA metadata on TAP servers, swaps them live and rolls them back.',
  schemas: SCHEMAS,
}
