import { listOf, uniqueListOf } from './collections.ts'
import { complaintAboutEmpty } from './complaints.ts'
import { baseUrl, complaintAboutIvoid, instant, ivoid, url } from './discovery/texts.ts'
import { named, optional, placedSection, required, section, tagged } from './sections.ts'
import { anyText, called, describeNode, flag, integer, oneOf, type Shape, type ShapeOf, text } from './shapes.ts'

/** Terms of http://www.ivoa.net/rdf/messenger. */
const waveband = oneOf('Radio', 'Millimeter', 'Infrared', 'Optical', 'UV', 'EUV', 'X-ray', 'Gamma-ray')

/** A range: two numbers, the smaller one first. */
const range: Shape<readonly [number, number]> = {
  type: 'two numbers',
  read: (node, path, report) => {
    const items = node.kind === 'sequence' ? node.items : []
    const [from, to] = items.map((item) => (item.kind === 'scalar' ? item.value : undefined))
    if (items.length === 2 && typeof from === 'number' && typeof to === 'number' && from <= to) return [from, to]
    const found = node.kind === 'sequence' ? 'this list' : describeNode(node)
    report.error('invalid_value', { path, at: node.at }, `must be [FROM, TO], two numbers, not ${found}`)
    return undefined
  },
}

function complaintAboutMoc(moc: string): string | null {
  const legal = /^\d{1,2}\/(?:\d+(?:-\d+)?)?(?:[ ,]+(?:\d{1,2}\/)?(?:\d+(?:-\d+)?)?)*$/.test(moc)
  return legal ? null : 'is not a MOC in ASCII: expected ORDER/CELLS, like 4/1032 5/4125-4127'
}

export const coverage = called(
  'coverage',
  section({
    spatial: optional(text(complaintAboutMoc), null, 'Region of the sky: a MOC in ASCII.'),
    temporal: optional(range, null, 'First and last time, MJD.'),
    spectral: optional(range, null, 'Lowest and highest energy of a photon, J.'),
    waveband: optional(uniqueListOf(waveband), [], 'Wavebands.'),
  }),
)
export type Coverage = ShapeOf<typeof coverage>

function complaintAboutShortName(name: string): string | null {
  return complaintAboutEmpty(name) ?? ([...name].length > 16 ? 'is longer than 16 characters' : null)
}

function complaintAboutDoi(doi: string): string | null {
  return /^10\.\d{4,9}\/\S+$/.test(doi) ? null : 'is not a DOI: expected 10.NUMBER/NAME, without doi: or https://'
}

/** What is added to a record. */
export const registryAdditions = called(
  'addition',
  placedSection({
    publish: optional(flag, true, 'Whether there is such a record at all.'),
    shortName: optional(text(complaintAboutShortName), null, 'A name of 16 characters at most.'),
    rights: optional(text(), null, 'Who may use it, instead of `ivoaRegistry.rights`.'),
    rightsUri: optional(url, null, 'The licence, instead of `ivoaRegistry.rightsUri`.'),
    coverage: optional(coverage, null, 'What of the sky, of time and of the spectrum is in it.'),
    schemas: optional(
      uniqueListOf(text()),
      null,
      'Of a dataset of a TAP service: its schemas, as TAP_SCHEMA has them. Without the key: the one that is called like the dataset.',
    ),
    version: optional(text(), null, 'Its version. A TAP service has that of the live release.'),
    doi: optional(text(complaintAboutDoi), null, 'Its DOI.'),
    creators: optional(uniqueListOf(text()), [], 'Who made it, instead of `ivoaRegistry.creator`.'),
    issued: optional(instant, null, 'When it was published.'),
    partOf: optional(ivoid, null, 'The record of the whole of which it is a part.'),
  }),
)
export type RegistryAdditions = ShapeOf<typeof registryAdditions>

const ENTRY = {
  ivoid: required(ivoid, 'Its identifier.'),
  created: required(instant, 'When it was registered first.'),
  title: required(anyText(complaintAboutEmpty), 'Its title.'),
  description: required(anyText(), 'What it is.'),
  docsUrl: optional(url, null, 'Its documentation.'),
  subjects: optional(listOf(text()), [], 'Words of the Unified Astronomy Thesaurus.'),
}

const DATALINK = placedSection({
  kind: required(oneOf('datalink')),
  ...ENTRY,
  rule: required(text(), 'Of a DataLink service: the name of its data rule.'),
})
const HIPS = placedSection({
  kind: required(oneOf('hips')),
  ...ENTRY,
  dataset: required(text(), 'Of a HiPS list: its dataset.'),
})
const OBSCORE = placedSection({ kind: required(oneOf('obscore')), ...ENTRY })

/** A service that Repertoire's entries do not know. */
export type RegistryService = ShapeOf<typeof DATALINK> | ShapeOf<typeof HIPS> | ShapeOf<typeof OBSCORE>

/** What the publishing registry says that a Repertoire configuration has no keys for. */
export const REGISTRY = placedSection({
  baseUrl: optional(
    baseUrl,
    null,
    'Public URL of the OAI-PMH endpoint, as it is registered. Without it: `discovery.publicBase` (or the host) and `ivoaRegistry.path`.',
  ),
  pageSize: optional(integer(1, 10_000), 100, 'Records of one answer at most, as the record of the registry says.'),
  securityMethods: optional(
    uniqueListOf(ivoid),
    ['ivo://ivoa.net/sso#OAuth'],
    'How services are called that are not open to everybody. A TAP service of Almagest says itself how.',
  ),
  authenticated: optional(
    uniqueListOf(text()),
    [],
    'Names of data rules whose services are not open to everybody, beside those with `requiredScopes`.',
  ),
  server: optional(
    text(),
    null,
    'The TAP server whose live release the TAP records describe. Without it: the one whose `service.url` is that of the rule, or the only one.',
  ),
  services: optional(
    listOf(
      tagged<RegistryService>('kind', 'Kind of the service.', { datalink: DATALINK, hips: HIPS, obscore: OBSCORE }),
    ),
    [],
    'Records of services for which `rules` have no entries.',
  ),
  hipsSurveys: optional(flag, false, 'Whether each survey of a HiPS list has a record of its own.'),
  records: optional(
    uniqueListOf(text(complaintAboutEmpty)),
    [],
    'Files with records of your own, as XML, one in each; relative to the environment file.',
  ),
  entries: named(registryAdditions, 'What is added to records, by their identifiers.', complaintAboutIvoid),
})
export type RegistrySettings = ShapeOf<typeof REGISTRY>
