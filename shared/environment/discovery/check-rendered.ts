import type { Place, Report } from '../report.ts'
import type { SectionOf } from '../sections.ts'
import type { DESCRIBED_KEYS } from './repertoire.ts'
import type { ServiceRule } from './rules.ts'
import { renderTemplate } from './template.ts'
import { complaintAboutUrl } from './texts.ts'

type Described = SectionOf<typeof DESCRIBED_KEYS> & { readonly rules: ReadonlyMap<string, readonly ServiceRule[]> }

/** Every URL of the document is tried once, so that no name of a host or dataset spoils a template later. */
export function checkRendered(config: Described, place: Place, report: Report): void {
  const base_hostname = config.baseHostname ?? ''
  if (base_hostname === '') return
  for (const application of config.applications) {
    for (const rule of config.rules.get(application) ?? []) {
      for (const dataset of datasetsOf(rule, config)) {
        for (const template of templatesOf(rule)) {
          const url = renderTemplate(template, { base_hostname, dataset })
          const complaint = complaintAboutUrl(url)
          if (complaint === null) continue
          const where = { ...place, path: `rules.${application}` }
          report.error('invalid_value', where, `the URL ${JSON.stringify(url)} of ${rule.name} ${complaint}`)
        }
      }
    }
  }
}

/** Those that the document has the rule's service for. */
function datasetsOf(rule: ServiceRule, { datasets, availableDatasets }: Described): readonly string[] {
  if (rule.type !== 'data') return ['']
  const shown = [...datasets.keys()].filter((name) => availableDatasets.has(name))
  return rule.datasets === null ? shown : shown.filter((name) => rule.datasets?.includes(name))
}

function templatesOf(rule: ServiceRule): readonly string[] {
  if (rule.type === 'ui') return [rule.template]
  const versions = [...rule.versions.values()].map(({ template }) => template)
  return [rule.template, ...(rule.openapi === null ? [] : [rule.openapi]), ...versions]
}
