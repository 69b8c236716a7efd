import { inOrder } from '../../shared/discovery/in-order.ts'
import { findDefault, splitUrl, visibleDatabases } from '../../shared/discovery/influxdb-access.ts'
import type { InfluxDatabaseConfig } from '../../shared/environment/discovery/repertoire.ts'
import { HttpError } from '../../shared/platform/http/errors.ts'
import { ref } from '../../shared/platform/http/json-schema.ts'
import { type ApiResponse, type Route, route } from '../../shared/platform/http/route.ts'
import type { RequestHeaders } from '../../shared/platform/identity.ts'
import type { TokenInfo } from '../../shared/platform/token-info.ts'
import { createAuthentication } from '../../shared/platform/users.ts'
import type { Service } from './service.ts'

type Database = InfluxDatabaseConfig & { readonly label: string }

/** For the person who asked alone. */
const PRIVATE = { 'cache-control': 'no-store, private', vary: 'authorization' }

const SHARED = { method: 'GET', anonymous: true, ignoresQuery: true, security: 'token' } as const

/** The credentials of InfluxDB databases, for those who may have them. Scripts of other web pages may not read them. */
export function influxdbRoutes(service: Service): readonly Route[] {
  const { config, dependencies } = service
  const base = `${config.pathPrefix}/discovery/influxdb`
  const all = [...config.influxdbDatabases].map(([label, database]) => ({ ...database, label }))
  const authenticate = createAuthentication(
    { realm: 'discovery', scopes: config.influxdbScopes, trustedProxy: config.trustedProxy },
    dependencies.lookUpToken,
  )
  const enter = async (headers: RequestHeaders) => {
    const user = await authenticate(headers)
    return { user, databases: visibleDatabases(all, user.scopes) }
  }
  const list = async ({ headers }: { readonly headers: RequestHeaders }): Promise<ApiResponse> => {
    const { user, databases } = await enter(headers)
    const entries = await Promise.all(databases.map((database) => readIfPossible(service, user, database)))
    return { headers: PRIVATE, body: inOrder(entries.flat()) }
  }
  return [
    route({
      ...SHARED,
      path: base,
      operation: 'listInfluxdb',
      summary: 'All InfluxDB databases that the user may see, with credentials',
      answers: { 'application/json': ref('InfluxCredentialsByLabel') },
      errors: [401, 403, 503],
      handle: list,
    }),
    route({
      ...SHARED,
      path: `${base}/{database}`,
      operation: 'readInfluxdb',
      summary: 'One InfluxDB database with credentials; `default` is the default EFD of the environment',
      params: { database: 'Label of a database' },
      answers: { 'application/json': ref('InfluxCredentials') },
      errors: [401, 403, 404, 503],
      async handle({ params, headers }) {
        const { user, databases } = await enter(headers)
        const database = findDatabase(all, params.database, config.defaultInfluxdb)
        if (database === undefined || !databases.includes(database)) throw notFound(params.database)
        return { headers: PRIVATE, body: await readCredentials(service, user, database) }
      },
    }),
  ]
}

/**
 * A database of the site's that is called `default` is what it is called. Which one is the default is a matter of the
 * environment, not of who asks.
 */
function findDatabase(all: readonly Database[], label: string, configured: string | null): Database | undefined {
  const named = all.find((database) => database.label === label)
  return named ?? (label === 'default' ? findDefault(all, configured) : undefined)
}

/** The sentence that Repertoire answers. */
function notFound(label: string): HttpError {
  const msg = `Database ${label} not found`
  return new HttpError(404, { msg, type: 'database_not_found', loc: ['path', 'database'] })
}

/** One password that is missing does not keep the others back. */
async function readIfPossible(service: Service, user: TokenInfo, database: Database) {
  try {
    return [[database.label, await readCredentials(service, user, database)] as const]
  } catch (error) {
    service.logger.error(`${database.label} is left out: its password cannot be read`, { error })
    return []
  }
}

async function readCredentials(
  { dependencies, logger }: Service,
  user: TokenInfo,
  database: Database,
): Promise<unknown> {
  const { label, url, local, description, username, passwordKey } = database
  const password = await dependencies.readSecret(passwordKey).catch((cause: unknown) => {
    const detail = { msg: `the credentials of ${label} are not available at the moment`, type: 'secret' }
    throw new HttpError(503, detail, { headers: { 'retry-after': '30' }, cause })
  })
  logger.info(`${user.username} reads the credentials of ${label}`, {
    audit: 'influxdb_credentials',
    username: user.username,
    label,
  })
  return {
    url,
    database: database.database,
    schema_registry: database.schemaRegistry,
    ...(local ? { local } : {}),
    ...(description === null ? {} : { description }),
    username,
    password: password.replace(/[\r\n]+$/, ''),
    ...splitUrl(url),
  }
}
