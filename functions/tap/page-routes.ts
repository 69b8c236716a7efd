import type { TapDependencies } from '../../shared/deployment/served-tap.ts'
import { HttpError } from '../../shared/platform/http/errors.ts'
import { TEXT } from '../../shared/platform/http/json-schema.ts'
import { type Route, route } from '../../shared/platform/http/route.ts'
import { formatExamples } from '../../shared/tap/examples.ts'
import { formatPage } from '../../shared/tap/page.ts'
import { PAGE_HEADERS } from '../../shared/tap/xhtml.ts'
import type { Access } from './access.ts'
import { TEXT_ERROR } from './error-document.ts'
import { findServer } from './find-server.ts'
import { SERVER } from './metadata-routes.ts'

/** Pages for people. */
export function pageRoutes({ servers }: TapDependencies, { open }: Access): readonly Route[] {
  const shared = { params: SERVER, ignoresQuery: true, errorFormat: TEXT_ERROR, errors: [404], ...open } as const
  const page = { ...shared, method: 'GET', answers: { 'text/html': TEXT } } as const
  const titleOf = (name: string) => `TAP service ${name}`
  return [
    route({
      ...page,
      path: '/{server}',
      operation: 'readPage',
      summary: 'What the service is and how to query it, as a page',
      handle({ params }) {
        const { name, service } = findServer(servers, params.server)
        const { url, examples, access } = service
        const needsToken = access.type !== 'anonymous'
        return { headers: PAGE_HEADERS, body: formatPage({ title: titleOf(name), url, examples, needsToken }) }
      },
    }),
    route({
      ...page,
      path: '/{server}/examples',
      operation: 'readExamples',
      summary: 'Queries that work here (DALI 1.1 §2.3)',
      handle({ params }) {
        const { name, service } = findServer(servers, params.server)
        if (service.examples.length === 0) {
          throw new HttpError(404, { msg: 'this service has no examples', type: 'not_configured' })
        }
        return { headers: PAGE_HEADERS, body: formatExamples(titleOf(name), service.examples) }
      },
    }),
  ]
}
