import type pg from 'pg'
import { readUserTables } from '../../shared/deployment/read-user-tables.ts'
import type { TapDependencies } from '../../shared/deployment/served-tap.ts'
import { COUNT, list, nullable, object, openObject, TEXT, TIME } from '../../shared/platform/http/json-schema.ts'
import { type ApiRequest, type Route, route } from '../../shared/platform/http/route.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import { QueryBusyError } from '../../shared/query/errors.ts'
import { createUserTable } from '../../shared/user-tables/create-table.ts'
import { dropUserTable } from '../../shared/user-tables/drop-table.ts'
import { loadUserTable } from '../../shared/user-tables/load-table.ts'
import { MAX_COLUMNS, TABLE_NAME, tapNameOf } from '../../shared/user-tables/names.ts'
import { listTableShares, shareTable, unshareTable } from '../../shared/user-tables/share-table.ts'
import { type ReadableTable, rememberGroups } from '../../shared/user-tables/user-table.ts'
import { checkGroups } from '../../shared/uws/user-groups.ts'
import type { Access } from './access.ts'
import { TEXT_ERROR } from './error-document.ts'
import { findServer } from './find-server.ts'
import { bad, parameterOf, readGrantees, readInstant } from './job-parameters.ts'
import { describeShare, SHARE_FIELDS } from './job-routes.ts'
import { SERVER } from './metadata-routes.ts'
import { readerOf } from './quota-holder.ts'
import { formLimits, PARAMETERS } from './sync-routes.ts'
import { openOwnTables, withinQuota } from './user-table-access.ts'

type Request = ApiRequest<{ readonly server: string; readonly table: string }, unknown, Buffer>

const PARAMS = {
  ...SERVER,
  table: {
    description: 'Its name, with the schema of its owner or without; words of ADQL are not taken',
    pattern: TABLE_NAME,
  },
}

/** What a body may be. What it is shows in its first bytes, all but whether lines are CSV or TSV. */
const VOSI = 'text/xml'
const TABLES = ['application/x-votable+xml', VOSI, 'text/csv', 'text/tab-separated-values']

const FORM_BYTES = 64 * 1024
/** Of all columns that a table can have, in a few words each. */
const DESCRIPTION_BYTES = 1024 * 1024

const TABLE_SHARE_FIELDS = {
  ...SHARE_FIELDS,
  MODE: { type: 'string', description: 'What they may; left out: read', enum: ['read', 'write'] },
} as const

const { QUERY, LANG, MAXREC, UPLOAD, RUNID } = PARAMETERS

/** Of one way to say what is saved, or the other. */
const SAVE_FIELDS = {
  JOB: { type: 'string', description: 'Id of a job that is COMPLETED; or, in its place, a query' },
  ...{ QUERY: { ...QUERY, required: false }, LANG: { ...LANG, required: false } },
  MAXREC: { ...MAXREC, description: 'Rows at most; left out: more than can be saved at a time are an error' },
  ...{ UPLOAD, RUNID },
} as const

/** Each holds one of the few connections to the jobs until its last row is there. */
const MOST_SAVES = 2
const BUSY = 'The service saves as many results as it can at once: try again in a moment.'

const LISTED = object({
  table: TEXT,
  owner: TEXT,
  writable: { type: 'boolean' },
  rows: COUNT,
  changed: TIME,
  used: TIME,
  description: nullable(TEXT),
})

/** Tables that users keep, by the requests of pyvo's create_table, load_table and remove_table (CADC YouCat). */
export function userTableRoutes(dependencies: TapDependencies, { guarded }: Access, logger: Logger): readonly Route[] {
  const { servers } = dependencies
  let saving = 0
  const open = ({ params, caller }: Pick<Request, 'params' | 'caller'>) =>
    openOwnTables(dependencies, params.server, caller)
  const maxBytes = ({ server = '' }: Readonly<Record<string, string>>) =>
    findServer(servers, server).service.userTables?.bytes ?? 0
  const shared = { params: PARAMS, errorFormat: TEXT_ERROR, ...guarded } as const
  const share = {
    ...shared,
    path: '/{server}/tables/{table}/share',
    errors: [400, 401, 403, 404, 503],
    answers: {
      'application/json': object({
        shares: list(
          openObject({ user: TEXT, group: TEXT, mode: TEXT, created: TIME, until: nullable(TIME) }, ['user', 'group']),
        ),
      }),
    },
  } as const
  const answerShares = async (request: Pick<Request, 'params' | 'caller'>) => {
    const { pool, server, owner } = await open(request)
    const shares = await listTableShares(pool, { server, owner, name: request.params.table })
    return { body: { shares: shares.map((one) => ({ ...describeShare(one), mode: one.mode })) } }
  }
  return [
    route({
      ...shared,
      method: 'GET',
      path: '/{server}/user-tables',
      params: SERVER,
      operation: 'listUserTables',
      summary: 'The tables that the caller keeps, and those that are shared with him',
      ignoresQuery: true,
      answers: { 'application/json': object({ tables: list(LISTED) }) },
      errors: [401, 403, 404, 503],
      async handle({ params, caller }: Pick<ApiRequest<{ readonly server: string }>, 'params' | 'caller'>) {
        const { served } = await openOwnTables(dependencies, params.server, caller)
        const tables = await readUserTables(served, readerOf(caller))
        return { headers: { 'cache-control': 'no-store' }, body: { tables: tables.map(describeTable) } }
      },
    }),
    route({
      ...shared,
      method: 'PUT',
      path: '/{server}/tables/{table}',
      operation: 'createTable',
      summary:
        'Creates a table of the caller: an empty one by a VOSI description, or a VOTable, CSV or TSV with its rows',
      ...{ body: 'bytes', bodyTypes: TABLES, maxBytes, ignoresQuery: true },
      answers: { 'application/json': object({ table: TEXT, columns: COUNT, rows: COUNT }) },
      errors: [400, 401, 403, 404, 409, 429, 503],
      async handle(request: Request) {
        const own = await open(request)
        const { load, limits, pool, server, owner, queryRole } = own
        await noteOwner(pool, server, request)
        const { table: name } = request.params
        const { readContent } = await import('./read-content.ts')
        const content = await readContent(request.body, contentTypeOf(request), { ...load, name })
        const table = { server, owner, name, queryRole, ...content }
        return { body: await withinQuota(own, logger, () => createUserTable(pool, table, limits)) }
      },
    }),
    route({
      ...shared,
      method: 'POST',
      path: '/{server}/tables/{table}',
      operation: 'describeTable',
      summary:
        'Changes what is said of a table of the caller and its columns, by a VOSI description: what is empty is taken away, what is left out stays',
      ...{ body: 'bytes', bodyTypes: [VOSI], maxBytes: () => DESCRIPTION_BYTES, ignoresQuery: true },
      answers: { 'application/json': object({ described: TEXT }) },
      errors: [400, 401, 403, 404, 503],
      async handle(request: Request) {
        const { pool, server, owner } = await open(request)
        const { editUserTable, readChanges } = await import('../../shared/user-tables/edit-table.ts')
        const { table: name } = request.params
        await editUserTable(pool, { server, owner, name }, readChanges(request.body.toString('utf8')))
        return { body: { described: name } }
      },
    }),
    route({
      ...shared,
      method: 'DELETE',
      path: '/{server}/tables/{table}',
      operation: 'dropTable',
      summary: 'Drops a table of the caller with its rows and shares',
      ignoresQuery: true,
      answers: { 'application/json': object({ dropped: TEXT }) },
      errors: [400, 401, 403, 404, 503],
      async handle(request: Pick<Request, 'params' | 'caller'>) {
        const { pool, server, owner } = await open(request)
        await dropUserTable(pool, server, owner, request.params.table)
        return { body: { dropped: request.params.table } }
      },
    }),
    route({
      ...shared,
      method: 'POST',
      path: '/{server}/load/{table}',
      operation: 'loadTable',
      summary:
        'Appends rows in CSV, TSV or VOTable to a table of the caller, or one that is shared with him for writing: all, or none',
      ...{ body: 'bytes', bodyTypes: TABLES, maxBytes, ignoresQuery: true },
      answers: { 'application/json': object({ table: TEXT, rows: COUNT }) },
      errors: [400, 401, 403, 404, 429, 503],
      async handle(request: Request) {
        const own = await open(request)
        const { load, limitsOf, pool, server, owner } = own
        const { table: name } = request.params
        const writer = readerOf(request.caller) ?? { user: owner, groups: [] }
        // The readers of tables are a tenth of the code, and most instances are never sent one.
        const { readTable } = await import('../../shared/votable/read-table.ts')
        const rows = await readTable(request.body, {
          ...{ name, contentType: contentTypeOf(request) },
          limits: { ...load, columns: MAX_COLUMNS },
        })
        const table = { server, writer, name, rows }
        const added = await withinQuota(own, logger, () => loadUserTable(pool, table, limitsOf))
        return { body: { table: name, rows: added } }
      },
    }),
    route({
      ...shared,
      method: 'POST',
      path: '/{server}/save/{table}',
      operation: 'saveTable',
      summary: 'Creates a table of the caller of the result of a job, or of a query',
      form: { fields: SAVE_FIELDS, limits: formLimits(servers) },
      answers: {
        'application/json': object({ table: TEXT, columns: COUNT, rows: COUNT, overflow: { type: 'boolean' } }),
      },
      errors: [400, 401, 403, 404, 409, 413, 429, 503, 504],
      async handle(request: Pick<Request, 'params' | 'caller' | 'form' | 'signal'>) {
        const own = await open(request)
        await noteOwner(own.pool, own.server, request)
        if (saving >= MOST_SAVES) throw new QueryBusyError(BUSY)
        saving += 1
        try {
          const { saveResult } = await import('./save-result.ts')
          const save = () => saveResult(own, request.params.table, request, logger)
          return { body: await withinQuota(own, logger, save) }
        } finally {
          saving -= 1
        }
      },
    }),
    route({
      ...share,
      method: 'GET',
      operation: 'listTableShares',
      summary: 'Who else may read a table of the caller',
      ignoresQuery: true,
      handle: answerShares,
    }),
    route({
      ...share,
      method: 'POST',
      operation: 'shareTable',
      summary:
        'USER and GROUP may read a table from now on, with MODE=write also load it, with ACTION=REMOVE no longer',
      form: { fields: TABLE_SHARE_FIELDS, limits: () => ({ bytes: FORM_BYTES, textBytes: FORM_BYTES, parts: 100 }) },
      async handle(request: Pick<Request, 'params' | 'caller' | 'form'>) {
        const { pool, server, owner } = await open(request)
        const { form } = request
        const table = { server, owner, name: request.params.table }
        const action = parameterOf(form, 'ACTION')
        if (action !== undefined && action !== 'REMOVE') {
          throw bad(`ACTION is REMOVE or left out, not ${JSON.stringify(action)}`)
        }
        const mode = parameterOf(form, 'MODE') ?? 'read'
        if (mode !== 'read' && mode !== 'write') throw bad(`MODE is read or write, not ${JSON.stringify(mode)}`)
        const grantees = readGrantees(form)
        const until = parameterOf(form, 'UNTIL')
        if (action !== 'REMOVE') await checkGroups(pool, server, grantees)
        if (action === 'REMOVE') await unshareTable(pool, table, grantees)
        else
          await shareTable(pool, table, grantees, {
            mode,
            until: until === undefined ? null : readInstant('UNTIL', until),
          })
        return answerShares(request)
      },
    }),
  ]
}

function describeTable({ owner, name, writable, rows, changed, used, description }: ReadableTable) {
  return {
    table: tapNameOf(owner, name),
    owner,
    writable,
    rows,
    changed: changed.toISOString(),
    used: used.toISOString(),
    description,
  }
}

/** What he may have counts also when others load his tables. */
async function noteOwner(pool: pg.Pool, server: string, { caller }: Pick<Request, 'caller'>): Promise<void> {
  const reader = readerOf(caller)
  if (reader !== null) await rememberGroups(pool, server, reader)
}

function contentTypeOf({ headers }: Pick<Request, 'headers'>): string | null {
  return [headers['content-type'] ?? []].flat()[0] ?? null
}
