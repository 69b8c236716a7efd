import { appliesTo, rulesOf } from '../discovery/build-services.ts'
import type { RegistryEntry, ServiceEntry } from '../environment/discovery/registry.ts'
import type { DataRule } from '../environment/discovery/rules.ts'
import { renderUrl } from '../environment/discovery/template.ts'
import { isObsCore } from '../tap/describe-service.ts'
import { type Context, type LiveTap, ownTapCapabilities, serverAt } from './context.ts'
import { sameIvoid } from './ivoid.ts'
import type { WritePart } from './record.ts'

type EntryOf<Type extends ServiceEntry['ivoaServiceType']> = Extract<ServiceEntry, { ivoaServiceType: Type }>

/** A service with an entry for the registry, as it is deployed. */
interface Found {
  readonly rule: DataRule
  readonly url: string
  /** URL of the version of a standard; null: it has none. */
  versionUrl(standardId: string): string | null
  readonly security: readonly string[]
}

export interface FoundTap extends Found {
  readonly entry: EntryOf<'tap'>
  /** undefined: nothing is live, or it is not known what. */
  readonly live: LiveTap | undefined
  /** Whether its server was not asked, or did not answer. */
  readonly isUnknown: boolean
  readonly obsCore: boolean
  /** Where it is a service of ours. */
  readonly own: WritePart | undefined
  /** Records of its datasets that are here, by dataset. */
  readonly datasets: ReadonlyMap<string, RegistryEntry>
}

export interface FoundSia extends Found {
  readonly dataset: string
  readonly entry: RegistryEntry
}

export interface FoundPlain extends Found {
  readonly entry: EntryOf<'soda'> | EntryOf<'gms'>
}

export interface FoundServices {
  readonly taps: readonly FoundTap[]
  readonly sias: readonly FoundSia[]
  readonly plain: readonly FoundPlain[]
}

/** The services of the datasets that are here; one that several of them have is found once. */
export function findServices(context: Context): FoundServices {
  const { discovery } = context
  const taps: FoundTap[] = []
  const sias: FoundSia[] = []
  const plain: FoundPlain[] = []
  for (const dataset of discovery.availableDatasets) {
    for (const rule of dataRulesOf(context)) {
      const entry = rule.ivoaRegistry
      if (entry === null || !appliesTo(rule, dataset)) continue
      const found = locate(context, rule, dataset)
      if (entry.ivoaServiceType === 'sia') {
        const record = entry.records.get(dataset)
        if (record !== undefined) sias.push({ ...found, dataset, entry: record })
      } else if (entry.ivoaServiceType === 'tap') {
        if (!taps.some((tap) => tap.entry === entry)) taps.push(describeTap(context, found, entry))
      } else if (!plain.some((service) => service.entry === entry)) plain.push({ ...found, entry })
    }
  }
  return { taps, sias, plain }
}

/** Of two rules for one name the later one counts. */
export function dataRulesOf({ discovery }: Context): readonly DataRule[] {
  const byName = new Map<string, DataRule>()
  for (const rule of rulesOf(discovery)) if (rule.type === 'data') byName.set(rule.name, rule)
  return [...byName.values()]
}

export function locate(context: Context, rule: DataRule, dataset: string): Found {
  const { host, settings } = context
  const variables = { base_hostname: host, dataset }
  const named: readonly string[] = settings.authenticated
  const isClosed = rule.requiredScopes.length > 0 || named.includes(rule.name)
  return {
    rule,
    url: renderUrl(rule.template, variables),
    versionUrl(standardId) {
      for (const { ivoaStandardId, template } of rule.versions.values()) {
        if (ivoaStandardId !== null && sameIvoid(ivoaStandardId, standardId)) return renderUrl(template, variables)
      }
      return null
    },
    security: isClosed ? settings.securityMethods : [],
  }
}

/** What bearer tokens are called in the capabilities of a TAP service of ours. */
const TOKEN = ['ivo://ivoa.net/sso#OAuth']

function describeTap(context: Context, found: Found, entry: EntryOf<'tap'>): FoundTap {
  const { discovery, live } = context
  const server = serverAt(context.environment, found.url)
  const liveTap = server === undefined ? undefined : (live.get(server.name) ?? undefined)
  const own = ownTapCapabilities(server, found.url, liveTap)
  const isOpen = server?.service?.access.type === 'anonymous'
  const here = [...entry.datasets].filter(
    ([dataset]) => discovery.availableDatasets.has(dataset) && appliesTo(found.rule, dataset),
  )
  return {
    ...found,
    security: own === undefined ? found.security : isOpen ? [] : TOKEN,
    entry,
    live: liveTap,
    isUnknown: server !== undefined && !live.has(server.name),
    obsCore: liveTap?.rows.tables.some(isObsCore) ?? false,
    own,
    datasets: new Map(here),
  }
}
