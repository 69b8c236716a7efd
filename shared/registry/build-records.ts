import type { Environment } from '../environment/environment.ts'
import { Report } from '../environment/report.ts'
import type { Problem } from '../problem.ts'
import { checkRecords } from './check-records.ts'
import { additionsOf, type Context, type LiveTaps, openContext } from './context.ts'
import { catalogueRecord, imagesRecord, obsCoreRecord } from './dataset-records.ts'
import { type FoundServices, findServices } from './find-services.ts'
import { hipsRecords } from './hips-records.ts'
import { sameIvoid } from './ivoid.ts'
import type { Repository } from './oai/answer.ts'
import { baseUrlOf, ownRecords } from './own-records.ts'
import { readOwnXml } from './own-xml.ts'
import type { RegistryRecord, Relationship } from './record.ts'
import { datalinkRecord, plainRecord, siaRecord, tapRecord } from './service-records.ts'

export interface BuiltRecords {
  readonly records: readonly RegistryRecord[]
  /** What is wrong with them. */
  readonly problems: readonly Problem[]
  /** Identifiers of those that must not be published as they are: what was published of them before still counts. */
  readonly held: readonly string[]
  /** Whether there is nothing else: a file with an error may be that of any record. */
  readonly isComplete: boolean
}

export interface BuildOptions {
  readonly now?: Date
  /** Those of `registry.records`, by their names there. */
  readonly files?: ReadonlyMap<string, string>
  /** Properties of HiPS surveys, by the URLs of their trees; without it, records of surveys lack what these say. */
  readonly surveys?: ReadonlyMap<string, string> | null
}

/** What the registry says of itself. @throws EnvironmentError: there is no publishing registry */
export function describeRepository(environment: Environment): Repository {
  const context = openContext(environment, new Map(), new Report(environment.file))
  const { config, settings } = context
  return {
    name: config.repositoryName,
    baseUrl: baseUrlOf(context),
    adminEmail: config.adminEmail,
    ivoid: config.ivoid,
    pageSize: settings.pageSize,
  }
}

/**
 * The records of the publishing registry of an environment, from its file and from what its TAP servers have live. A
 * server that is not in `live` is described without its version and tables, and held.
 *
 * @throws EnvironmentError: there is no publishing registry
 */
export function buildRecords(
  environment: Environment,
  live: LiveTaps,
  { now = new Date(), files = new Map(), surveys = null }: BuildOptions = {},
): BuiltRecords {
  const report = new Report(environment.file)
  const context = openContext(environment, live, report, surveys)
  const own = recordsIn(context, files)
  const all = [...ownRecords(context), ...recordsOf(context, findServices(context)), ...own]
  const records = linkRecords(all.filter(({ ivoid }) => additionsOf(context, ivoid)?.publish !== false))
  checkRecords(context, all, records, now)
  const isComplete = own.length === files.size
  return { records, problems: report.list(), held: [...context.held], isComplete }
}

function recordsOf(context: Context, { taps, sias, plain }: FoundServices): readonly RegistryRecord[] {
  const { discovery, settings, held } = context
  const images = [...discovery.datasets].flatMap(([dataset, { ivoaRegistry }]) =>
    ivoaRegistry !== null && discovery.availableDatasets.has(dataset) ? [{ dataset, entry: ivoaRegistry }] : [],
  )
  const imagesByDataset = Map.groupBy(images, ({ dataset }) => dataset)
  const siasByDataset = Map.groupBy(sias, ({ dataset }) => dataset)
  const imagesOf = (wanted: string) =>
    (imagesByDataset.get(wanted) ?? []).map(
      ({ entry: { ivoid, title } }): Relationship => ({ type: 'IsServiceFor', ivoid, title }),
    )
  const obsCoreTaps = taps.filter(({ obsCore }) => obsCore)
  const unknown = taps.filter(({ isUnknown }) => isUnknown)
  for (const { entry, datasets } of unknown) {
    for (const { ivoid } of [entry, ...datasets.values()]) held.add(ivoid)
  }
  if (unknown.length > 0) {
    // Whether they have ObsCore decides whether there is a record of it, and what serves the images.
    const obsCores = settings.services.filter(({ kind }) => kind === 'obscore')
    for (const { ivoid } of [...obsCores, ...images.map(({ entry }) => entry)]) held.add(ivoid)
  }
  return [
    ...taps.map((tap) => tapRecord(context, tap)),
    ...sias.map((sia) => siaRecord(context, sia, imagesOf(sia.dataset))),
    ...plain.map((service) => plainRecord(context, service)),
    ...settings.services.flatMap((service) => {
      if (service.kind === 'datalink') return datalinkRecord(context, service)
      return service.kind === 'hips' ? hipsRecords(context, service) : obsCoreRecord(context, service, taps)
    }),
    ...taps.flatMap((tap) =>
      [...tap.datasets].map(([dataset, entry]) => catalogueRecord(context, tap, dataset, entry)),
    ),
    ...images.map(({ dataset, entry }) => {
      return imagesRecord(context, entry, siasByDataset.get(dataset) ?? [], obsCoreTaps)
    }),
  ]
}

/** What somebody wrote as XML. */
function recordsIn(context: Context, files: ReadonlyMap<string, string>): readonly RegistryRecord[] {
  const { report, settings } = context
  return [...files].flatMap(([name, text]) => {
    const record = readOwnXml(text, settings.place)
    if (typeof record !== 'string') return [record]
    report.error('invalid_value', settings.place, `the record in ${name} cannot be used: ${record}`)
    return []
  })
}

/** Relationships with the title of the other record; those with records of ours that are not published are left out. */
function linkRecords(records: readonly RegistryRecord[]): readonly RegistryRecord[] {
  const byIvoid = new Map(records.map((record) => [record.ivoid.toLowerCase(), record]))
  const link = (relationship: Relationship): readonly Relationship[] => {
    const other = byIvoid.get(relationship.ivoid.toLowerCase())
    if (other !== undefined) return [{ ...relationship, title: other.title }]
    return relationship.type === 'IsPartOf' ? [relationship] : []
  }
  return records.map((record) => ({ ...record, relationships: record.relationships.flatMap(link) }))
}

/** The record with this identifier; undefined: there is none. */
export function findRecord(records: readonly RegistryRecord[], ivoid: string): RegistryRecord | undefined {
  return records.find((record) => sameIvoid(record.ivoid, ivoid))
}
