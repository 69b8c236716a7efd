import type { CloudSqlAddress, DatabaseAddress, UrlAddress } from '../database-address.ts'
import {
  complaintAboutDatabaseUrl,
  complaintAboutDatabaseUser,
  complaintAboutEndpoint,
  complaintAboutInstance,
  complaintAboutPasswordKey,
  normaliseDatabaseUrl,
} from './complaints.ts'
import type { Report } from './report.ts'
import { type Found, optional, part, sectionAs } from './sections.ts'
import { integer, oneOf, text } from './shapes.ts'

const DETAILS = {
  url: optional(text(complaintAboutDatabaseUrl, 'secret'), null, 'As `databaseUrl`.'),
  passwordKey: optional(text(complaintAboutPasswordKey), null, 'As `databasePasswordKey`.'),
  instance: optional(
    text(complaintAboutInstance),
    null,
    'Cloud SQL instance, `project:region:name`, reached through the Cloud SQL connector with IAM authentication.',
  ),
  ipType: optional(
    oneOf('PUBLIC', 'PRIVATE', 'PSC'),
    'PRIVATE' as const,
    'Which address of the instance to connect to.',
  ),
  user: optional(
    text(complaintAboutDatabaseUser),
    null,
    'IAM database user: for a service account its e-mail without `.gserviceaccount.com`. Required with `instance`.',
  ),
  name: optional(text(), null, 'Database of the instance. Required with `instance`.'),
  poolMax: optional(
    integer(1, 100),
    5,
    'Connections that one function instance may hold open; also beside `databaseUrl`.',
  ),
  adminApiEndpoint: optional(
    text(complaintAboutEndpoint),
    null,
    "URL of a stand-in for Google's Cloud SQL Admin API, for tests.",
  ),
}

/** The keys with which a database is named; `otherwise` says what holds without them. */
export function databaseKeys(otherwise: string) {
  return {
    databaseUrl: optional(
      text(complaintAboutDatabaseUrl, 'secret'),
      null,
      `Its database, \`postgresql://user@host:port/database\`. ${otherwise}`,
    ),
    databasePasswordKey: optional(
      text(complaintAboutPasswordKey),
      null,
      'File of the secrets directory that holds the password for `databaseUrl`.',
    ),
    database: part(
      sectionAs(DETAILS, (found) => found),
      'Its database, in more detail: a URL or a Cloud SQL instance.',
    ),
  }
}

type Keys = Found<ReturnType<typeof databaseKeys>>
type Details = Found<typeof DETAILS>

/**
 * The database that the keys name: a URL or a Cloud SQL instance. null: they name none. undefined: it cannot be said
 * which, and that has been reported.
 */
export function readDatabase(found: Keys, report: Report): DatabaseAddress | null | undefined {
  const details = found.value('database')
  if (details === undefined) return undefined
  const ways = [
    ...(found.isGiven('databaseUrl') ? [{ name: 'databaseUrl', place: found.placeOf('databaseUrl') }] : []),
    ...(['url', 'instance'] as const)
      .filter((key) => details.isGiven(key))
      .map((key) => ({ name: `database.${key}`, place: details.placeOf(key) })),
  ]
  const [way, second] = ways
  if (way === undefined) return null
  if (second !== undefined) {
    const message = `the database is given twice, by ${way.name} and ${second.name}; keep one of them`
    report.error('conflict', second.place, message)
    return undefined
  }
  return way.name === 'database.instance'
    ? readInstance(found, details, report)
    : readUrl(found, details, way.name, report)
}

function readUrl(found: Keys, details: Details, way: string, report: Report): UrlAddress | undefined {
  for (const key of ['user', 'name', 'ipType', 'adminApiEndpoint'] as const) {
    if (!details.isGiven(key)) continue
    const message = `belongs to a Cloud SQL instance, but the database is given by ${way}`
    report.error('conflict', details.placeOf(key), message)
  }
  if (found.isGiven('databasePasswordKey') && details.isGiven('passwordKey')) {
    report.error('conflict', details.placeOf('passwordKey'), 'the password key is given twice; keep one')
  }
  const url = found.value('databaseUrl') ?? details.value('url')
  const poolMax = details.value('poolMax')
  if (url === undefined || url === null || poolMax === undefined) return undefined
  const passwordKey = found.value('databasePasswordKey') ?? details.value('passwordKey') ?? null
  const plain = normaliseDatabaseUrl(url)
  if (passwordKey !== null && new URL(plain).password !== '') {
    const place = way === 'databaseUrl' ? found.placeOf('databaseUrl') : details.placeOf('url')
    report.warn('no_effect', place, 'the URL holds a password, which is not used: the password key comes first')
  }
  return { kind: 'url', url: plain, passwordKey, poolMax }
}

function readInstance(found: Keys, details: Details, report: Report): CloudSqlAddress | undefined {
  const passwords = [
    ...(found.isGiven('databasePasswordKey') ? [found.placeOf('databasePasswordKey')] : []),
    ...(details.isGiven('passwordKey') ? [details.placeOf('passwordKey')] : []),
  ]
  for (const place of passwords) {
    report.error('conflict', place, 'has no meaning with a Cloud SQL instance: it authenticates with IAM')
  }
  for (const key of ['user', 'name'] as const) {
    if (details.isGiven(key)) continue
    report.error('missing_key', details.placeOf('instance'), `a Cloud SQL instance also needs database.${key}`)
  }
  const given = details.whole()
  if (given === undefined) return undefined
  const { instance, user, name: database, ipType, poolMax, adminApiEndpoint } = given
  if (instance === null || user === null || database === null) return undefined
  return { kind: 'cloudsql', instance, ipType, user, database, poolMax, adminApiEndpoint }
}

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/

/** Equal for two addresses of one database, as far as addresses say. It holds no password. */
export function identifyDatabase(address: DatabaseAddress): string {
  if (address.kind === 'cloudsql') return `${address.instance}/${address.database}`
  const { hostname, port, pathname, searchParams } = new URL(address.url)
  const host = (hostname || searchParams.get('host') || '').toLowerCase().replace(LOOPBACK, 'localhost')
  return `${host}:${port || searchParams.get('port') || '5432'}${decodeURIComponent(pathname)}`
}
