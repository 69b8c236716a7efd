import { nearMiss } from '../../near-miss.ts'
import type { Report } from '../report.ts'
import type { ApplicationOverrides, ApplicationRules, RuleOverride, ServiceRule } from './rules.ts'

export interface RuleSources {
  readonly rules: ReadonlyMap<string, ApplicationRules>
  /** 2.x: instead of `rules`, for an application on a subdomain. */
  readonly subdomainRules: ReadonlyMap<string, ApplicationRules>
  /** 3.x: over `rules`, for an application on a subdomain. */
  readonly subdomainOverrides: ReadonlyMap<string, ApplicationOverrides>
  readonly useSubdomains: readonly string[]
}

/**
 * The rules as they hold here. An application of 2.x that is on a subdomain has its subdomain rules or none at all; one
 * of 3.x keeps its rules, with other templates where there are any.
 */
export function chooseRules(sources: RuleSources, report: Report): ReadonlyMap<string, readonly ServiceRule[]> {
  const { rules, subdomainRules, subdomainOverrides, useSubdomains } = sources
  checkSyntaxes(sources, report)
  const chosen = new Map<string, readonly ServiceRule[]>()
  for (const [application, own] of rules) chosen.set(application, nameRules(application, own))
  for (const application of useSubdomains) {
    const plain = rules.get(application)
    const overrides = subdomainOverrides.get(application)
    const special = subdomainRules.get(application)
    if (special !== undefined) chosen.set(application, nameRules(application, special))
    else if (overrides !== undefined) chosen.set(application, override(chosen.get(application) ?? [], overrides))
    else if (plain?.syntax === 'list') chosen.delete(application)
  }
  for (const [application, overrides] of subdomainOverrides) {
    warnOfUnknownRules(application, rules.get(application)?.rules ?? [], overrides, report)
  }
  return chosen
}

/** As in 2.x, a service that belongs to no dataset is called like its application where its name is empty. */
function nameRules(application: string, { syntax, rules }: ApplicationRules): readonly ServiceRule[] {
  if (syntax === 'map') return rules
  return rules.map((rule) => (rule.name === '' && rule.type !== 'data' ? { ...rule, name: application } : rule))
}

function override(rules: readonly ServiceRule[], overrides: ApplicationOverrides): readonly ServiceRule[] {
  return rules.map((rule) => {
    const change = overrides[rule.type].get(rule.name)
    return change === undefined ? rule : overrideRule(rule, change)
  })
}

function overrideRule(rule: ServiceRule, { template, openapi, versions }: RuleOverride): ServiceRule {
  if (rule.type === 'ui') return { ...rule, template }
  const changed = Array.from(rule.versions, ([name, version]) => {
    return [name, { ...version, ...versions?.get(name) }] as const
  })
  return { ...rule, template, openapi: openapi ?? rule.openapi, versions: new Map(changed) }
}

function checkSyntaxes({ subdomainRules, subdomainOverrides }: RuleSources, report: Report): void {
  for (const [application, { node }] of subdomainRules) {
    if (!subdomainOverrides.has(application)) continue
    const place = { path: `subdomainRules.${application}`, at: node.at }
    report.error('conflict', place, 'has subdomainRules (2.x) and subdomainOverrides (3.x); keep one of them')
  }
}

/** An override of nothing is most likely misspelt. */
function warnOfUnknownRules(
  application: string,
  rules: readonly ServiceRule[],
  overrides: ApplicationOverrides,
  report: Report,
): void {
  for (const type of ['data', 'internal', 'ui'] as const) {
    const known = rules.filter((rule) => rule.type === type)
    for (const [name, change] of overrides[type]) {
      const place = { path: `subdomainOverrides.${application}.${type}.${name}`, at: overrides.node.at }
      const rule = known.find((candidate) => candidate.name === name)
      if (rule === undefined) {
        const meant = nearMiss(
          name,
          known.map((candidate) => candidate.name),
        )
        const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`
        report.warn('no_effect', place, `${application} has no ${type} rule ${JSON.stringify(name)} to override${hint}`)
      } else if (rule.type !== 'ui') {
        for (const version of change.versions?.keys() ?? []) {
          if (rule.versions.has(version)) continue
          report.warn('no_effect', place, `the rule has no version ${JSON.stringify(version)} to override`)
        }
      }
    }
  }
}
