import type { LoaderOptions } from '../tap-schema/options.ts'
import type { Environment, TapServer } from './model.ts'
import { identifyDatabase, readDatabase } from './read-database.ts'
import { isOnTheWeb } from './read-releases.ts'
import type { Report } from './report.ts'
import type { Settings } from './settings.ts'
import { serviceOf } from './tap-service.ts'

/** A name that fits into a URL path, a log field and an event attribute as it is. */
const SERVER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

/** The TAP servers that are enabled, each checked by itself and then against the others. */
export function readServers(
  settings: Settings,
  releases: Environment['releases'],
  report: Report,
): ReadonlyMap<string, TapServer> {
  refuseExtensionsPath(settings, report)
  const servers = new Map<string, TapServer>()
  for (const [name, part] of settings.named('tap.servers')) {
    if (!SERVER_NAME.test(name)) {
      const message =
        'is no name for a TAP server: at most 63 of letters, digits, ".", "_", "-", beginning with a letter or digit'
      report.error('invalid_value', part.place, `${JSON.stringify(name)} ${message}`)
    }
    if (!part.get('tap.servers.*.enabled')) continue
    const server = readServer(name, part, settings, releases, report)
    if (server !== null) servers.set(name, server)
  }
  refuseSharedDatabases(servers, settings, report)
  refuseServices(servers, settings, report)
  return servers
}

function readServer(
  name: string,
  part: Settings,
  settings: Settings,
  releases: Environment['releases'],
  report: Report,
): TapServer | null {
  const schemas = part.get('tap.servers.*.schemas')
  const key = 'tap.servers.*.schemas'
  const isReported = part.wasWrong(key) || (part.wasMisspelt(key) && !part.has(key))
  if (schemas.length === 0 && !isReported) {
    report.error('missing_key', part.placeOf('tap.servers.*.schemas'), 'has no schemas: list at least one')
  }
  const schemaVersion = part.get('tap.servers.*.schemaVersion') ?? settings.get('tap.schemaVersion')
  const follow = part.get('tap.servers.*.follow')
  if (releases === null && follow.length > 0) {
    const message = 'there is nothing to follow: releases.bucket is missing'
    if (!namesReleases(settings)) report.error('missing_key', part.placeOf('tap.servers.*.follow'), message)
  }
  const database = readDatabase(part, 'tap.servers.*', report)
  const service = part.get('tap.servers.*.service')
  if (database === null) return null
  return {
    name,
    database,
    schemas,
    schemaVersion,
    follow,
    swap: part.get('tap.servers.*.swap'),
    readers: part.get('tap.servers.*.readers'),
    options: readOptions(part),
    service: service === null ? null : serviceOf(service, database),
  }
}

/** Whether the file says where releases lie, be it wrongly: then that has been reported. */
function namesReleases(settings: Settings): boolean {
  const template = settings.get('tap.schemaSourceTemplate')
  if (template !== null && !isOnTheWeb(template)) return true
  return (
    settings.wasWrong('tap.schemaSourceTemplate') ||
    settings.has('releases.bucket') ||
    settings.wasWrong('releases.bucket')
  )
}

function readOptions(part: Settings): LoaderOptions {
  return {
    postfix: part.get('tap.servers.*.options.postfix'),
    extensions: part.get('tap.servers.*.options.extensions'),
    uniqueKeys: part.get('tap.servers.*.options.uniqueKeys'),
    unboundedArraysize: part.get('tap.servers.*.options.unboundedArraysize'),
    columnRefIndexIncrement: part.get('tap.servers.*.options.columnRefIndexIncrement'),
    firstSchemaIndex: part.get('tap.servers.*.options.firstSchemaIndex'),
  }
}

/** Two servers in one database would take the slots from each other. */
function refuseSharedDatabases(servers: ReadonlyMap<string, TapServer>, settings: Settings, report: Report): void {
  const owners = new Map<string, string>()
  for (const [name, server] of servers) {
    const database = identifyDatabase(server.database)
    const owner = owners.get(database)
    const place = settings.named('tap.servers').get(name)?.place
    if (owner === undefined || place === undefined) owners.set(database, name)
    else report.error('shared_database', place, `has the same database as ${owner} (${database}); each needs its own`)
  }
}

/** What is wrong with services beside others and with the rest of the file. */
function refuseServices(servers: ReadonlyMap<string, TapServer>, settings: Settings, report: Report): void {
  const urls: string[] = []
  const canIdentify = settings.has('discovery.tokenInfoUrl') || settings.get('discovery.trustedProxy')
  for (const [name, { service }] of servers) {
    const place = settings.named('tap.servers').get(name)?.placeOf('tap.servers.*.service')
    if (service === null || place === undefined) continue
    const { url, access } = service
    const other = urls.find((before) => url === before || url.startsWith(`${before}/`) || before.startsWith(`${url}/`))
    urls.push(url)
    if (other !== undefined) {
      report.error(
        'conflict',
        place,
        `the URL ${url} and that of another server (${other}) are the same, or one lies in the other`,
      )
    }
    if (access.type === 'gafaelfawr' && !canIdentify && !settings.wasWrong('discovery.tokenInfoUrl')) {
      const message =
        'access.type is gafaelfawr, but nobody can be identified: give discovery.tokenInfoUrl, or discovery.trustedProxy'
      report.error('missing_key', place, message)
    }
  }
}

/** Felis's own file of extension columns is what the table in shared/tap-schema holds. */
function refuseExtensionsPath(settings: Settings, report: Report): void {
  const path = settings.get('tap.schemaExtensionsPath')
  if (path === null || path.startsWith('resource://felis/')) return
  const message = "own extension columns are not supported: Felis's are built in; remove this key"
  report.error('unsupported', settings.placeOf('tap.schemaExtensionsPath'), message)
}
