import type { Route } from '../../shared/platform/http/route.ts'
import { publicRoute } from './public-route.ts'
import type { Service } from './service.ts'

/** A swap shows within this and the lifetime of what the databases said. */
export const SHORT_LIVED = 'public, max-age=3, stale-if-error=86400'

export function documentRoutes({ config, documents, tutorials }: Service): readonly Route[] {
  const base = `${config.pathPrefix}/discovery`
  return [
    publicRoute({
      path: base,
      operation: 'readDiscovery',
      summary: 'What is deployed, where, in which version',
      answers: { json: 'Discovery' },
      cacheable: true,
      handle: async ({ headers }) => (await documents.readDiscovery()).answer(headers, SHORT_LIVED),
    }),
    publicRoute({
      path: `${base}/nublado`,
      operation: 'readNublado',
      summary: 'The same in the form that notebooks find as /etc/nublado/discovery/v1.json',
      answers: { json: 'Nublado' },
      cacheable: true,
      handle: async ({ headers }) => (await documents.readNublado()).answer(headers, SHORT_LIVED),
    }),
    publicRoute({
      path: `${base}/tutorials`,
      operation: 'readTutorials',
      summary: 'The tutorials repository and its menu',
      answers: { json: 'Tutorials' },
      cacheable: true,
      errors: [404, 503],
      handle: async ({ headers }) =>
        (await tutorials.read()).answer(headers, 'public, max-age=60, stale-if-error=86400'),
    }),
  ]
}
