import type { Environment } from '../environment/environment.ts'
import { Report } from '../environment/report.ts'
import type { Problem } from '../problem.ts'
import { checkRecords } from './check-records.ts'
import { additionsOf, type Context, type LiveTap, openContext, sameIvoid } from './context.ts'
import { catalogueRecord, imagesRecord, obsCoreRecord } from './dataset-records.ts'
import { type FoundServices, findServices } from './find-services.ts'
import type { Repository } from './oai/answer.ts'
import { baseUrlOf, ownRecords } from './own-records.ts'
import type { RegistryRecord, Relationship } from './record.ts'
import { datalinkRecord, hipsRecord, plainRecord, siaRecord, tapRecord } from './service-records.ts'

export interface BuiltRecords {
  readonly records: readonly RegistryRecord[]
  /** What is wrong with them; with an error among them they must not be published. */
  readonly problems: readonly Problem[]
  readonly repository: Repository
}

/**
 * The records of the publishing registry of an environment, from its file and from what its TAP servers have live. A
 * server that is not in `live` is described without its version and tables.
 *
 * @throws EnvironmentError: there is no publishing registry
 */
export function buildRecords(
  environment: Environment,
  live: ReadonlyMap<string, LiveTap>,
  now = new Date(),
): BuiltRecords {
  const report = new Report(environment.file)
  const context = openContext(environment, live, report)
  const all = [...ownRecords(context), ...recordsOf(context, findServices(context))]
  const records = linkRecords(all.filter(({ ivoid }) => additionsOf(context, ivoid)?.publish !== false))
  checkRecords(context, all, records, now)
  const { config, settings } = context
  const repository: Repository = {
    name: config.repositoryName,
    baseUrl: baseUrlOf(context),
    adminEmail: config.adminEmail,
    ivoid: config.ivoid,
    pageSize: settings.pageSize,
  }
  return { records, problems: report.list(), repository }
}

function recordsOf(context: Context, { taps, sias, plain }: FoundServices): readonly RegistryRecord[] {
  const { discovery, settings } = context
  const images = [...discovery.datasets].flatMap(([dataset, { ivoaRegistry }]) =>
    ivoaRegistry !== null && discovery.availableDatasets.has(dataset) ? [{ dataset, entry: ivoaRegistry }] : [],
  )
  const imagesOf = (wanted: string) =>
    images
      .filter(({ dataset }) => dataset === wanted)
      .map(({ entry: { ivoid, title } }): Relationship => ({ type: 'IsServiceFor', ivoid, title }))
  const obsCoreTaps = taps.filter(({ obsCore }) => obsCore)
  return [
    ...taps.map((tap) => tapRecord(context, tap)),
    ...sias.map((sia) => siaRecord(context, sia, imagesOf(sia.dataset))),
    ...plain.map((service) => plainRecord(context, service)),
    ...settings.services.flatMap((service) => {
      if (service.kind === 'datalink') return datalinkRecord(context, service)
      return service.kind === 'hips' ? hipsRecord(context, service) : obsCoreRecord(context, service, taps)
    }),
    ...taps.flatMap((tap) =>
      [...tap.datasets].map(([dataset, entry]) => catalogueRecord(context, tap, dataset, entry)),
    ),
    ...images.map(({ dataset, entry }) => {
      const ofDataset = sias.filter((sia) => sia.dataset === dataset)
      return imagesRecord(context, entry, ofDataset, obsCoreTaps)
    }),
  ]
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
