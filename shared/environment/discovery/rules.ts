import { listOf } from '../collections.ts'
import type { Report } from '../report.ts'
import {
  type Found,
  type Members,
  named,
  optional,
  required,
  rowsOf,
  type SectionOf,
  section,
  tagged,
} from '../sections.ts'
import { anyText, called, choiceOf, flagOrWord, oneOf, type Shape, type ShapeOf, transformed } from '../shapes.ts'
import type { Located } from '../yaml-positions.ts'
import { serviceEntry } from './registry.ts'
import { optionalTemplate, template, url } from './texts.ts'

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
  title: optional(anyText(), null, '3.x: its title.'),
  docsUrl: optional(url, null, '3.x: its documentation.'),
  requiredScopes: optional(listOf(anyText()), [], '3.x: scopes that a user needs; all of them.'),
  quotaLabels: named(
    section({
      title: required(anyText(), 'What the quota is for.'),
      internal: optional(flagOrWord, false, 'Whether users are not shown it.'),
    }),
    '3.x: its quotas, by label.',
  ),
}

export type ServiceDescription = SectionOf<typeof DESCRIPTION>

const version = section({
  template: required(template, 'Its URL.'),
  ivoaStandardId: optional(choiceOf(STANDARD_IDS), null, 'Which standard it is.'),
})
export type VersionRule = ShapeOf<typeof version>

const UI = { template: required(template, 'URL of the service.'), ...DESCRIPTION }
const INTERNAL = {
  ...UI,
  openapi: optional(optionalTemplate, null, 'URL of its OpenAPI description.'),
  versions: named(version, 'Versions of the service, by name.'),
}
const DATA = {
  ...INTERNAL,
  datasets: optional(
    // An empty list means what no list means.
    transformed(listOf(anyText()), (names) => (names.length === 0 ? null : names)),
    null,
    'The datasets that it is for. Without any: all that are available.',
  ),
  ivoaRegistry: optional(serviceEntry, null, 'What the IVOA registry publishes of it.'),
}

export interface UiRule extends SectionOf<typeof UI> {
  readonly type: 'ui'
  readonly name: string
}
export interface InternalRule extends SectionOf<typeof INTERNAL> {
  readonly type: 'internal'
  readonly name: string
}
export interface DataRule extends SectionOf<typeof DATA> {
  readonly type: 'data'
  readonly name: string
}
export type ServiceRule = UiRule | InternalRule | DataRule

/** 2.x: a list of rules, each with its type and name. */
const NAME = { name: required(anyText()) }
const ruleList: Shape<readonly ServiceRule[]> = listOf(
  tagged<ServiceRule>('type', 'Of the service.', {
    data: section({ type: required(oneOf('data')), ...NAME, ...DATA }, checkStandardIds),
    internal: section({ type: required(oneOf('internal')), ...NAME, ...INTERNAL }),
    ui: section({ type: required(oneOf('ui')), ...NAME, ...UI }),
  }),
)

/** Its keys are those of the other rules too. */
export const dataRule = called('rule', section(DATA, checkStandardIds))

/** 3.x: the rules by type and name. */
const BY_TYPE = {
  data: named(dataRule, 'Services of datasets, by name.'),
  internal: named(called('rule', section(INTERNAL)), 'Other services, by name.'),
  ui: named(called('rule', section(UI)), 'User interfaces, by name.'),
}
const ruleMap: Shape<readonly ServiceRule[]> = transformed(section(BY_TYPE), ({ data, internal, ui }) => [
  ...Array.from(data, ([name, rule]): DataRule => ({ type: 'data', name, ...rule })),
  ...Array.from(internal, ([name, rule]): InternalRule => ({ type: 'internal', name, ...rule })),
  ...Array.from(ui, ([name, rule]): UiRule => ({ type: 'ui', name, ...rule })),
])

/** The rules of one application, and in which way they are written. */
export interface ApplicationRules {
  readonly syntax: 'list' | 'map'
  readonly rules: readonly ServiceRule[]
  readonly node: Located
}

export const applicationRules: Shape<ApplicationRules> = {
  type: 'rule set',
  rows: (prefix) => rowsOf(BY_TYPE, prefix),
  apart: true,
  read: (node, path, report) => {
    const syntax = node.kind === 'mapping' ? 'map' : 'list'
    const rules = (syntax === 'map' ? ruleMap : ruleList).read(node, path, report)
    return rules === undefined ? undefined : { syntax, rules, node }
  },
}

const TEMPLATE = { template: required(template, 'Instead of that of the rule.') }
const TEMPLATES = {
  ...TEMPLATE,
  openapi: optional(optionalTemplate, null, 'Instead of that of the rule.'),
  versions: named(section(TEMPLATE), 'Templates of its versions, by name.'),
}

/** The templates of a rule on a subdomain. */
export interface RuleOverride {
  readonly template: string
  readonly openapi?: string | null
  readonly versions?: ReadonlyMap<string, { readonly template: string }>
}

/** 3.x: other templates for the rules of one application, by type and name. */
export type ApplicationOverrides = Readonly<Record<ServiceRule['type'], ReadonlyMap<string, RuleOverride>>> & {
  readonly node: Located
}

export const ruleOverride = called('override', section(TEMPLATES))

const OVERRIDES = {
  data: named(ruleOverride, 'Of services of datasets, by name.'),
  internal: named(ruleOverride, 'Of other services, by name.'),
  ui: named(called('override', section(TEMPLATE)), 'Of user interfaces, by name; `template` alone.'),
}
const overrides = section(OVERRIDES)

export const applicationOverrides: Shape<ApplicationOverrides> = {
  type: 'section',
  rows: (prefix) => rowsOf(OVERRIDES, prefix),
  read: (node, path, report) => {
    const value = overrides.read(node, path, report)
    return value === undefined ? undefined : { ...value, node }
  },
}

/** A registry record needs to know which version is which. */
function checkStandardIds(
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
