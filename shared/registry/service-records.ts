import { appliesTo } from '../discovery/build-services.ts'
import type { RegistryService } from '../environment/registry.ts'
import {
  type Access,
  capability,
  datalinkCapability,
  foreignTapCapability,
  siaCapability,
  vosi,
} from './capabilities.ts'
import { type Context, makeRecord } from './context.ts'
import { dataRulesOf, type FoundPlain, type FoundSia, type FoundTap, locate } from './find-services.ts'
import type { RegistryRecord, Relationship, WritePart } from './record.ts'
import { publishedTables } from './tables.ts'

/** The TAP service: its capabilities are those of its own document, its tables those of the live slot. */
export function tapRecord(context: Context, tap: FoundTap): RegistryRecord {
  const { entry, live, own } = tap
  const datasets = [...tap.datasets.values()]
  return makeRecord(context, entry, {
    ...{ kind: 'tap', type: 'vs:CatalogService', contentType: 'Catalog' },
    ...(live?.version ? { version: live.version } : {}),
    relationships: datasets.map(({ ivoid, title }) => ({ type: 'IsServiceFor', ivoid, title })),
    capabilities: own === undefined ? foreignTap(tap) : [own],
    facilities: entry.facilities.length > 0 ? entry.facilities : context.config.facilities,
    instruments: entry.instruments,
    tables: live === undefined ? null : publishedTables(live.rows),
  })
}

function foreignTap(tap: FoundTap): readonly WritePart[] {
  const { entry, url, security, obsCore } = tap
  const { adqlVersion, uploadSupported, additionalOutputFormats: outputFormats } = entry
  const access: Access = { url, use: 'base', version: '1.1', security }
  return [
    foreignTapCapability({ access, obsCore, adqlVersion, uploadSupported, outputFormats }),
    ...documents(tap),
    vosi('tables-1.1', tap.versionUrl('ivo://ivoa.net/std/VOSI#tables') ?? `${url}/tables`),
  ]
}

/** What every service says of itself; below its URL, unless the rule has other versions. */
function documents({ url, versionUrl }: Pick<FoundTap, 'url' | 'versionUrl'>): readonly WritePart[] {
  const names = ['capabilities', 'availability'] as const
  return names.map((name) => vosi(name, versionUrl(`ivo://ivoa.net/std/VOSI#${name}`) ?? `${url}/${name}`))
}

export function siaAccess({ url, versionUrl, security }: FoundSia): Access {
  return { url: versionUrl('ivo://ivoa.net/std/SIA#query-2.0') ?? url, use: 'base', version: '2.0', security }
}

/** An image search; `images` are those that it searches, if they have a record. */
export function siaRecord(context: Context, sia: FoundSia, images: readonly Relationship[]): RegistryRecord {
  const { entry } = sia
  return makeRecord(context, entry, {
    ...{ kind: 'sia', type: 'vs:CatalogService', contentType: 'Survey' },
    relationships: images,
    capabilities: [siaCapability(siaAccess(sia)), ...documents(sia)],
    facilities: entry.facilities.length > 0 ? entry.facilities : context.config.facilities,
    instruments: entry.instruments,
  })
}

/** Cut-outs, or the groups of users. */
export function plainRecord(context: Context, service: FoundPlain): RegistryRecord {
  const { entry, url, security } = service
  const access = (id: string, use: Access['use']): Access => {
    return { url: service.versionUrl(id) ?? url, use, version: '1.0', security }
  }
  const standard = (id: string) => capability(id, access(id, 'base'))
  if (entry.ivoaServiceType === 'gms') {
    const id = 'ivo://ivoa.net/std/GMS#search-1.0'
    return makeRecord(context, entry, {
      ...{ kind: 'gms', type: 'vr:Service', contentType: 'Other', contentLevel: 'General', rights: null },
      capabilities: [capability(id, access(id, 'full'))],
    })
  }
  return makeRecord(context, entry, {
    ...{ kind: 'soda', type: 'vs:DataService', contentType: 'Archive' },
    capabilities: [
      standard('ivo://ivoa.net/std/SODA#sync-1.0'),
      standard('ivo://ivoa.net/std/SODA#async-1.0'),
      ...documents(service),
    ],
    facilities: entry.facilities,
    instruments: entry.instruments,
  })
}

export function datalinkRecord(
  context: Context,
  service: Extract<RegistryService, { kind: 'datalink' }>,
): readonly RegistryRecord[] {
  const rule = dataRulesOf(context).find(({ name }) => name === service.rule)
  if (rule === undefined) {
    const message = `there is no data rule ${JSON.stringify(service.rule)} of a deployed application`
    context.report.error('invalid_value', service.place, message)
    context.held.add(service.ivoid)
    return []
  }
  const dataset = [...context.discovery.availableDatasets].find((name) => appliesTo(rule, name))
  if (dataset === undefined) return []
  const found = locate(context, rule, dataset)
  const url = found.versionUrl('ivo://ivoa.net/std/DataLink#links-1.1') ?? found.url
  const access: Access = { url, use: 'base', version: '1.1', security: found.security }
  const record = makeRecord(context, service, {
    ...{ kind: 'datalink', type: 'vs:DataService', contentType: 'Archive' },
    capabilities: [datalinkCapability(access), ...documents(found)],
  })
  return [record]
}
