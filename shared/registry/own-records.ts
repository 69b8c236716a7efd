import type { Environment } from '../environment/environment.ts'
import { Report } from '../environment/report.ts'
import { XmlWriter } from '../xml/writer.ts'
import { capability, vosi } from './capabilities.ts'
import { type Context, makeRecord, openContext } from './context.ts'
import type { RegistryRecord } from './record.ts'

/** The three records that every publishing registry has (Registry Interfaces 1.1 §2.1). */
export function ownRecords(context: Context): readonly RegistryRecord[] {
  const { config } = context
  const { organisation, authority } = config
  const managed = authority.replace(/^ivo:\/\//i, '')
  const common = { place: config.place, created: config.created, docsUrl: null, subjects: config.subjects }
  const registry = makeRecord(
    context,
    {
      ...common,
      ivoid: config.ivoid,
      title: config.repositoryName,
      description: `Publishing registry of ${organisation.title}. It holds the records of the services and datasets that it offers to the astronomy community.`,
    },
    {
      ...{ kind: 'registry', type: 'vg:Registry', contentType: 'Registry', rights: null },
      ...(config.shortName ? { shortName: config.shortName } : {}),
      capabilities: ownCapabilities(context),
      end: (xml) => xml.element('full', {}, false).element('managedAuthority', {}, managed),
    },
  )
  const authorityRecord = makeRecord(
    context,
    {
      ...common,
      ivoid: authority,
      title: `${organisation.title} naming authority`,
      description: `Identifiers that begin with ${authority} are assigned by ${organisation.title}.`,
    },
    {
      ...{ kind: 'authority', type: 'vg:Authority', contentType: 'Other', contentLevel: 'General', rights: null },
      end: (xml) => xml.element('managingOrg', { 'ivo-id': organisation.ivoid }, organisation.title),
    },
  )
  const organisationRecord = makeRecord(
    context,
    { ...common, ...organisation, docsUrl: organisation.homepage },
    {
      ...{ kind: 'organisation', type: 'vr:Organisation', contentType: 'Organisation', contentLevel: 'General' },
      ...{ rights: null, facilities: config.facilities },
    },
  )
  return [registry, authorityRecord, organisationRecord]
}

const NAMESPACES = {
  'xmlns:vosi': 'http://www.ivoa.net/xml/VOSICapabilities/v1.0',
  'xmlns:vg': 'http://www.ivoa.net/xml/VORegistry/v1.0',
  'xmlns:vs': 'http://www.ivoa.net/xml/VODataService/v1.1',
  'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
}

/** The capabilities document of the registry (VOSI 1.1 §2.1): what its record says too. @throws EnvironmentError */
export function formatOwnCapabilities(environment: Environment): string {
  const context = openContext(environment, new Map(), new Report(environment.file))
  const xml = new XmlWriter()
  xml.open('vosi:capabilities', NAMESPACES)
  for (const write of ownCapabilities(context)) write(xml)
  return xml.close().take()
}

function ownCapabilities(context: Context): RegistryRecord['capabilities'] {
  const base = baseUrlOf(context)
  const beside = base.replace(/\/oai$/, '')
  const access = { url: base, use: 'base', version: '1.0', security: [] } as const
  return [
    capability('ivo://ivoa.net/std/Registry', access, {
      type: 'vg:Harvest',
      interfaceType: 'vg:OAIHTTP',
      description: 'OAI-PMH 2.0 endpoint of this publishing registry.',
      end: (xml) => xml.element('maxRecords', {}, context.settings.pageSize),
    }),
    vosi('capabilities', `${beside}/capabilities`),
    vosi('availability', `${beside}/availability`),
  ]
}

/** The URL under which the registry is registered, whatever host a request names. */
export function baseUrlOf({ settings, discovery, config, host }: Context): string {
  return settings.baseUrl ?? `${discovery.publicBase ?? `https://${host}`}${config.path}`
}
