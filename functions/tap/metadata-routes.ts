import type { TapDependencies } from '../../shared/deployment/served-tap.ts'
import { HttpError } from '../../shared/platform/http/errors.ts'
import { TEXT } from '../../shared/platform/http/json-schema.ts'
import { type ApiRequest, type Route, route } from '../../shared/platform/http/route.ts'
import { readDetail } from '../../shared/tap/parameters.ts'
import type { Access } from './access.ts'
import { readAvailability } from './availability.ts'
import { createDocuments, type Documents, type TablesDocument } from './documents.ts'
import { TEXT_ERROR } from './error-document.ts'
import { findServer } from './find-server.ts'

export const SERVER = { server: 'Name of a TAP server of the environment that has a service' }

/** Kept by caches, but only used after they have asked whether it is live still. */
const REVALIDATE = 'no-cache'

const FORM = {
  fields: {
    detail: { type: 'string', description: 'With max, columns and keys too', enum: ['min', 'max'], default: 'max' },
  },
  limits: () => ({ bytes: 0, textBytes: 0, parts: 0 }),
} as const

/** What there is, and whether it can be used (VOSI 1.1). */
export function metadataRoutes({ servers }: TapDependencies, { open, guarded }: Access): readonly Route[] {
  const documents = new Map([...servers.values()].map((served) => [served.name, createDocuments(served)]))
  const documentsOf = (name: string): Documents =>
    documents.get(findServer(servers, name).name) ?? createDocuments(findServer(servers, name))
  const xml = { method: 'GET', params: SERVER, errorFormat: TEXT_ERROR, answers: { 'application/xml': TEXT } } as const
  const cached = { ...xml, otherwise: { 304: 'The caller has it' } }
  return [
    route({
      ...cached,
      ...guarded,
      path: '/{server}/tables',
      operation: 'readTables',
      summary: 'The tables that queries may name (VOSI 1.1 §2.3)',
      form: FORM,
      errors: [400, 401, 403, 404, 503],
      handle: async ({ params, form, headers, caller }) =>
        answerFor(await documentsOf(params.server).tables(readDetail(form.pairs), caller), headers),
    }),
    route({
      ...cached,
      ...guarded,
      path: '/{server}/tables/{table}',
      operation: 'readTable',
      summary: 'One table with its columns and keys',
      params: { ...SERVER, table: 'Its name in TAP_SCHEMA, with its schema and its quotes' },
      ignoresQuery: true,
      errors: [401, 403, 404, 503],
      async handle({ params, headers, caller }) {
        const table = await documentsOf(params.server).table(params.table, caller)
        if (table === undefined) throw noTable(params.table)
        return answerFor(table, headers)
      },
    }),
    route({
      ...cached,
      ...open,
      path: '/{server}/capabilities',
      operation: 'readCapabilities',
      summary: 'What the service can do (VOSI 1.1 §2.1, TAPRegExt 1.0)',
      ignoresQuery: true,
      errors: [404, 503],
      handle: async ({ params, headers }) =>
        (await documentsOf(params.server).capabilities()).answer(headers, REVALIDATE),
    }),
    route({
      ...xml,
      ...open,
      answers: { 'text/xml': TEXT },
      path: '/{server}/availability',
      operation: 'readAvailability',
      summary: 'Whether queries can be answered now (VOSI 1.1 §2.2)',
      ignoresQuery: true,
      errors: [404],
      handle: ({ params }: Pick<ApiRequest<{ server: string }>, 'params'>) =>
        readAvailability(findServer(servers, params.server)),
    }),
  ]
}

/** What tables of users are in is for the caller alone. */
function answerFor({ representation, personal }: TablesDocument, headers: ApiRequest['headers']) {
  return representation.answer(headers, personal ? `private, ${REVALIDATE}` : REVALIDATE)
}

function noTable(name: string): HttpError {
  const msg = `there is no table ${JSON.stringify(name)}: its name is the one of TAP_SCHEMA, with its schema and its quotes`
  return new HttpError(404, { msg, type: 'table_not_found', loc: ['path', 'table'] })
}
