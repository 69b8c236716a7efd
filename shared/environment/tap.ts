import type { DatabaseAddress } from '../database-address.ts'
import { complaintAboutServedVersion } from './complaints.ts'
import { identifyDatabase } from './database.ts'
import { type GivenSource, schemaSource } from './releases.ts'
import type { Report } from './report.ts'
import { type Found, foundOf, named, optional } from './sections.ts'
import { type Shape, type ShapeOf, text } from './shapes.ts'
import { readServer, requireServerDatabase, TAP_SERVER, type TapServer } from './tap-server.ts'

/** Felis's own file of extension columns is what the table in shared/tap-schema holds. */
const extensionsPath: Shape<string> = {
  type: 'text',
  read: (node, path, report) => {
    const found = text().read(node, path, report)
    if (found === undefined || found.startsWith('resource://felis/')) return found
    const message = "own extension columns are not supported: Felis's are built in; remove this key"
    report.error('unsupported', { path, at: node.at }, message)
    return undefined
  },
}

const KEYS = {
  schemaVersion: optional(
    text(complaintAboutServedVersion),
    null,
    'The release that servers take which do not name their own.',
  ),
  schemaSourceTemplate: optional(
    schemaSource,
    null,
    "Repertoire's way to name the releases: `gs://bucket/object` with `{version}` (or `{schemaVersion}`) once. Instead of `releases.bucket` and `releases.objectTemplate`.",
  ),
  schemaExtensionsPath: optional(
    extensionsPath,
    null,
    "Repertoire's path to a file of extension columns. Only Felis's own (`resource://felis/…`) is understood: those columns are built in.",
  ),
  servers: named(TAP_SERVER, 'One TAP server each, under the name by which the API calls it.'),
}

export const TAP = foundOf(KEYS)
type GivenTap = Found<typeof KEYS>
type GivenServers = ReadonlyMap<string, ShapeOf<typeof TAP_SERVER>>

/** What Repertoire's key says of the releases. */
export function sourceOf(tap: GivenTap): GivenSource {
  return { naming: tap.value('schemaSourceTemplate') ?? null, place: tap.placeOf('schemaSourceTemplate') }
}

/** A name that fits into a URL path, a log field and an event attribute as it is. */
const SERVER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

/** What `tap` answers beside its servers, each below its name. */
const OWN_PATHS: readonly string[] = ['healthz', 'openapi.json']

/** What the servers need to know of the rest of the file. */
interface Surroundings {
  /** Whether the file says where releases lie, right or wrong (which has been reported). */
  readonly namesReleases: boolean
  /** Whether users can be identified, likewise. */
  readonly canIdentify: boolean
}

/** The TAP servers that are enabled, each checked by itself and then against the others. */
export function readServers(tap: GivenTap, around: Surroundings, report: Report): ReadonlyMap<string, TapServer> {
  const schemaVersion = tap.value('schemaVersion') ?? null
  const given: GivenServers = tap.value('servers') ?? new Map()
  const servers = new Map<string, TapServer>()
  const databases = new Map<string, DatabaseAddress>()
  for (const [name, found] of given) {
    if (found === null) continue
    if (!SERVER_NAME.test(name)) {
      const message =
        'is not a valid name of a TAP server: at most 63 letters, digits, ".", "_" and "-", beginning with a letter or digit'
      report.error('invalid_value', found.place, `${JSON.stringify(name)} ${message}`)
    }
    if (found.value('enabled') === false) continue
    const database = requireServerDatabase(found, report)
    if (database !== undefined) databases.set(name, database)
    if (!around.namesReleases && (found.value('follow') ?? []).length > 0) {
      const message = 'cannot follow anything: releases.bucket is missing'
      report.error('missing_key', found.placeOf('follow'), message)
    }
    const server = database === undefined ? null : readServer(name, found, database, schemaVersion)
    if (server === null) continue
    if (server.service !== null && OWN_PATHS.includes(name)) {
      const message = `is an address of the function itself, /${name}: a server with a service needs another name`
      report.error('invalid_value', found.place, `${JSON.stringify(name)} ${message}`)
    }
    servers.set(name, server)
    if (server.service?.access.type === 'gafaelfawr' && !around.canIdentify) {
      const message =
        'access.type is gafaelfawr, but nobody can be identified: give discovery.tokenInfoUrl, or discovery.trustedProxy'
      report.error('missing_key', found.placeOf('service'), message)
    }
  }
  checkDatabases(databases, given, report)
  checkUrls(servers, given, report)
  return servers
}

/** Two servers in one database would take the slots from each other. */
function checkDatabases(databases: ReadonlyMap<string, DatabaseAddress>, given: GivenServers, report: Report): void {
  const owners = new Map<string, string>()
  for (const [name, address] of databases) {
    const database = identifyDatabase(address)
    const owner = owners.get(database)
    const place = given.get(name)?.place
    if (owner === undefined || place === undefined) owners.set(database, name)
    else report.error('shared_database', place, `has the same database as ${owner} (${database}); each needs its own`)
  }
}

/** A path below two services would belong to both. */
function checkUrls(servers: ReadonlyMap<string, TapServer>, given: GivenServers, report: Report): void {
  const urls: string[] = []
  for (const [name, { service }] of servers) {
    const place = given.get(name)?.placeOf('service')
    if (service === null || place === undefined) continue
    const { url } = service
    const other = urls.find((before) => url === before || url.startsWith(`${before}/`) || before.startsWith(`${url}/`))
    urls.push(url)
    if (other === undefined) continue
    const message = `the URL ${url} and that of another server (${other}) are the same, or one lies in the other`
    report.error('conflict', place, message)
  }
}
