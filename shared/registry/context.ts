import { siteFunctions } from '../adql/functions/site.ts'
import { STANDARD_FUNCTIONS } from '../adql/functions/table.ts'
import type { DiscoveryConfig } from '../environment/discovery/discovery.ts'
import type { RegistryConfig } from '../environment/discovery/registry.ts'
import type { Environment } from '../environment/environment.ts'
import type { RegistryAdditions, RegistrySettings } from '../environment/registry.ts'
import type { Place, Report } from '../environment/report.ts'
import { requireRegistry } from '../environment/require.ts'
import type { TapServer } from '../environment/tap-server.ts'
import { writeCapabilities } from '../tap/capabilities.ts'
import { describeService } from '../tap/describe-service.ts'
import type { SlotRows } from '../tap/slot-rows.ts'
import type { RegistryRecord, WritePart } from './record.ts'

/** What a TAP server has live. */
export interface LiveTap {
  /** Of the slot: another one, or the same again, is told by it. */
  readonly identity: string
  /** null: the slot does not say. */
  readonly version: string | null
  readonly rows: SlotRows
}

/** What all records are made of. */
export interface Context {
  readonly environment: Environment
  readonly discovery: DiscoveryConfig
  readonly config: RegistryConfig
  readonly settings: RegistrySettings
  readonly host: string
  readonly live: LiveTaps
  /** What the section `registry` adds to records, by identifiers in lower case. */
  readonly additions: ReadonlyMap<string, RegistryAdditions>
  /** Properties of HiPS surveys by the URLs of their trees, of which some may not have answered; null: not asked for. */
  readonly surveys: ReadonlyMap<string, string> | null
  readonly report: Report
  /** Identifiers of what cannot be made as it should be. */
  readonly held: Set<string>
}

/** By server; null: nothing is live. Those that are missing were not asked, or did not answer. */
export type LiveTaps = ReadonlyMap<string, LiveTap | null>

export function openContext(
  environment: Environment,
  live: LiveTaps,
  report: Report,
  surveys: Context['surveys'] = null,
): Context {
  const { discovery, registry: settings } = environment
  const additions = new Map([...settings.entries].map(([ivoid, added]) => [ivoid.toLowerCase(), added]))
  const held = new Set<string>()
  return { environment, discovery, settings, ...requireRegistry(environment), live, additions, surveys, report, held }
}

/** What an entry of the environment file says, of any kind. */
export interface Entry {
  readonly place: Place
  readonly ivoid: string
  readonly created: Date
  readonly title: string
  readonly description: string
  readonly docsUrl: string | null
  readonly subjects: readonly string[]
}

type Own = Pick<RegistryRecord, 'kind' | 'type' | 'contentType'> & Partial<RegistryRecord>

/** A record with all that does not depend on its kind; `own` comes before that. */
export function makeRecord(context: Context, entry: Entry, own: Own): RegistryRecord {
  const { config, host } = context
  const { organisation, adminEmail } = config
  const added = additionsOf(context, entry.ivoid)
  return {
    place: entry.place,
    ivoid: entry.ivoid,
    title: entry.title,
    shortName: added?.shortName ?? null,
    doi: added?.doi ?? null,
    created: entry.created,
    publisher: { ivoid: organisation.ivoid, title: organisation.title, email: adminEmail },
    creators: added !== undefined && added.creators.length > 0 ? added.creators : [config.creator],
    issued: added?.issued ?? null,
    version: added?.version ?? null,
    subjects: entry.subjects.length > 0 ? entry.subjects : config.subjects,
    description: entry.description,
    referenceUrl: entry.docsUrl ?? `https://${host}/`,
    contentLevel: 'Research',
    relationships: [],
    rights: { text: added?.rights ?? config.rights, uri: rightsUriOf(context, added) },
    capabilities: [],
    facilities: [],
    instruments: [],
    coverage: added?.coverage ?? null,
    tables: null,
    end: null,
    source: null,
    ...own,
  }
}

/** The licence of all does not go with rights of its own. */
function rightsUriOf({ config }: Context, added: RegistryAdditions | undefined): string | null {
  if (added?.rightsUri) return added.rightsUri
  return added?.rights ? null : config.rightsUri
}

export function additionsOf({ additions }: Context, ivoid: string): RegistryAdditions | undefined {
  return additions.get(ivoid.toLowerCase())
}

/** The server whose live release a TAP service at this URL has. */
export function serverAt({ servers: byName, registry }: Environment, url: string): TapServer | undefined {
  const servers = [...byName.values()]
  const own = servers.find(({ service }) => service?.url === url)
  const named = registry.server === null ? undefined : byName.get(registry.server)
  return own ?? named ?? (servers.length === 1 ? servers[0] : undefined)
}

const NO_ROWS: SlotRows = { schemas: [], tables: [], columns: [], keys: [] }

/** What the capabilities document of a TAP service of ours says; undefined: it is not one of ours. */
export function ownTapCapabilities(
  server: TapServer | undefined,
  url: string,
  live: LiveTap | undefined,
): WritePart | undefined {
  const service = server?.service
  if (!service || service.url !== url) return undefined
  const functions = STANDARD_FUNCTIONS.with(siteFunctions(service.functions))
  const description = describeService({ service, functions }, live?.rows ?? NO_ROWS)
  return (xml) => writeCapabilities(xml, description)
}
