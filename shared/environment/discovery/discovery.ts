import { nearMiss } from '../../near-miss.ts'
import { uniqueListOf } from '../collections.ts'
import { complaintAboutPasswordKey } from '../complaints.ts'
import type { RELEASES } from '../releases.ts'
import type { Report } from '../report.ts'
import { type Found, foundOf, type Member, optional, required, type SectionOf, section } from '../sections.ts'
import { flag, type ShapeOf, text } from '../shapes.ts'
import { checkRendered } from './check-rendered.ts'
import { chooseRules } from './choose-rules.ts'
import { DESCRIBED_KEYS, REPERTOIRE_KEYS, RULE_KEYS } from './repertoire.ts'
import type { ServiceRule } from './rules.ts'
import { baseUrl, menu, normaliseBaseUrl, url, versionUrl } from './texts.ts'

const tutorials = section({
  repository: required(url, 'Its URL.'),
  menu: optional(
    menu,
    null,
    'Where the file lies that `almagest tutorials` wrote: `gs://bucket/object`, or a path from the folder of the environment file.',
  ),
})
export type TutorialsConfig = ShapeOf<typeof tutorials>

/** What Repertoire does not have. */
const KEYS = {
  publicBase: optional(
    baseUrl,
    null,
    'Public URL in front of `pathPrefix`, for links to the service itself. Without it: `https://` and `baseHostname`.',
  ),
  alwaysServices: optional(
    flag,
    false,
    'Whether `services` is in the document, with both of its maps, even if they are empty: what the TypeScript client of Squareone needs.',
  ),
  tokenInfoUrl: optional(
    url,
    null,
    "Gafaelfawr's token-info endpoint (`https://HOST/auth/api/v1/token-info`), where bearer tokens are looked up. Without it nobody can be identified by a token.",
  ),
  userInfoUrl: optional(
    url,
    null,
    "Gafaelfawr's user-info endpoint (`https://HOST/auth/api/v1/user-info`), for the groups and quotas of users. Without it: what the answer of `tokenInfoUrl` says of them.",
  ),
  trustedProxy: optional(
    flag,
    false,
    'Whether a proxy in front sets `X-Auth-Request-User`, and removes what clients send under that name. Only true where nobody can bypass the proxy.',
  ),
  influxdbScopes: optional(
    uniqueListOf(text()),
    ['read:sasquatch'],
    'Scopes that are needed for every InfluxDB database; all of them. An empty list asks for none.',
  ),
  defaultInfluxdb: optional(
    text(),
    null,
    'Label of the default EFD. Without it: the only local database that is called `efd`, else the only local one.',
  ),
  hipsTokenKey: optional(
    text(complaintAboutPasswordKey),
    'token',
    'File of the secrets directory that holds the token for the HiPS trees. Without that file there are no lists.',
  ),
  schemaBrowser: optional(
    versionUrl,
    null,
    'URL of the pages that `almagest browse` made, for links; `{version}` in it stands for the release that is live.',
  ),
  tutorials: optional(tutorials, null, 'The tutorials repository.'),
}

export const DISCOVERY = foundOf(KEYS)

type Described = SectionOf<typeof DESCRIBED_KEYS> & SectionOf<typeof KEYS>

/**
 * What an environment says of itself: the part of the environment file that is a Repertoire configuration, in the syntax
 * of 2.x or of 3.x, and our own `discovery` section. Every default is filled in, every URL is normalised.
 */
export interface DiscoveryConfig extends Described {
  /** By application, as they hold here: subdomains have been taken into account. */
  readonly rules: ReadonlyMap<string, readonly ServiceRule[]>
  /** URL of the releases bucket as everybody reaches it, without a slash at its end; null: it is not public. */
  readonly releasesPublicBase: string | null
}

type Root = Found<
  typeof REPERTOIRE_KEYS & { discovery: Member<ShapeOf<typeof DISCOVERY>>; releases: Member<ShapeOf<typeof RELEASES>> }
>

/** What the file says of the environment. null: something is wrong with it, and that has been reported. */
export function readDiscovery(root: Root, report: Report): DiscoveryConfig | null {
  requireHostname(root, report)
  const own = root.value('discovery')
  const repertoire = root.pick(DESCRIBED_KEYS)
  const sources = root.pick(RULE_KEYS)
  const releasesPublicBase = root.value('releases')?.value('publicBase')
  if (own === undefined || repertoire === undefined || sources === undefined) return null
  const rules = chooseRules(sources, report)
  checkDefault(own, repertoire, report)
  checkRendered({ ...repertoire, rules }, { ...root.placeOf('rules'), path: 'rules' }, report)
  const settings = own.whole()
  if (settings === undefined || releasesPublicBase === undefined) return null
  const { baseHostname } = repertoire
  return {
    ...repertoire,
    ...settings,
    environmentName: repertoire.environment?.name ?? repertoire.environmentName,
    publicBase: settings.publicBase ?? (baseHostname === null ? null : normaliseBaseUrl(`https://${baseHostname}`)),
    rules,
    releasesPublicBase,
  }
}

/** These alone do not describe an environment. */
const INDIFFERENT: readonly string[] = ['name', 'pathPrefix', 'baseHostname']

/** Nothing can be said about an environment without it. */
function requireHostname(root: Root, report: Report): void {
  const keys = Object.keys(REPERTOIRE_KEYS) as (keyof typeof REPERTOIRE_KEYS)[]
  const key = keys.find((name) => root.isGiven(name) && !INDIFFERENT.includes(name))
  if (key === undefined || root.isGiven('baseHostname')) return
  const message = `is missing: it is needed to describe an environment, as ${key} does`
  report.error('missing_key', { ...root.place, path: 'baseHostname' }, message)
}

function checkDefault(
  own: ShapeOf<typeof DISCOVERY>,
  { influxdbDatabases }: SectionOf<typeof DESCRIBED_KEYS>,
  report: Report,
): void {
  const label = own.value('defaultInfluxdb')
  if (label === undefined || label === null || influxdbDatabases.has(label)) return
  const message = `there is no InfluxDB database ${JSON.stringify(label)}`
  report.error('invalid_value', own.placeOf('defaultInfluxdb'), message, nearMiss(label, influxdbDatabases.keys()))
}
