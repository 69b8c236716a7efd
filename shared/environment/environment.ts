import { complaintAboutEndpoint, complaintAboutTopic } from './complaints.ts'
import { CONSOLE } from './console.ts'
import { DISCOVERY, type DiscoveryConfig, readDiscovery } from './discovery/discovery.ts'
import { REPERTOIRE_KEYS } from './discovery/repertoire.ts'
import { IDENTITY } from './identity.ts'
import { OBSCORE } from './obscore.ts'
import { REGISTRY } from './registry.ts'
import { RELEASES, type ReleasesConfig, readReleases } from './releases.ts'
import type { Report } from './report.ts'
import { RESULTS, type ResultsConfig, readResults } from './results.ts'
import { type Found, foundOf, optional, part, type SectionOf, section } from './sections.ts'
import { type Shape, text } from './shapes.ts'
import { SWAP } from './swap.ts'
import { readServers, sourceOf, TAP } from './tap.ts'
import type { TapServer } from './tap-server.ts'

/** What is used as the file has it. */
const PLAIN_KEYS = {
  topic: optional(
    text(complaintAboutTopic),
    null,
    'Pub/Sub topic for `staged`, `swapped`, `rolled_back` and `rejected` events: `projects/P/topics/T`. Without it nothing is published.',
  ),
  secretsDirectory: optional(text(), '/etc/almagest/secrets', 'Folder with one file per password key.'),
  identity: part(IDENTITY, 'Who is calling.'),
  swap: part(SWAP, 'Who may swap and roll back, and how patient that is.'),
  console: part(CONSOLE, 'What the web console finds where; [console.md](console.md).'),
  registry: part(REGISTRY, 'What the publishing registry says beyond `ivoaRegistry`; [registry.md](registry.md).'),
  obscore: optional(
    OBSCORE,
    null,
    'What of the metadata of files is published in `ivoa.ObsCore`; [obscore.md](obscore.md). Without it: as the SKA has them.',
  ),
  storage: part(
    section({
      apiEndpoint: optional(
        text(complaintAboutEndpoint),
        null,
        'URL of a server that speaks the GCS JSON API, for tests and the local stack. Without it: Google Cloud Storage.',
      ),
    }),
    'The object store.',
  ),
}

/** Keys of a Repertoire configuration that mean nothing here, so that a whole file can be used. */
const ignored: Shape<null> = { type: '', read: () => null }
export const FOREIGN_KEYS = {
  logLevel: optional(ignored, null),
  logProfile: optional(ignored, null),
  metrics: optional(ignored, null),
  sentry: optional(ignored, null),
  slackAlerts: optional(ignored, null),
  slackWebhook: optional(ignored, null),
  token: optional(unusedToken(), null),
}

/** Repertoire takes its token from its configuration as well. */
function unusedToken(): Shape<null> {
  return {
    type: '',
    read: (node, path, report) => {
      const message =
        'is not read from here: put the token for HiPS trees into the secrets directory (discovery.hipsTokenKey)'
      report.warn('no_effect', { path, at: node.at }, message)
      return null
    },
  }
}

/** Every key at the top of an environment file. */
export const ENVIRONMENT_KEYS = {
  releases: part(RELEASES, 'Where schema releases lie.'),
  ...PLAIN_KEYS,
  tap: part(TAP, 'The TAP servers; the `tap` section of a Repertoire configuration.'),
  results: part(RESULTS, 'Where query results lie, and when they are deleted.'),
  discovery: part(DISCOVERY, 'What `discovery` does beyond Repertoire; [discovery.md](discovery.md).'),
  ...REPERTOIRE_KEYS,
  ...FOREIGN_KEYS,
}

export const ENVIRONMENT = foundOf(ENVIRONMENT_KEYS)

/** One deployment, as its environment file describes it. Every default is filled in. */
export interface Environment extends SectionOf<typeof PLAIN_KEYS> {
  /** The file that it was read from, as its reader knows it. */
  readonly file: string
  /** null: no releases bucket is configured. */
  readonly releases: ReleasesConfig | null
  /** The enabled TAP servers, in the order of the file. */
  readonly servers: ReadonlyMap<string, TapServer>
  /** null: nothing is said about results. */
  readonly results: ResultsConfig | null
  /** What the file says of the environment to its users. */
  readonly discovery: DiscoveryConfig
}

/** Puts the sections together, and checks them against each other. null: something is wrong, and has been reported. */
export function readEnvironment(
  file: string,
  found: Found<typeof ENVIRONMENT_KEYS>,
  report: Report,
): Environment | null {
  const own = found.value('releases')
  const tap = found.value('tap')
  const given = found.value('results')
  const settings = found.value('discovery')
  const discovery = readDiscovery(found, report)
  const releases = own && tap ? readReleases(own, sourceOf(tap), report) : null
  const around = {
    namesReleases: own?.isGiven('bucket') !== false || tap?.value('schemaSourceTemplate') !== null,
    canIdentify: settings?.isGiven('tokenInfoUrl') !== false || settings.value('trustedProxy') !== false,
  }
  const servers = tap && readServers(tap, around, report)
  const jobs = [...(servers?.values() ?? [])].flatMap(({ service }) => service?.jobs ?? [])
  const results = given && readResults(given, jobs, releases, report)
  const plain = found.pick(PLAIN_KEYS)
  if (report.failed || plain === undefined || discovery === null || servers === undefined) return null
  return { file, ...plain, releases, servers, results: results ?? null, discovery }
}
