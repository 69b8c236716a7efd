import { describeApi } from '../../shared/platform/http/openapi.ts'
import { Representation } from '../../shared/platform/http/representation.ts'
import type { Route } from '../../shared/platform/http/route.ts'
import { VERSION } from '../../shared/version.ts'
import { publicRoute } from './public-route.ts'
import { SCHEMAS } from './schemas.ts'
import type { Service } from './service.ts'
import { DESCRIPTION } from './status-routes.ts'

/** The description of the routes, itself among them, where Repertoire has its own: `GET {pathPrefix}/openapi.json`. */
export function descriptionRoute({ config, started }: Service, routes: readonly Route[], base: string): Route {
  let described: Representation | undefined
  const describe = () => {
    const about = { title: config.name, version: VERSION, description: DESCRIPTION, base, schemas: SCHEMAS }
    return JSON.stringify(describeApi(routes, { ...about, securitySchemes: { token: TOKEN } }))
  }
  return publicRoute({
    path: `${config.pathPrefix}/openapi.json`,
    operation: 'describeApi',
    summary: 'This description',
    answers: { json: null },
    cacheable: true,
    async handle({ headers }) {
      described ??= new Representation(describe(), 'application/json', started)
      return described.answer(headers, 'public, max-age=300')
    },
  })
}

const TOKEN = {
  type: 'http',
  scheme: 'bearer',
  description: 'A token of the user, as Gafaelfawr issues them: it is looked up at `discovery.tokenInfoUrl`',
}
