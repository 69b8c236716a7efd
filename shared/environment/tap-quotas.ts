import { named, optional, part, type SectionOf, section } from './sections.ts'
import { integer, text } from './shapes.ts'

/** Of one user, or of all who have no name together. */
const LIMITS = {
  underway: optional(integer(0, 1_000_000), null, 'Jobs that are queued or executing.'),
  queued: optional(integer(0, 1_000_000), null, 'Jobs that are queued.'),
  sync: optional(integer(0, 1_000_000), null, 'Sync queries at once.'),
  storedBytes: optional(
    integer(0, Number.MAX_SAFE_INTEGER),
    null,
    'Bytes of results and uploaded tables that are kept.',
  ),
  tables: optional(integer(0, 1_000_000), null, 'Tables of their own, with `userTables`.'),
  tableBytes: optional(
    integer(0, Number.MAX_SAFE_INTEGER),
    null,
    'Bytes of those tables with their indexes, as PostgreSQL counts them.',
  ),
}

const limits = section(LIMITS)

const KEYS = {
  default: part(limits, 'What each user may have; a key that is left out has no limit.'),
  groups: named(
    limits,
    'What members of a group may have instead, by its name; of several groups the most. Groups come from the answer of `discovery.tokenInfoUrl` or `discovery.userInfoUrl`.',
  ),
  users: named(limits, 'What single users may have instead, by their names.'),
  anonymous: part(limits, 'What all who have no name may have, together.'),
  tokenService: optional(
    text(),
    null,
    "Name of the service in Gafaelfawr's quotas (`quota.tap.NAME.concurrent`): where a token has one, `underway` and `sync` of its user are that.",
  ),
}

/** What users may have at once. */
export const TAP_QUOTAS = section(KEYS)

export type TapQuotas = SectionOf<typeof KEYS>

type LimitsSection = SectionOf<typeof LIMITS>
type LimitKey = keyof LimitsSection

/** A user, with what the answer about his token says of him. */
export interface QuotaHolder {
  readonly username: string
  readonly groups: readonly string[]
  /** How many queries at once, by the name of the service. */
  readonly concurrent: ReadonlyMap<string, number>
}

/** The limits that hold for a user, of each kind the closest that is given; null: for all who have no name. */
export function limitsOf(quotas: TapQuotas, user: QuotaHolder | null): { readonly [K in LimitKey]?: number } {
  const find = user === null ? (key: LimitKey) => quotas.anonymous[key] : (key: LimitKey) => limitOf(quotas, user, key)
  const found = (Object.keys(LIMITS) as LimitKey[]).map((key) => [key, find(key)] as const)
  return Object.fromEntries(found.filter(([, limit]) => limit !== null))
}

function limitOf({ default: usual, groups, users, tokenService }: TapQuotas, user: QuotaHolder, key: LimitKey) {
  const own = users.get(user.username)?.[key] ?? null
  if (own !== null) return own
  const granted = tokenService === null ? undefined : user.concurrent.get(tokenService)
  if (granted !== undefined && (key === 'underway' || key === 'sync')) return granted
  const ofGroups = user.groups.flatMap((group) => groups.get(group)?.[key] ?? [])
  return ofGroups.length > 0 ? Math.max(...ofGroups) : usual[key]
}
