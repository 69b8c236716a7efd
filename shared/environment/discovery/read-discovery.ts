import { compareCodePoints } from '../../code-points.ts'
import { nearMiss } from '../../near-miss.ts'
import type { Report } from '../report.ts'
import { readMembers, type SectionOf, spellingsOf } from '../sections.ts'
import type { Settings } from '../settings.ts'
import type { LocatedMapping } from '../yaml-positions.ts'
import { chooseRules } from './choose-rules.ts'
import type { DiscoveryConfig, TutorialsConfig } from './model.ts'
import { normaliseBaseUrl } from './read-texts.ts'
import { refuseRendered } from './refuse-rendered.ts'
import { REPERTOIRE_KEYS } from './repertoire-keys.ts'

type Repertoire = SectionOf<typeof REPERTOIRE_KEYS>

/** These alone describe no environment. */
const INDIFFERENT = spellingsOf({ name: REPERTOIRE_KEYS.name, pathPrefix: REPERTOIRE_KEYS.pathPrefix })

/** What the file tells about the environment. null: something is wrong with it, and that has been reported. */
export function readDiscovery(root: LocatedMapping, settings: Settings, report: Report): DiscoveryConfig | null {
  const repertoire = readMembers(root, REPERTOIRE_KEYS, '', report).whole()
  requireHostname(root, report)
  warnOfToken(root, report)
  const tutorials = readTutorials(settings, report)
  if (repertoire === undefined) return null
  const rules = chooseRules(repertoire, report)
  refuseDefault(settings, repertoire, report)
  const { name, pathPrefix, datasets, butlerConfigs, obscoreConfigs, hips, influxdbDatabases, ivoaRegistry } =
    repertoire
  const config: DiscoveryConfig = {
    applications: [...new Set(repertoire.applications)].sort(compareCodePoints),
    availableDatasets: new Set(repertoire.availableDatasets),
    baseHostname: repertoire.baseHostname,
    butlerConfigs,
    obscoreConfigs,
    datasets,
    environment: repertoire.environment,
    environmentName: repertoire.environment?.name ?? repertoire.environmentName,
    hips,
    influxdbDatabases,
    rules,
    ivoaRegistry,
    pathPrefix,
    name,
    publicBase: readPublicBase(settings, repertoire),
    releasesPublicBase: normalise(settings.get('releases.publicBase')),
    alwaysServices: settings.get('discovery.alwaysServices'),
    tokenInfoUrl: settings.get('discovery.tokenInfoUrl'),
    trustedProxy: settings.get('discovery.trustedProxy'),
    defaultInfluxDatabase: settings.get('discovery.defaultInfluxdb'),
    influxdbScopes: settings.get('discovery.influxdbScopes'),
    hipsTokenKey: settings.get('discovery.hipsTokenKey'),
    tutorials,
  }
  refuseRendered(config, { path: 'rules', at: (root.entries.get('rules') ?? root).at }, report)
  return config
}

/** Nothing can be said about an environment without it. */
function requireHostname(root: LocatedMapping, report: Report): void {
  const described = spellingsOf(REPERTOIRE_KEYS).difference(INDIFFERENT)
  const [key] = [...root.entries.keys()].filter((name) => described.has(name))
  const given = ['baseHostname', 'base_hostname'].some((name) => isGiven(root, name))
  if (given || key === undefined) return
  const message = `is missing: it is needed to describe an environment, as ${key} does`
  report.error('missing_key', { path: 'baseHostname', at: root.at }, message)
}

/** Repertoire takes it from its configuration as well. */
function warnOfToken(root: LocatedMapping, report: Report): void {
  const entry = root.entries.get('token')
  if (entry === undefined || !isGiven(root, 'token')) return
  const message =
    'is not read from here: put the token for HiPS trees into the secrets directory (discovery.hipsTokenKey)'
  report.warn('no_effect', { path: 'token', at: entry.at }, message)
}

function isGiven(root: LocatedMapping, name: string): boolean {
  const value = root.entries.get(name)?.value
  return value !== undefined && !(value.kind === 'scalar' && value.value === null)
}

function readPublicBase(settings: Settings, { baseHostname }: Repertoire): string | null {
  return normalise(settings.get('discovery.publicBase') ?? (baseHostname === null ? null : `https://${baseHostname}`))
}

function normalise(url: string | null): string | null {
  return url === null ? null : normaliseBaseUrl(url)
}

function refuseDefault(settings: Settings, { influxdbDatabases }: Repertoire, report: Report): void {
  const label = settings.get('discovery.defaultInfluxdb')
  if (label === null || influxdbDatabases.has(label)) return
  const place = settings.placeOf('discovery.defaultInfluxdb')
  const message = `there is no InfluxDB database ${JSON.stringify(label)}`
  report.error('invalid_value', place, message, nearMiss(label, influxdbDatabases.keys()))
}

function readTutorials(settings: Settings, report: Report): TutorialsConfig | null {
  const repository = settings.get('discovery.tutorials.repository')
  const menu = settings.get('discovery.tutorials.menu')
  if (repository === null) {
    const wrong = settings.wasWrong('discovery.tutorials.repository')
    const place = settings.placeOf('discovery.tutorials.menu')
    if (menu !== null && !wrong)
      report.error('missing_key', place, 'is the menu of which discovery.tutorials.repository?')
    return null
  }
  const [, bucket, object] = /^gs:\/\/([^/]+)\/(.+)$/.exec(menu ?? '') ?? []
  const place =
    bucket !== undefined && object !== undefined
      ? ({ kind: 'object', bucket, object } as const)
      : menu === null
        ? null
        : ({ kind: 'file', path: menu } as const)
  return { repository: new URL(repository).href, menu: place }
}
