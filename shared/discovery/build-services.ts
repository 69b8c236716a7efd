import { compareCodePoints } from '../code-points.ts'
import type { DiscoveryConfig } from '../environment/discovery/discovery.ts'
import type { DataRule, InternalRule, ServiceDescription, ServiceRule } from '../environment/discovery/rules.ts'
import { renderUrl, type TemplateVariables } from '../environment/discovery/template.ts'
import type { DiscoveredApi, DiscoveredServices, DiscoveredUi } from './document.ts'
import { inOrder } from './in-order.ts'
import { hipsListUrl } from './own-urls.ts'

/** The services that belong to no dataset; a map without any is left out. */
export function buildServices(config: DiscoveryConfig): DiscoveredServices {
  const variables = variablesOf(config)
  const internal = new Map<string, DiscoveredApi>()
  const ui = new Map<string, DiscoveredUi>()
  for (const rule of rulesOf(config)) {
    if (rule.type === 'internal') internal.set(rule.name, buildApi(rule, variables))
    if (rule.type === 'ui') ui.set(rule.name, { url: renderUrl(rule.template, variables), ...describe(rule) })
  }
  return {
    ...(internal.size > 0 && { internal: inOrder(internal) }),
    ...(ui.size > 0 && { ui: inOrder(ui) }),
  }
}

/** The services of one dataset. A HiPS list comes in the place of a rule of that name, or last. */
export function buildDataServices(
  dataset: string,
  config: DiscoveryConfig,
  hipsBaseUrl: string | null,
): Readonly<Record<string, DiscoveredApi>> {
  const variables = { ...variablesOf(config), dataset }
  const services = new Map<string, DiscoveredApi>()
  for (const rule of rulesOf(config)) {
    if (rule.type === 'data' && appliesTo(rule, dataset)) services.set(rule.name, buildApi(rule, variables))
  }
  const { hips } = config
  if (hips?.datasets.has(dataset) && hipsBaseUrl) {
    const url = hipsListUrl(hipsBaseUrl, hips.pathPrefix, dataset)
    services.set('hips', { url, ...describe(hips), ...quotasOf(hips), versions: { 'hips-list-1.0': { url } } })
  }
  return inOrder(services)
}

/** Of the deployed applications, in their order; of two rules for one name the later one counts. */
export function rulesOf({ applications, rules }: DiscoveryConfig): readonly ServiceRule[] {
  return applications.flatMap((application) => rules.get(application) ?? [])
}

/** Whether a dataset has the service. */
export function appliesTo({ datasets }: DataRule, dataset: string): boolean {
  return datasets === null || datasets.includes(dataset)
}

function variablesOf({ baseHostname }: DiscoveryConfig): TemplateVariables {
  return { base_hostname: baseHostname ?? '' }
}

function buildApi(rule: InternalRule | DataRule, variables: TemplateVariables): DiscoveredApi {
  const versions = [...rule.versions]
    .sort(([a], [b]) => compareCodePoints(a, b))
    .map(([name, { template }]) => [name, { url: renderUrl(template, variables) }] as const)
  return {
    url: renderUrl(rule.template, variables),
    ...describe(rule),
    ...(rule.openapi !== null && { openapi: renderUrl(rule.openapi, variables) }),
    ...quotasOf(rule),
    ...(versions.length > 0 && { versions: inOrder(versions) }),
  }
}

function describe({ title, docsUrl, requiredScopes }: ServiceDescription): Omit<DiscoveredUi, 'url'> {
  return {
    ...(title !== null && { title }),
    ...(docsUrl !== null && { docs_url: docsUrl }),
    ...(requiredScopes.length > 0 && { required_scopes: [...requiredScopes] }),
  }
}

function quotasOf({ quotaLabels }: ServiceDescription): Pick<DiscoveredApi, 'quota_labels'> {
  if (quotaLabels.size === 0) return {}
  const labels = [...quotaLabels].map(
    ([label, { title, internal }]) => [label, { title, ...(internal && { internal }) }] as const,
  )
  return { quota_labels: inOrder(labels) }
}
