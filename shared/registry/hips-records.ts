import { type HipsTree, hipsTrees } from '../discovery/hips-trees.ts'
import { hipsListUrl } from '../discovery/own-urls.ts'
import type { RegistryService } from '../environment/registry.ts'
import { type Access, capability } from './capabilities.ts'
import { additionsOf, type Context, makeRecord } from './context.ts'
import type { RegistryRecord, Relationship } from './record.ts'
import { describeSurvey } from './survey-properties.ts'

type HipsService = Extract<RegistryService, { kind: 'hips' }>

/** A HiPS list, and where the environment wants it each of its surveys (HiPS 1.0 §5). */
export function hipsRecords(context: Context, service: HipsService): readonly RegistryRecord[] {
  const { discovery, settings, host } = context
  const { hips, publicBase, availableDatasets } = discovery
  const trees = hipsTrees(discovery, service.dataset)
  if (hips === null || trees === undefined) {
    const message = `there is no HiPS list of ${JSON.stringify(service.dataset)}: hips.datasets does not have it`
    context.report.error('invalid_value', service.place, message)
    context.held.add(service.ivoid)
    return []
  }
  if (!availableDatasets.has(service.dataset)) return []
  const url = hipsListUrl(publicBase ?? `https://${host}`, hips.pathPrefix, service.dataset)
  const security = hips.requiredScopes.length > 0 ? settings.securityMethods : []
  const access: Access = { url, use: 'full', version: '1.0', security }
  const list = makeRecord(context, service, {
    ...{ kind: 'hips', type: 'vr:Service', contentType: 'Survey' },
    capabilities: [capability('ivo://ivoa.net/std/hips#hipslist-1.0', access)],
  })
  if (!settings.hipsSurveys) return [list]
  return [
    list,
    ...trees.map((tree) => surveyRecord(context, service, list, tree, { ...access, use: 'base', url: tree.url })),
  ]
}

/** Its rights and what of the sky it shows are those of its list, unless the environment or it itself says more. */
function surveyRecord(
  context: Context,
  service: HipsService,
  list: RegistryRecord,
  { path, url }: HipsTree,
  access: Access,
): RegistryRecord {
  const name = path.split('/').findLast((part) => part !== '') ?? service.dataset
  const ivoid = `${service.ivoid}/${name.replace(/[^\w.~-]/g, '_')}`
  const images = context.discovery.datasets.get(service.dataset)?.ivoaRegistry
  const from = images ? [{ type: 'IsDerivedFrom', ivoid: images.ivoid, title: images.title } as Relationship] : []
  const properties = context.surveys?.get(url)
  if (context.surveys !== null && properties === undefined) context.held.add(ivoid)
  const described = describeSurvey(properties ?? '')
  const entry = {
    ...service,
    ivoid,
    title: described.title ?? `${service.title}: ${name}`,
    description:
      described.description ?? `The hierarchical progressive survey ${name} of this list: ${service.description}`,
  }
  const added = additionsOf(context, ivoid)
  return makeRecord(context, entry, {
    ...{ kind: 'hips-survey', type: 'vs:DataService', contentType: 'Survey' },
    relationships: from,
    capabilities: [capability('ivo://ivoa.net/std/hips#hips-1.0', access)],
    facilities: context.config.facilities,
    coverage: added?.coverage ?? described.coverage ?? list.coverage,
    ...(added?.rights == null && added?.rightsUri == null ? { rights: list.rights } : {}),
  })
}
