import { badArgument, QservRefusal, writeEnvelope } from './envelope.ts'
import type { RouteName } from './faults.ts'
import type { Queries } from './queries.ts'
import { readIngestForm } from './read-form.ts'
import { type Body, bodyOf, writeGenerated, writeInvalidUtf8, writeResultJson } from './result-json.ts'
import type { RunSql } from './run-sql.ts'
import type { UserTables } from './user-tables.ts'

export interface Czar {
  readonly queries: Queries
  readonly userTables: UserTables
  readonly runSql: RunSql
  /** Of the API. */
  readonly version: number
}

export interface CzarRequest {
  readonly search: URLSearchParams
  /** Parts of the path. */
  readonly parts: readonly string[]
  readonly contentType: string
  readonly body: Buffer
  /** What the body says, if its type is exactly application/json. */
  readonly json: Readonly<Record<string, unknown>>
  readonly warning: string
}

export interface CzarRoute {
  readonly name: RouteName
  readonly method: string
  readonly path: RegExp
  /** The version that brought it. */
  readonly since?: number
  /** The lowest version that it takes; undefined: it takes none, and nobody's name. */
  readonly minVersion: number | undefined
  answer(czar: Czar, request: CzarRequest): Promise<Body> | Body
}

/** Every endpoint of the front end of a czar (spec/qserv.md §1.4). */
export const ROUTES: readonly CzarRoute[] = [
  {
    name: 'version',
    method: 'GET',
    path: /^\/meta\/version$/,
    minVersion: undefined,
    answer: ({ version }) =>
      envelope({ kind: 'qserv-czar-query-frontend', id: 1, instance_id: 'fake', version, warning: '' }),
  },
  {
    name: 'query',
    method: 'POST',
    path: /^\/query$/,
    minVersion: 35,
    async answer({ runSql }, { json, warning }) {
      const result = await runSql(textOf(json, 'query'))
      return writeResultJson(result, String(json.binary_encoding ?? 'hex'), warning)
    },
  },
  {
    name: 'submit',
    method: 'POST',
    path: /^\/query-async$/,
    minVersion: 32,
    answer: async ({ queries }, { json, warning }) =>
      envelope({ queryId: await queries.submit(textOf(json, 'query')), warning }),
  },
  {
    name: 'status',
    method: 'GET',
    path: /^\/query-async\/status\/(\d.*|[^/]+)$/,
    minVersion: 47,
    answer: ({ queries }, { parts: [id], warning }) => envelope({ status: queries.status(idOf(id)), warning }),
  },
  {
    name: 'result',
    method: 'GET',
    path: /^\/query-async\/result\/([^/]+)$/,
    minVersion: 35,
    answer({ queries }, { parts: [id], search, warning }) {
      const { result, script } = queries.result(idOf(id))
      if (script.invalidUtf8) return bodyOf(writeInvalidUtf8())
      if (script.generated !== null) return writeGenerated(script.generated, warning)
      return writeResultJson(result, search.get('binary_encoding') ?? 'hex', warning)
    },
  },
  {
    name: 'result-delete',
    since: 40,
    method: 'DELETE',
    path: /^\/query-async\/result\/([^/]+)$/,
    minVersion: 40,
    answer({ queries }, { parts: [id], warning }) {
      queries.dropResult(idOf(id))
      return envelope({ warning })
    },
  },
  {
    name: 'cancel',
    method: 'DELETE',
    path: /^\/query-async\/([^/]+)$/,
    minVersion: 30,
    answer({ queries }, { parts: [id], warning }) {
      queries.cancel(idOf(id))
      return envelope({ warning })
    },
  },
  {
    name: 'ingest-data',
    since: 34,
    method: 'POST',
    path: /^\/ingest\/data$/,
    minVersion: 49,
    async answer({ userTables }, { json, warning }) {
      const { schema, rows } = json
      if (!Array.isArray(schema) || !Array.isArray(rows) || rows.length === 0) throw badArgument('rows is empty')
      const [database, table] = [textOf(json, 'database'), textOf(json, 'table')]
      const cells = rows.map((row: readonly unknown[]) => row.map((cell) => (cell === null ? null : String(cell))))
      const failed = await userTables.ingest({ database, table, columns: schema, rows: cells, parameters: {} })
      return envelope({ warning: [warning, failed].filter((text) => text !== '').join('; ') })
    },
  },
  {
    name: 'ingest-csv',
    since: 39,
    method: 'POST',
    path: /^\/ingest\/csv$/,
    minVersion: 55,
    async answer({ userTables }, { body, contentType, warning }) {
      await userTables.ingest(readIngestForm(body, contentType))
      return envelope({ warning })
    },
  },
  {
    name: 'drop-table',
    since: 34,
    method: 'DELETE',
    path: /^\/ingest\/table\/([^/]+)\/([^/]+)$/,
    minVersion: 34,
    async answer({ userTables }, { parts: [database = '', table = ''], warning }) {
      await userTables.dropTable(database, table)
      return envelope({ warning })
    },
  },
  {
    name: 'drop-database',
    since: 34,
    method: 'DELETE',
    path: /^\/ingest\/database\/([^/]+)$/,
    minVersion: 34,
    async answer({ userTables }, { parts: [database = ''], warning }) {
      await userTables.dropDatabase(database)
      return envelope({ warning })
    },
  },
]

function envelope(content: Readonly<Record<string, unknown>>): Body {
  return bodyOf(writeEnvelope(content))
}

function textOf(json: Readonly<Record<string, unknown>>, key: string): string {
  const value = json[key]
  if (typeof value !== 'string') throw badArgument(`required parameter ${key} is missing in the request body`)
  return value
}

/** As C++'s stoull reads it: `12abc` is 12. */
function idOf(text = ''): bigint {
  const [digits] = /^\d+/.exec(text) ?? []
  if (digits === undefined) throw badArgument('stoull')
  return BigInt(digits)
}

/** Which version a request names, and whether the route takes it (spec/qserv.md §1.3). @returns the warning */
export function checkVersion(
  { minVersion }: CzarRoute,
  max: number,
  search: URLSearchParams,
  json: Readonly<Record<string, unknown>>,
): string {
  if (minVersion === undefined) return ''
  const named = json.version ?? search.get('version') ?? 0
  // Older czars had lower bounds; these are those of version 55.
  const min = Math.min(minVersion, max)
  const details = { min_version: min, max_version: max }
  const version = Number(named)
  if (!Number.isInteger(version)) throw new QservRefusal(`the version ${String(named)} is not a number`, details)
  if (version === 0) return 'No version number was provided in the request.'
  if (version >= min && version <= max) return ''
  throw new QservRefusal(
    `The requested version ${version} of the API is not in the range supported by the service.`,
    details,
  )
}
