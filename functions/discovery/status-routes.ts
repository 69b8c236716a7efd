import type { ServerState } from '../../shared/discovery/watched-server.ts'
import type { Route } from '../../shared/platform/http/route.ts'
import { formatAvailability } from '../../shared/tap/availability.ts'
import { VERSION } from '../../shared/version.ts'
import { publicRoute } from './public-route.ts'
import type { Service } from './service.ts'

const XML = { headers: { 'content-type': 'text/xml; charset=utf-8' } }

const AVAILABILITY = {
  path: '/availability',
  operation: 'readAvailability',
  summary: 'Whether the service can work (VOSI 1.1 §2.2)',
  answers: { text: 'text/xml' },
} as const

export function statusRoutes(service: Service): readonly Route[] {
  const { config, started } = service
  const metadata = { name: config.name, version: VERSION, description: DESCRIPTION }
  const readAvailability = async () => ({
    ...XML,
    body: formatAvailability({ available: true, upSince: started.toISOString(), notes: describeTrouble(service) }),
  })
  const routes = [
    publicRoute({ ...AVAILABILITY, handle: readAvailability }),
    publicRoute({
      path: '/healthz',
      operation: 'checkHealth',
      summary: 'Whether the function runs, and what it could not reach lately; nothing is asked',
      answers: { json: 'Health' },
      handle: async () => ({
        body: { status: 'ok', tap_servers: service.watch.known().states, hips_failing: service.hips.failing() },
      }),
    }),
    publicRoute({
      path: '/',
      operation: 'describeService',
      summary: 'Name and version of the service',
      answers: { json: 'Metadata' },
      handle: async () => ({ body: metadata }),
    }),
  ]
  if (config.pathPrefix === '') return routes
  return [
    ...routes,
    publicRoute({
      ...AVAILABILITY,
      path: `${config.pathPrefix}/availability`,
      operation: 'readPrefixedAvailability',
      handle: readAvailability,
    }),
    publicRoute({
      path: config.pathPrefix,
      operation: 'describePrefixedService',
      summary: 'Name and version of the service',
      answers: { json: 'PrefixedMetadata' },
      handle: async () => ({ body: { metadata } }),
    }),
  ]
}

export const DESCRIPTION = 'Service discovery: what is deployed, where, in which version.'

const CONSEQUENCES: Readonly<Partial<Record<ServerState, string>>> = {
  stale: 'does not answer; its TAP_SCHEMA may have changed meanwhile.',
  unreachable: 'does not answer; what is live in it is not known.',
}

function describeTrouble({ watch, hips }: Service): readonly string[] {
  const states = Object.entries(watch.known().states)
  return [
    ...states.flatMap(([server, state]) => {
      const consequence = CONSEQUENCES[state]
      return consequence === undefined ? [] : [`The database of ${server} ${consequence}`]
    }),
    ...hips.failing().map((url) => `The HiPS tree ${url} cannot be read.`),
  ]
}
