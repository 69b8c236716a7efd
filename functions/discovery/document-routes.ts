import type { Route } from '../../shared/platform/http/route.ts'
import { publicRoute } from './public-route.ts'
import type { Service } from './service.ts'

export function documentRoutes({ config, documents, tutorials }: Service): readonly Route[] {
  const base = `${config.pathPrefix}/discovery`
  return [
    publicRoute({
      path: base,
      operation: 'readDiscovery',
      summary: 'What is deployed, where, in which version',
      answers: { json: 'Discovery' },
      cacheable: true,
      handle: ({ headers }) => documents.answer('discovery', headers),
    }),
    publicRoute({
      path: `${base}/nublado`,
      operation: 'readNublado',
      summary: 'The same in the form that notebooks find as /etc/nublado/discovery/v1.json',
      answers: { json: 'Nublado' },
      cacheable: true,
      handle: ({ headers }) => documents.answer('nublado', headers),
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
