import type { CloudSqlAddress, DatabaseAddress, UrlAddress } from '../database-address.ts'
import { normaliseDatabaseUrl } from './field-rules.ts'
import type { Report } from './report.ts'
import type { Settings, ValueKey } from './settings.ts'

type Prefix = 'tap.servers.*' | 'results.jobs'

/**
 * The database that the keys below `prefix` name: a URL or a Cloud SQL instance. null: neither can be told, and that is
 * reported.
 */
export function readDatabase(settings: Settings, prefix: Prefix, report: Report): DatabaseAddress | null {
  const keys = keysBelow(prefix)
  const ways = keys.ways.filter((key) => settings.has(key))
  const [way, second] = ways
  if (way === undefined) {
    const wrong = keys.ways.some((key) => settings.wasWrong(key))
    const message = 'has no database: give databaseUrl, or database with url or instance'
    if (!wrong)
      report.error('missing_key', settings.place, prefix === 'results.jobs' ? `${prefix} ${message}` : message)
    return null
  }
  if (second !== undefined) {
    const message = `the database is given twice, by ${nameOf(way)} and ${nameOf(second)}; keep one of them`
    report.error('conflict', settings.placeOf(second), message)
    return null
  }
  return way === keys.instance ? readInstance(settings, keys, report) : readUrl(settings, keys, way, report)
}

function keysBelow(prefix: Prefix) {
  const [databaseUrl, url] = [`${prefix}.databaseUrl`, `${prefix}.database.url`] as const
  const instance = `${prefix}.database.instance` as const
  const [user, name] = [`${prefix}.database.user`, `${prefix}.database.name`] as const
  const ipType = `${prefix}.database.ipType` as const
  const adminApiEndpoint = `${prefix}.database.adminApiEndpoint` as const
  return {
    ways: [databaseUrl, url, instance] as const,
    passwords: [`${prefix}.databasePasswordKey`, `${prefix}.database.passwordKey`] as const,
    ofInstance: [user, name, ipType, adminApiEndpoint] as const,
    instance,
    user,
    name,
    ipType,
    adminApiEndpoint,
    poolMax: `${prefix}.database.poolMax` as const,
  }
}

type Keys = ReturnType<typeof keysBelow>

function readUrl(settings: Settings, keys: Keys, way: Keys['ways'][number], report: Report): UrlAddress | null {
  const url = settings.get(way)
  if (url === null) return null
  const reason = `belongs to a Cloud SQL instance, but the database is given by ${nameOf(way)}`
  refuseKeys(settings, keys.ofInstance, reason, report)
  const [, second] = keys.passwords.filter((key) => settings.has(key))
  if (second !== undefined)
    report.error('conflict', settings.placeOf(second), 'the password key is given twice; keep one')
  const passwordKey = settings.get(keys.passwords[0]) ?? settings.get(keys.passwords[1])
  const plain = normaliseDatabaseUrl(url)
  if (passwordKey !== null && new URL(plain).password !== '') {
    const message = 'the URL holds a password, which is not used: the password key comes first'
    report.warn('no_effect', settings.placeOf(way), message)
  }
  return { kind: 'url', url: plain, passwordKey, poolMax: settings.get(keys.poolMax) }
}

function readInstance(settings: Settings, keys: Keys, report: Report): CloudSqlAddress | null {
  const reason = 'has no meaning with a Cloud SQL instance: it authenticates with IAM'
  refuseKeys(settings, keys.passwords, reason, report)
  const instance = settings.get(keys.instance)
  const user = settings.get(keys.user)
  const database = settings.get(keys.name)
  for (const key of [keys.user, keys.name] as const) {
    if (settings.has(key) || settings.wasWrong(key)) continue
    report.error('missing_key', settings.placeOf(keys.instance), `a Cloud SQL instance also needs ${nameOf(key)}`)
  }
  if (instance === null || user === null || database === null) return null
  return {
    kind: 'cloudsql',
    instance,
    ipType: settings.get(keys.ipType),
    user,
    database,
    poolMax: settings.get(keys.poolMax),
    adminApiEndpoint: settings.get(keys.adminApiEndpoint),
  }
}

function refuseKeys(settings: Settings, keys: readonly ValueKey[], message: string, report: Report): void {
  for (const key of keys) if (settings.has(key)) report.error('conflict', settings.placeOf(key), message)
}

function nameOf(key: ValueKey): string {
  return key.replace(/^(tap\.servers\.\*|results\.jobs)\./, '')
}

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/

/** Equal for two addresses of one database, as far as addresses tell. It holds no password. */
export function identifyDatabase(address: DatabaseAddress): string {
  if (address.kind === 'cloudsql') return `${address.instance}/${address.database}`
  const { hostname, port, pathname, searchParams } = new URL(address.url)
  const host = (hostname || searchParams.get('host') || '').toLowerCase().replace(LOOPBACK, 'localhost')
  return `${host}:${port || searchParams.get('port') || '5432'}${decodeURIComponent(pathname)}`
}
