import { environmentOf } from '../environment/parse-text.ts'

export interface Changes {
  /** Lines of the section `registry`. */
  readonly registry?: string
  readonly subjects?: string
  readonly adminEmail?: string
  /** More keys of the entry of the TAP rule, in braces. */
  readonly tap?: string
  readonly ivoid?: string
  /** Those that are there; by default dp1. */
  readonly datasets?: readonly string[]
  /** Lines at the top of the file. */
  readonly more?: string
}

/** A small environment with a registry and a TAP service; its lines are where the tests say. */
export function environmentText(changes: Changes = {}): string {
  const { registry = '', subjects = '[surveys]', adminEmail = 'r@o.example', tap = '', more = '' } = changes
  const datasets = changes.datasets ?? ['dp1']
  return `baseHostname: o.example
applications: [tap]
availableDatasets: [${datasets.join(', ')}]
datasets: { ${datasets.map((name) => `${name}: { description: d }`).join(', ')} }
ivoaRegistry:
  { adminEmail: ${adminEmail}, authority: "ivo://o.example", ivoid: "ivo://o.example/registry", created: 2026-01-01,
    creator: O, rights: r, repositoryName: R, subjects: ${subjects},
    organisation: { created: 2026-01-01, description: d, homepage: "https://o.example", ivoid: "ivo://o.example/org", title: O } }
rules:
  tap:
    - type: data
      name: tap
      template: https://{{base_hostname}}/api/tap
      ivoaRegistry: { ivoaServiceType: tap, ivoid: "${changes.ivoid ?? 'ivo://o.example/tap'}", created: 2026-01-01, title: T, description: d${tap} }
registry:
  pageSize: 100
${registry}
${more}
`
}

export function smallEnvironment(changes: Changes = {}) {
  return environmentOf(environmentText(changes))
}
