import { refuseEmpty } from '../field-rules.ts'
import type { Place, Report } from '../report.ts'
import { instant, ivoid, serverPath, url } from './read-texts.ts'
import type { RegistryConfig, RegistryEntry, ServiceEntry } from './registry-model.ts'
import { choiceOf, flag, listOf, mapOf, optional, type Read, required, section, tagged, text } from './shapes.ts'

const texts = listOf(text())

const ENTRY = {
  ivoid: required(ivoid),
  created: required(instant),
  title: required(text()),
  description: required(text()),
  docsUrl: optional(url, null),
  subjects: optional(texts, []),
  facilities: optional(texts, []),
  instruments: optional(texts, []),
}

/** What the registry is told of a dataset. */
export const registryEntry: Read<RegistryEntry> = section(ENTRY)

const entries = mapOf(registryEntry)

/** What the registry is told of a data service. */
export const serviceEntry: Read<ServiceEntry> = tagged<ServiceEntry>('ivoaServiceType', {
  gms: section({ ivoaServiceType: required(choiceOf({ gms: 'gms' as const })), ...ENTRY }),
  soda: section({ ivoaServiceType: required(choiceOf({ soda: 'soda' as const })), ...ENTRY }),
  sia: section({ ivoaServiceType: required(choiceOf({ sia: 'sia' as const })), records: required(entries) }),
  tap: section(
    {
      ivoaServiceType: required(choiceOf({ tap: 'tap' as const })),
      ...ENTRY,
      adqlVersion: optional(text(refuseEmpty), '2.1'),
      uploadSupported: optional(flag, true),
      additionalOutputFormats: optional(
        listOf(section({ mime: required(text(refuseEmpty)), alias: optional(texts, []) })),
        [],
      ),
      datasets: optional(entries, new Map<string, RegistryEntry>()),
    },
    refuseSharedIvoid,
  ),
})

/** The publishing registry of the environment. */
export const registry: Read<RegistryConfig> = section({
  adminEmail: required(text(refuseEmpty)),
  authority: required(ivoid),
  ivoid: required(ivoid),
  created: required(instant),
  creator: required(text()),
  rights: required(text()),
  rightsUri: optional(url, null),
  repositoryName: required(text()),
  shortName: optional(text(), null),
  organisation: required(
    section({
      created: required(instant),
      description: required(text()),
      homepage: required(url),
      ivoid: required(ivoid),
      title: required(text()),
    }),
  ),
  subjects: optional(texts, []),
  facilities: optional(texts, []),
  path: optional(serverPath, '/api/registry'),
})

/** Two records of one identifier would replace each other. */
function refuseSharedIvoid(
  service: { readonly ivoid: string; readonly datasets: ReadonlyMap<string, RegistryEntry> },
  place: Place,
  report: Report,
): void {
  for (const [name, dataset] of service.datasets) {
    if (dataset.ivoid !== service.ivoid) continue
    const message = `the dataset ${name} has the ivoid of the TAP service itself (${service.ivoid})`
    report.error('conflict', place, message)
  }
}
