import { declaredForms } from '../adql/functions/forms.ts'
import type { FunctionRow } from '../adql/functions/row.ts'
import { FORMATS } from '../votable/formats.ts'
import { XmlWriter } from '../xml/writer.ts'

interface Bounds {
  readonly default: number
  readonly hard: number
}

/** What a capabilities document says of one service. */
export interface ServiceDescription {
  /** Public, without a slash at its end. */
  readonly url: string
  /** Every function of the language as the service answers it; those that it refuses are left out. */
  readonly functions: readonly FunctionRow[]
  /** Whether there is a table ivoa.ObsCore. */
  readonly obsCore: boolean
  readonly examples: boolean
  /** `token`: only users with a token may query. */
  readonly access: 'anonymous' | 'token'
  readonly limits: {
    readonly maxrec: { readonly default: number; readonly hard: number | null }
    /** How long a query may run, and a job be kept; both in seconds. */
    readonly execution: Bounds
    /** null: there are no jobs. */
    readonly retention: Bounds | null
    readonly uploads: { readonly tables: number; readonly rows: number }
  }
}

const NAMESPACES = {
  'xmlns:vosi': 'http://www.ivoa.net/xml/VOSICapabilities/v1.0',
  'xmlns:vr': 'http://www.ivoa.net/xml/VOResource/v1.0',
  'xmlns:vs': 'http://www.ivoa.net/xml/VODataService/v1.1',
  'xmlns:tr': 'http://www.ivoa.net/xml/TAPRegExt/v1.0',
  'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
}

/** The capabilities document (VOSI 1.1 §2.1) with what TAPRegExt 1.0 says of a TAP service. */
export function formatCapabilities(service: ServiceDescription): string {
  const xml = new XmlWriter()
  xml.open('vosi:capabilities', NAMESPACES)
  writeCapabilities(xml, service)
  return xml.close().take()
}

/** The same without the element around them: what a registry says of the service too. */
export function writeCapabilities(xml: XmlWriter, service: ServiceDescription): void {
  writeTap(xml, service)
  for (const [standardID, path, version] of DOCUMENTS) {
    xml.open('capability', { standardID })
    xml.open('interface', { 'xsi:type': 'vs:ParamHTTP', role: 'std', version })
    xml.element('accessURL', { use: 'full' }, `${service.url}${path}`)
    if (path === '/tables') writeSecurity(xml, service)
    xml.close().close()
  }
  if (service.examples) {
    xml.open('capability', { standardID: 'ivo://ivoa.net/std/DALI#examples' })
    xml.open('interface', { 'xsi:type': 'vr:WebBrowser' })
    xml.element('accessURL', { use: 'full' }, `${service.url}/examples`)
    xml.close().close()
  }
}

const DOCUMENTS = [
  ['ivo://ivoa.net/std/VOSI#capabilities', '/capabilities', null],
  ['ivo://ivoa.net/std/VOSI#availability', '/availability', null],
  ['ivo://ivoa.net/std/VOSI#tables-1.1', '/tables', '1.1'],
] as const

function writeTap(xml: XmlWriter, service: ServiceDescription): void {
  const { url, obsCore, limits } = service
  xml.open('capability', { standardID: 'ivo://ivoa.net/std/TAP', 'xsi:type': 'tr:TableAccess' })
  xml.open('interface', { 'xsi:type': 'vs:ParamHTTP', role: 'std', version: '1.1' })
  xml.element('accessURL', { use: 'base' }, url)
  writeSecurity(xml, service)
  xml.close()
  if (obsCore) xml.element('dataModel', { 'ivo-id': 'ivo://ivoa.net/std/ObsCore#core-1.1' }, 'ObsCore-1.1')
  writeLanguage(xml, service.functions)
  for (const { mediaType, aliases, ivoId } of FORMATS) {
    xml.open('outputFormat', { 'ivo-id': ivoId }).element('mime', {}, mediaType)
    for (const alias of aliases) xml.element('alias', {}, alias)
    xml.close()
  }
  if (limits.uploads.tables > 0) {
    for (const method of ['inline', 'http', 'https'])
      xml.element('uploadMethod', { 'ivo-id': `ivo://ivoa.net/std/TAPRegExt#upload-${method}` })
  }
  writeLimits(xml, service)
  xml.close()
}

/** A bearer token. VOResource 1.2 has room for one method; what else is taken, the answer 401 says. */
function writeSecurity(xml: XmlWriter, { access }: ServiceDescription): void {
  if (access === 'token') xml.element('securityMethod', { standardID: 'ivo://ivoa.net/sso#OAuth' })
}

interface FeatureList {
  readonly type: string
  readonly features: readonly { readonly form: string; readonly description?: string }[]
}

function writeLanguage(xml: XmlWriter, functions: readonly FunctionRow[]): void {
  xml.open('language').element('name', {}, 'ADQL')
  for (const version of ['2.0', '2.1'])
    xml.element('version', { 'ivo-id': `ivo://ivoa.net/std/ADQL#v${version}` }, version)
  xml.element('description', {}, 'ADQL 2.1, and ADQL 2.0 with it')
  for (const { type, features } of featureLists(functions)) {
    xml.open('languageFeatures', { type })
    for (const { form, description } of features) {
      xml.open('feature').element('form', {}, form).textElement('description', description).close()
    }
    xml.close()
  }
  xml.close()
}

/**
 * Optional features by their types (ADQL 2.1 §4). COALESCE stands among the user defined functions, with its form: to clients
 * that know ADQL 2.1 by its drafts, the type that it came with (`features-adql-conditional`) is an error.
 */
function featureLists(functions: readonly FunctionRow[]): readonly FeatureList[] {
  const named = (...groups: readonly FunctionRow['group'][]) =>
    functions.filter(({ group }) => groups.includes(group)).map(({ name }) => ({ form: name }))
  const words = (...forms: readonly string[]) => forms.map((form) => ({ form }))
  const udfs = functions
    .filter(({ group }) => group === 'udf' || group === 'conditional')
    .flatMap((row) => declaredForms(row).map((form) => ({ form, description: row.meaning })))
  const lists = [
    { type: 'ivo://ivoa.net/std/TAPRegExt#features-udf', features: udfs },
    { type: 'ivo://ivoa.net/std/TAPRegExt#features-adqlgeo', features: named('geometry') },
    { type: `${FEATURES}string`, features: [...named('string'), ...words('ILIKE')] },
    { type: `${FEATURES}unit`, features: named('unit') },
    { type: `${FEATURES}common-table`, features: words('WITH') },
    { type: `${FEATURES}sets`, features: words('UNION', 'EXCEPT', 'INTERSECT') },
    { type: `${FEATURES}type`, features: words('CAST') },
    { type: `${FEATURES}offset`, features: words('OFFSET') },
  ]
  return lists.filter(({ features }) => features.length > 0)
}

const FEATURES = 'ivo://ivoa.net/std/TAPRegExt#features-adql-'

function writeLimits(xml: XmlWriter, { limits }: ServiceDescription): void {
  const { maxrec, execution, retention, uploads } = limits
  if (retention !== null) writeBounds(xml, 'retentionPeriod', retention)
  writeBounds(xml, 'executionDuration', execution)
  xml.open('outputLimit').element('default', { unit: 'row' }, maxrec.default)
  if (maxrec.hard !== null) xml.element('hard', { unit: 'row' }, maxrec.hard)
  xml.close()
  if (uploads.tables > 0) xml.open('uploadLimit').element('hard', { unit: 'row' }, uploads.rows).close()
}

function writeBounds(xml: XmlWriter, name: string, bounds: Bounds): void {
  xml.open(name).element('default', {}, bounds.default).element('hard', {}, bounds.hard).close()
}
