import {
  type ApiRequest,
  type ApiResponse,
  type JsonSchema,
  type Route,
  route,
} from '../../shared/platform/http-route.ts'

export interface PublicRoute {
  readonly path: string
  readonly operation: string
  readonly summary: string
  /** Of the answer; JSON unless given. */
  readonly mediaType?: string
  readonly schema?: JsonSchema
  readonly errors?: readonly number[]
  handle(request: ApiRequest): Promise<ApiResponse>
}

/** Something that everybody may read, scripts of any web page included. Parameters that caches are evaded with do no harm. */
export function publicRoute({ mediaType = 'application/json', schema = {}, ...definition }: PublicRoute): Route {
  return route({
    ...definition,
    method: 'GET',
    anonymous: true,
    cors: true,
    ignoresQuery: true,
    answers: { [mediaType]: schema },
    handle: (request) => definition.handle(request as ApiRequest),
  })
}
