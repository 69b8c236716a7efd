import { normaliseDatabaseUrl } from './field-rules.ts'
import type { CloudSqlAddress, DatabaseAddress, UrlAddress } from './model.ts'
import type { Report } from './report.ts'
import type { Settings, ValueKey } from './settings.ts'

const URL_KEYS = ['tap.servers.*.databaseUrl', 'tap.servers.*.database.url'] as const
const PASSWORD_KEYS = ['tap.servers.*.databasePasswordKey', 'tap.servers.*.database.passwordKey'] as const
const INSTANCE = 'tap.servers.*.database.instance'
const WAYS = [...URL_KEYS, INSTANCE] as const
const INSTANCE_KEYS = [
  'tap.servers.*.database.user',
  'tap.servers.*.database.name',
  'tap.servers.*.database.ipType',
  'tap.servers.*.database.adminApiEndpoint',
] as const

/** The database of one TAP server: a URL or a Cloud SQL instance. null: neither can be told, and that is reported. */
export function readDatabase(server: Settings, report: Report): DatabaseAddress | null {
  const ways = WAYS.filter((key) => server.has(key))
  const [way, second] = ways
  if (way === undefined) {
    const wrong = WAYS.some((key) => server.wasWrong(key))
    if (!wrong)
      report.error('missing_key', server.place, 'has no database: give databaseUrl, or database with url or instance')
    return null
  }
  if (second !== undefined) {
    const message = `the database is given twice, by ${nameOf(way)} and ${nameOf(second)}; keep one of them`
    report.error('conflict', server.placeOf(second), message)
    return null
  }
  return way === INSTANCE ? readInstance(server, report) : readUrl(server, way, report)
}

function readUrl(server: Settings, way: (typeof URL_KEYS)[number], report: Report): UrlAddress | null {
  const url = server.get(way)
  if (url === null) return null
  refuseKeys(
    server,
    INSTANCE_KEYS,
    `belongs to a Cloud SQL instance, but the database is given by ${nameOf(way)}`,
    report,
  )
  const [, second] = PASSWORD_KEYS.filter((key) => server.has(key))
  if (second !== undefined)
    report.error('conflict', server.placeOf(second), 'the password key is given twice; keep one')
  const passwordKey = server.get(PASSWORD_KEYS[0]) ?? server.get(PASSWORD_KEYS[1])
  const plain = normaliseDatabaseUrl(url)
  if (passwordKey !== null && new URL(plain).password !== '') {
    const message = 'the URL holds a password, which is not used: the password key comes first'
    report.warn('no_effect', server.placeOf(way), message)
  }
  return { kind: 'url', url: plain, passwordKey, poolMax: server.get('tap.servers.*.database.poolMax') }
}

function readInstance(server: Settings, report: Report): CloudSqlAddress | null {
  refuseKeys(server, PASSWORD_KEYS, 'has no meaning with a Cloud SQL instance: it authenticates with IAM', report)
  const instance = server.get(INSTANCE)
  const user = server.get('tap.servers.*.database.user')
  const database = server.get('tap.servers.*.database.name')
  for (const key of ['tap.servers.*.database.user', 'tap.servers.*.database.name'] as const) {
    if (server.has(key) || server.wasWrong(key)) continue
    report.error('missing_key', server.placeOf(INSTANCE), `a Cloud SQL instance also needs ${nameOf(key)}`)
  }
  if (instance === null || user === null || database === null) return null
  return {
    kind: 'cloudsql',
    instance,
    ipType: server.get('tap.servers.*.database.ipType'),
    user,
    database,
    poolMax: server.get('tap.servers.*.database.poolMax'),
    adminApiEndpoint: server.get('tap.servers.*.database.adminApiEndpoint'),
  }
}

function refuseKeys(server: Settings, keys: readonly ValueKey[], message: string, report: Report): void {
  for (const key of keys) if (server.has(key)) report.error('conflict', server.placeOf(key), message)
}

function nameOf(key: ValueKey): string {
  return key.slice('tap.servers.*.'.length)
}

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/

/** Equal for two addresses of one database, as far as addresses tell. It holds no password. */
export function identifyDatabase(address: DatabaseAddress): string {
  if (address.kind === 'cloudsql') return `${address.instance}/${address.database}`
  const { hostname, port, pathname, searchParams } = new URL(address.url)
  const host = (hostname || searchParams.get('host') || '').toLowerCase().replace(LOOPBACK, 'localhost')
  return `${host}:${port || searchParams.get('port') || '5432'}${decodeURIComponent(pathname)}`
}
