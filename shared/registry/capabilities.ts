import type { XmlWriter } from '../xml/writer.ts'
import type { WritePart } from './record.ts'

/** How a standard interface is reached. */
export interface Access {
  readonly url: string
  /** `base`: parameters are appended. */
  readonly use: 'base' | 'full'
  readonly version: string
  /** Standards by which it is called, one interface for each; none: it is open to everybody. */
  readonly security: readonly string[]
}

/** A parameter that the standard of the service has. */
interface Parameter {
  readonly name: string
  readonly use: 'required' | 'optional'
  readonly unit?: string
  readonly ucd: string
}

export interface Answer {
  readonly resultType: string
  readonly parameters: readonly Parameter[]
}

interface CapabilityParts {
  /** `xsi:type`, where it is more than a plain one. */
  readonly type?: string
  readonly description?: string
  readonly interfaceType?: string
  readonly answer?: Answer
  /** What its type has behind the interfaces. */
  readonly end?: WritePart
}

/** A capability that its standard id says all of, or one with further elements in its type. */
export function capability(standardID: string, access: Access, more: CapabilityParts = {}): WritePart {
  return (xml) => {
    xml.open('capability', { 'xsi:type': more.type, standardID })
    xml.textElement('description', more.description)
    writeInterfaces(xml, access, more)
    more.end?.(xml)
    xml.close()
  }
}

/** VOResource 1.2 has room for one security method in an interface: each has an interface of its own. */
function writeInterfaces(
  xml: XmlWriter,
  { url, use, version, security }: Access,
  { interfaceType = 'vs:ParamHTTP', answer }: CapabilityParts,
): void {
  for (const method of security.length === 0 ? [null] : security) {
    xml.open('interface', { 'xsi:type': interfaceType, role: 'std', version })
    xml.element('accessURL', { use }, url)
    if (method !== null) xml.element('securityMethod', { standardID: method })
    if (answer !== undefined) writeAnswer(xml, answer)
    xml.close()
  }
}

function writeAnswer(xml: XmlWriter, { resultType, parameters }: Answer): void {
  xml.element('resultType', {}, resultType)
  for (const { name, use, unit, ucd } of parameters) {
    xml.open('param', { std: true, use }).element('name', {}, name).textElement('unit', unit)
    xml.element('ucd', {}, ucd).element('dataType', { arraysize: '*' }, 'string').close()
  }
}

/** A document about the service, which everybody may read (VOSI 1.1 §3). */
export function vosi(name: 'capabilities' | 'availability' | 'tables-1.1', url: string): WritePart {
  return (xml) => {
    xml.open('capability', { standardID: `ivo://ivoa.net/std/VOSI#${name}` })
    const version = name === 'tables-1.1' ? '1.1' : null
    xml.open('interface', { 'xsi:type': 'vs:ParamHTTP', role: 'std', version })
    xml.element('accessURL', { use: 'full' }, url).close().close()
  }
}

const VOTABLE = 'application/x-votable+xml'

/** SIA 2.0: what may be searched by, as every such service has it. */
export function siaCapability(access: Access): WritePart {
  const optional = (name: string, ucd: string, unit?: string) => ({
    name,
    ucd,
    use: 'optional' as const,
    ...(unit !== undefined && { unit }),
  })
  return capability('ivo://ivoa.net/std/SIA#query-2.0', access, {
    type: 'sia:SimpleImageAccess',
    answer: {
      resultType: VOTABLE,
      parameters: [optional('POS', 'pos.eq'), optional('BAND', 'em.wl', 'm'), optional('TIME', 'time', 'd')],
    },
    end: (xml) => xml.element('imageServiceType', {}, 'Pointed'),
  })
}

export function datalinkCapability(access: Access): WritePart {
  return capability('ivo://ivoa.net/std/DataLink#links-1.1', access, {
    answer: {
      resultType: `${VOTABLE};content=datalink`,
      parameters: [{ name: 'ID', use: 'required', ucd: 'meta.id' }],
    },
  })
}

/** What is known of a TAP service that another program answers. */
export interface ForeignTap {
  readonly access: Access
  readonly obsCore: boolean
  readonly adqlVersion: string
  readonly uploadSupported: boolean
  readonly outputFormats: readonly { readonly mime: string; readonly alias: readonly string[] }[]
}

const ADQL_VERSIONS: readonly string[] = ['2.0', '2.1']

/** TAPRegExt 1.0, as far as it is known. */
export function foreignTapCapability(tap: ForeignTap): WritePart {
  return capability('ivo://ivoa.net/std/TAP', tap.access, {
    type: 'tr:TableAccess',
    end: (xml) => {
      if (tap.obsCore) xml.element('dataModel', { 'ivo-id': 'ivo://ivoa.net/std/ObsCore#core-1.1' }, 'ObsCore-1.1')
      const known = ADQL_VERSIONS.includes(tap.adqlVersion)
      xml.open('language').element('name', {}, 'ADQL')
      xml.element(
        'version',
        { 'ivo-id': known ? `ivo://ivoa.net/std/ADQL#v${tap.adqlVersion}` : null },
        tap.adqlVersion,
      )
      xml.element('description', {}, `ADQL ${tap.adqlVersion}`).close()
      for (const { mime, alias } of [{ mime: VOTABLE, alias: ['votable'] }, ...tap.outputFormats]) {
        xml.open('outputFormat').element('mime', {}, mime)
        for (const name of alias) xml.element('alias', {}, name)
        xml.close()
      }
      if (!tap.uploadSupported) return
      for (const method of ['inline', 'http', 'https'])
        xml.element('uploadMethod', { 'ivo-id': `ivo://ivoa.net/std/TAPRegExt#upload-${method}` })
    },
  })
}
