import type { Report } from '../report.ts'
import { type Found, type Members, optional, required, section, tagged } from '../sections.ts'
import { anyText, choiceOf, flag, listOf, mapOf, type Shape, transformed } from '../shapes.ts'
import type { Located } from '../yaml-positions.ts'
import type { DataRule, InternalRule, ServiceRule, UiRule, VersionRule } from './model.ts'
import { serviceEntry } from './read-registry.ts'
import { optionalTemplate, template, url } from './read-texts.ts'

const DATALINK_LINKS = 'ivo://ivoa.net/std/DataLink#links-1.1'
const GMS_SEARCH = 'ivo://ivoa.net/std/gms#search-1.0'
const HIPS_LIST = 'ivo://ivoa.net/std/hips#hipslist-1.0'
const SIA_QUERY = 'ivo://ivoa.net/std/SIA#query-2.0'
const SODA_ASYNC = 'ivo://ivoa.net/std/SODA#async-1.0'
const SODA_SYNC = 'ivo://ivoa.net/std/SODA#sync-1.0'
const VOSI_AVAILABILITY = 'ivo://ivoa.net/std/VOSI#availability'
const VOSI_CAPABILITIES = 'ivo://ivoa.net/std/VOSI#capabilities'
const VOSI_TABLES = 'ivo://ivoa.net/std/VOSI#tables'
const TAP_AUX = 'ivo://ivoa.net/std/TAP#aux'

/** Those that Repertoire knows. */
const STANDARD_IDS: Readonly<Record<string, string>> = Object.fromEntries(
  [
    DATALINK_LINKS,
    GMS_SEARCH,
    HIPS_LIST,
    SIA_QUERY,
    SODA_ASYNC,
    SODA_SYNC,
    VOSI_AVAILABILITY,
    VOSI_CAPABILITIES,
    VOSI_TABLES,
    TAP_AUX,
  ].map((id) => [id, id]),
)

/** The versions without which a service of this type cannot be registered. */
const NEEDED_IDS = { gms: [GMS_SEARCH], sia: [SIA_QUERY], soda: [SODA_ASYNC, SODA_SYNC], tap: [] } as const

/** What 3.x lets a service say of itself; `hips` too. */
export const DESCRIPTION = {
  title: optional(anyText(), null),
  docsUrl: optional(url, null),
  requiredScopes: optional(listOf(anyText()), []),
  quotaLabels: optional(
    mapOf(section({ title: required(anyText()), internal: optional(flag, false) })),
    new Map<string, { readonly title: string; readonly internal: boolean }>(),
  ),
}

const UI = { template: required(template), ...DESCRIPTION }
const INTERNAL = {
  ...UI,
  openapi: optional(optionalTemplate, null),
  versions: optional(
    mapOf(section({ template: required(template), ivoaStandardId: optional(choiceOf(STANDARD_IDS), null) })),
    new Map<string, VersionRule>(),
  ),
}
const DATA = {
  ...INTERNAL,
  datasets: optional(
    // An empty list means what no list means.
    transformed(listOf(anyText()), (names) => (names.length === 0 ? null : names)),
    null,
  ),
  ivoaRegistry: optional(serviceEntry, null),
}

/** 2.x: a list of rules, each with its type and name. */
const NAMED = { name: required(anyText()) }
const ruleList: Shape<readonly ServiceRule[]> = listOf(
  tagged<ServiceRule>('type', {
    data: section({ type: required(choiceOf({ data: 'data' as const })), ...NAMED, ...DATA }, refuseStandardIds),
    internal: section({ type: required(choiceOf({ internal: 'internal' as const })), ...NAMED, ...INTERNAL }),
    ui: section({ type: required(choiceOf({ ui: 'ui' as const })), ...NAMED, ...UI }),
  }),
)

/** 3.x: the rules by type and name. */
const ruleMap: Shape<readonly ServiceRule[]> = transformed(
  section({
    data: optional(mapOf(section(DATA, refuseStandardIds)), new Map<string, never>()),
    internal: optional(mapOf(section(INTERNAL)), new Map<string, never>()),
    ui: optional(mapOf(section(UI)), new Map<string, never>()),
  }),
  ({ data, internal, ui }) => [
    ...Array.from(data, ([name, rule]): DataRule => ({ type: 'data', name, ...rule })),
    ...Array.from(internal, ([name, rule]): InternalRule => ({ type: 'internal', name, ...rule })),
    ...Array.from(ui, ([name, rule]): UiRule => ({ type: 'ui', name, ...rule })),
  ],
)

/** The rules of one application, and in which way they are written. */
export interface ApplicationRules {
  readonly syntax: 'list' | 'map'
  readonly rules: readonly ServiceRule[]
  readonly node: Located
}

export const applicationRules: Shape<ApplicationRules> = {
  type: 'rules',
  read: (node, path, report) => {
    const syntax = node.kind === 'mapping' ? 'map' : 'list'
    const rules = (syntax === 'map' ? ruleMap : ruleList).read(node, path, report)
    return rules === undefined ? undefined : { syntax, rules, node }
  },
}

const TEMPLATE = { template: required(template) }
const TEMPLATES = {
  ...TEMPLATE,
  openapi: optional(optionalTemplate, null),
  versions: optional(mapOf(section(TEMPLATE)), new Map<string, { readonly template: string }>()),
}
const apiOverrides = mapOf(section(TEMPLATES))
const uiOverrides = mapOf(section(TEMPLATE))

/** The templates of a rule on a subdomain. */
export interface RuleOverride {
  readonly template: string
  readonly openapi?: string | null
  readonly versions?: ReadonlyMap<string, { readonly template: string }>
}

/** 3.x: other templates for the rules of one application, by type and name. */
export type ApplicationOverrides = Readonly<Record<ServiceRule['type'], ReadonlyMap<string, RuleOverride>>>

export const applicationOverrides: Shape<ApplicationOverrides> = section({
  data: optional(apiOverrides, new Map<string, never>()),
  internal: optional(apiOverrides, new Map<string, never>()),
  ui: optional(uiOverrides, new Map<string, never>()),
})

/** A registry record needs to know which version is which. */
function refuseStandardIds(
  { versions, ivoaRegistry }: Pick<DataRule, 'versions' | 'ivoaRegistry'>,
  { place }: Found<Members>,
  report: Report,
): void {
  const ids = [...versions.values()].flatMap(({ ivoaStandardId }) => ivoaStandardId ?? [])
  for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) < index))) {
    report.error('conflict', place, `two versions have the standard id ${id}`)
  }
  if (ivoaRegistry === null) return
  const type = ivoaRegistry.ivoaServiceType
  for (const id of NEEDED_IDS[type]) {
    if (ids.includes(id)) continue
    report.error('missing_key', place, `a ${type} service in the registry needs a version with ivoaStandardId ${id}`)
  }
}
