import { ref, TEXT } from '../../shared/platform/http/json-schema.ts'
import { type ApiRequest, type ApiResponse, type Route, route } from '../../shared/platform/http/route.ts'
import type { SCHEMAS } from './schemas.ts'

export interface PublicRoute {
  readonly path: string
  readonly operation: string
  readonly summary: string
  readonly params?: Readonly<Record<string, string>>
  /** What it answers: JSON of one of the schemas, text, any JSON, or never a 200. */
  readonly answers: { readonly json: keyof typeof SCHEMAS | null } | { readonly text: string } | null
  /** Whether callers that have the answer get a 304. */
  readonly cacheable?: true
  readonly otherwise?: Readonly<Record<number, string>>
  readonly errors?: readonly number[]
  /** What is known is best answered without a promise (serve.ts). */
  handle(request: ApiRequest): ApiResponse | Promise<ApiResponse>
}

/** Something that everybody may read, scripts of any web page included. Parameters that caches are evaded with do no harm. */
export function publicRoute({ answers, cacheable, otherwise = {}, ...definition }: PublicRoute): Route {
  return route({
    ...definition,
    method: 'GET',
    anonymous: true,
    cors: true,
    ignoresQuery: true,
    answers: describeAnswers(answers),
    otherwise: cacheable === true ? { 304: 'The caller has it', ...otherwise } : otherwise,
    handle: (request) => definition.handle(request as ApiRequest),
  })
}

function describeAnswers(answers: PublicRoute['answers']): Route['answers'] {
  if (answers === null) return {}
  if ('text' in answers) return { [answers.text]: TEXT }
  return { 'application/json': answers.json === null ? { type: 'object' } : ref(answers.json) }
}
