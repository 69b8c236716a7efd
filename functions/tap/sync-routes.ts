import type { TapDependencies } from '../../shared/deployment/served-tap.ts'
import type { FormLimits } from '../../shared/platform/http/form.ts'
import { TEXT } from '../../shared/platform/http/json-schema.ts'
import { type Fields, type Route, route } from '../../shared/platform/http/route.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { FORMATS } from '../../shared/votable/formats.ts'
import type { Access } from './access.ts'
import { VOTABLE_ERROR } from './error-document.ts'
import { findServer } from './find-server.ts'
import { SERVER } from './metadata-routes.ts'
import { answerSync } from './sync.ts'

/** Of a query (TAP 1.1 §2.7), for the description: their names compare without case. */
export const PARAMETERS = {
  LANG: {
    type: 'string',
    description: 'The language of the query',
    enum: ['ADQL', 'ADQL-2.0', 'ADQL-2.1'],
    required: true,
  },
  QUERY: { type: 'string', description: 'The query', required: true, example: 'SELECT * FROM TAP_SCHEMA.tables' },
  MAXREC: { type: 'integer', description: 'Rows of the result at most; 0: its columns alone', minimum: 0 },
  RESPONSEFORMAT: {
    type: 'string',
    description: 'Format of the result, a media type or a short name; FORMAT is the same',
  },
  UPLOAD: { type: 'string', description: 'A table for TAP_UPLOAD: name,param:part or name,https://…; may be repeated' },
  RUNID: { type: 'string', description: 'A mark of the client’s own, for the log and the result', maxLength: 64 },
} as const satisfies Fields

const MEBIBYTE = 1024 * 1024

/** Cloud Run takes no larger request, and a body lies in memory. */
const MAX_BODY_BYTES = 32 * MEBIBYTE

/** Beside the query: other parameters, and the heads of parts. */
const MORE_BYTES = 64 * 1024
const MORE_PARTS = 30

export function syncRoutes({ servers }: TapDependencies, { guarded }: Access, logger: Logger): readonly Route[] {
  const shared = {
    ...{ path: '/{server}/sync', params: SERVER, errorFormat: VOTABLE_ERROR, ...guarded },
    answers: Object.fromEntries(FORMATS.map(({ mediaType }) => [mediaType, TEXT])),
    errors: [400, 401, 403, 404, 429, 503, 504],
    form: {
      fields: PARAMETERS,
      limits: formLimits(servers),
    },
    handle: (request: Parameters<Route['handle']>[0]) =>
      answerSync(
        findServer(servers, (request.params as Readonly<Record<string, string>>).server ?? ''),
        request,
        logger,
      ),
  } as const
  return [
    route({ ...shared, method: 'GET', operation: 'getSync', summary: 'Answers a query with its rows' }),
    route({ ...shared, method: 'POST', operation: 'postSync', summary: 'The same, of a form as the body' }),
  ]
}

/** What a request with a query may bring along. */
export function formLimits(servers: TapDependencies['servers']) {
  return (params: Readonly<Record<string, string>>): FormLimits => {
    const { queryBytes, uploads } = findServer(servers, params.server ?? '').service.limits
    const bytes = Math.min(MAX_BODY_BYTES, uploads.tables * uploads.bytes) + queryBytes + MEBIBYTE
    return { bytes, textBytes: queryBytes + MORE_BYTES, parts: uploads.tables + MORE_PARTS }
  }
}
