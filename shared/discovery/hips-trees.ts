import type { DiscoveryConfig } from '../environment/discovery/discovery.ts'
import { renderTemplate } from '../environment/discovery/template.ts'

/** A HiPS tree: where it lies, and its path in the configuration. */
export interface HipsTree {
  readonly path: string
  /** Normalised: what lists say is what was asked. */
  readonly url: string
}

/** The trees of a dataset, in the order of the configuration; undefined: it has no HiPS list. */
export function hipsTrees({ hips, baseHostname }: DiscoveryConfig, dataset: string): readonly HipsTree[] | undefined {
  const paths = hips?.datasets.get(dataset)
  if (hips === null || paths === undefined) return undefined
  const base = renderTemplate(hips.sourceTemplate, { base_hostname: baseHostname ?? '', dataset }).trim()
  return paths.map((path) => {
    const url = new URL([base, path].map(withoutSlashes).filter(Boolean).join('/')).href
    return { path, url }
  })
}

function withoutSlashes(part: string): string {
  return part.replace(/^\/+|\/+$/g, '')
}
