import { refuseEmpty } from '../field-rules.ts'
import type { Report } from '../report.ts'
import { type Found, type Members, optional, required, section, tagged } from '../sections.ts'
import { anyText, choiceOf, flag, listOf, mapOf, type Shape } from '../shapes.ts'
import { instant, ivoid, serverPath, url } from './read-texts.ts'
import type { RegistryConfig, RegistryEntry, ServiceEntry } from './registry-model.ts'

const texts = listOf(anyText())

const ENTRY = {
  ivoid: required(ivoid),
  created: required(instant),
  title: required(anyText()),
  description: required(anyText()),
  docsUrl: optional(url, null),
  subjects: optional(texts, []),
  facilities: optional(texts, []),
  instruments: optional(texts, []),
}

/** What the registry is told of a dataset. */
export const registryEntry: Shape<RegistryEntry> = section(ENTRY)

const entries = mapOf(registryEntry)

/** What the registry is told of a data service. */
export const serviceEntry: Shape<ServiceEntry> = tagged<ServiceEntry>('ivoaServiceType', {
  gms: section({ ivoaServiceType: required(choiceOf({ gms: 'gms' as const })), ...ENTRY }),
  soda: section({ ivoaServiceType: required(choiceOf({ soda: 'soda' as const })), ...ENTRY }),
  sia: section({ ivoaServiceType: required(choiceOf({ sia: 'sia' as const })), records: required(entries) }),
  tap: section(
    {
      ivoaServiceType: required(choiceOf({ tap: 'tap' as const })),
      ...ENTRY,
      adqlVersion: optional(anyText(refuseEmpty), '2.1'),
      uploadSupported: optional(flag, true),
      additionalOutputFormats: optional(
        listOf(section({ mime: required(anyText(refuseEmpty)), alias: optional(texts, []) })),
        [],
      ),
      datasets: optional(entries, new Map<string, RegistryEntry>()),
    },
    refuseSharedIvoid,
  ),
})

/** The publishing registry of the environment. */
export const registry: Shape<RegistryConfig> = section({
  adminEmail: required(anyText(refuseEmpty)),
  authority: required(ivoid),
  ivoid: required(ivoid),
  created: required(instant),
  creator: required(anyText()),
  rights: required(anyText()),
  rightsUri: optional(url, null),
  repositoryName: required(anyText()),
  shortName: optional(anyText(), null),
  organisation: required(
    section({
      created: required(instant),
      description: required(anyText()),
      homepage: required(url),
      ivoid: required(ivoid),
      title: required(anyText()),
    }),
  ),
  subjects: optional(texts, []),
  facilities: optional(texts, []),
  path: optional(serverPath, '/api/registry'),
})

/** Two records of one identifier would replace each other. */
function refuseSharedIvoid(
  service: { readonly ivoid: string; readonly datasets: ReadonlyMap<string, RegistryEntry> },
  { place }: Found<Members>,
  report: Report,
): void {
  for (const [name, dataset] of service.datasets) {
    if (dataset.ivoid !== service.ivoid) continue
    const message = `the dataset ${name} has the ivoid of the TAP service itself (${service.ivoid})`
    report.error('conflict', place, message)
  }
}
