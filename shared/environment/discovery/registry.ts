import { listOf, mapOf } from '../collections.ts'
import { complaintAboutEmpty } from '../complaints.ts'
import type { Report } from '../report.ts'
import { type Found, type Members, named, optional, placedSection, required, section, tagged } from '../sections.ts'
import { anyText, called, flagOrWord, oneOf, type ShapeOf } from '../shapes.ts'
import { instant, ivoid, serverPath, url } from './texts.ts'

const texts = listOf(anyText())

const ENTRY = {
  ivoid: required(ivoid, 'Its identifier.'),
  created: required(instant, 'When it was registered first.'),
  title: required(anyText(), 'Its title.'),
  description: required(anyText(), 'What it is.'),
  docsUrl: optional(url, null, 'Its documentation.'),
  subjects: optional(texts, [], 'Words of the Unified Astronomy Thesaurus.'),
  facilities: optional(texts, [], 'Observatories.'),
  instruments: optional(texts, [], 'Instruments.'),
}

/** What the registry publishes of a dataset. */
export const registryEntry = called('registry entry', placedSection(ENTRY))
export type RegistryEntry = ShapeOf<typeof registryEntry>

const GMS = placedSection({ ivoaServiceType: required(oneOf('gms')), ...ENTRY })
const SODA = placedSection({ ivoaServiceType: required(oneOf('soda')), ...ENTRY })
const SIA = section({
  ivoaServiceType: required(oneOf('sia')),
  records: required(mapOf(registryEntry), 'Instead of all these, of an SIA service: its records, by dataset.'),
})
const TAP = placedSection(
  {
    ivoaServiceType: required(oneOf('tap')),
    ...ENTRY,
    adqlVersion: optional(anyText(complaintAboutEmpty), '2.1', 'Of a TAP service.'),
    uploadSupported: optional(flagOrWord, true, 'Of a TAP service.'),
    additionalOutputFormats: optional(
      listOf(
        section({
          mime: required(anyText(complaintAboutEmpty), 'Media type.'),
          alias: optional(texts, [], 'Short names.'),
        }),
      ),
      [],
      'Of a TAP service, beside VOTable.',
    ),
    datasets: named(registryEntry, 'Of a TAP service: the records of its datasets.'),
  },
  checkIvoids,
)

/** What the registry publishes of a data service. */
export type ServiceEntry = ShapeOf<typeof GMS> | ShapeOf<typeof SODA> | ShapeOf<typeof SIA> | ShapeOf<typeof TAP>
export const serviceEntry = called(
  'service entry',
  tagged<ServiceEntry>('ivoaServiceType', 'Type of the service.', { gms: GMS, soda: SODA, sia: SIA, tap: TAP }),
)

/** The publishing registry of the environment. */
export const registry = placedSection({
  adminEmail: required(anyText(complaintAboutEmpty), 'Whom to write to.'),
  authority: required(ivoid, 'The naming authority.'),
  ivoid: required(ivoid, 'Identifier of the registry.'),
  created: required(instant, 'When it was registered first.'),
  creator: required(anyText(), 'Who made what is registered.'),
  rights: required(anyText(), 'Who may use it.'),
  rightsUri: optional(url, null, 'The licence.'),
  repositoryName: required(anyText(), 'Name of the registry.'),
  shortName: optional(anyText(), null, 'A short name.'),
  organisation: required(
    placedSection({
      created: required(instant, 'When it was registered first.'),
      description: required(anyText(), 'What it is.'),
      homepage: required(url, 'Its web page.'),
      ivoid: required(ivoid, 'Its identifier.'),
      title: required(anyText(), 'Its name.'),
    }),
    'The organisation behind it.',
  ),
  subjects: optional(texts, [], 'Subjects of its record.'),
  facilities: optional(texts, [], 'Observatories of its record.'),
  path: optional(serverPath, '/api/registry', 'Path of its endpoint.'),
})
export type RegistryConfig = ShapeOf<typeof registry>

/** Two records of one identifier would replace each other. */
function checkIvoids(
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
