import { XmlWriter } from '../../xml/writer.ts'
import { formatInstant } from '../write-record.ts'
import { OaiError } from './error.ts'
import { attributesOf, type OaiRequest, readRequest } from './request.ts'
import type { ListVerb, Prefix, Selection } from './selection.ts'
import type { DateRange, OaiRecord, Page, RecordSource } from './source.ts'
import { formatToken, type ListPosition } from './token.ts'

/** What a repository says of itself. */
export interface Repository {
  readonly name: string
  /** As it is registered, whatever a request was sent to. */
  readonly baseUrl: string
  readonly adminEmail: string
  /** The registry's own record. */
  readonly ivoid: string
  readonly pageSize: number
}

const NAMESPACES = {
  xmlns: 'http://www.openarchives.org/OAI/2.0/',
  'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
  'xsi:schemaLocation': 'http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd',
}

export const MANAGED = 'ivo_managed'

/** What is written of a request that can be answered. */
type WriteAnswer = (xml: XmlWriter) => void

/** The answer to a request (OAI-PMH 2.0, Registry Interfaces 1.1 §3), also where it is an error of the protocol. */
export async function answerOai(
  pairs: readonly (readonly [name: string, value: string])[],
  repository: Repository,
  source: RecordSource,
  now: Date,
): Promise<string> {
  const xml = new XmlWriter()
  xml.open('OAI-PMH', NAMESPACES).element('responseDate', {}, formatInstant(now))
  try {
    const request = readRequest(pairs)
    const write = await prepare(request, repository, source)
    xml.element('request', attributesOf(pairs), repository.baseUrl).open(request.verb)
    write(xml)
    xml.close()
  } catch (error) {
    if (!(error instanceof OaiError)) throw error
    xml.element('request', error.isMalformed ? {} : attributesOf(pairs), repository.baseUrl)
    xml.element('error', { code: error.code }, error.message)
  }
  return xml.close().take()
}

function prepare(request: OaiRequest, repository: Repository, source: RecordSource): Promise<WriteAnswer> {
  switch (request.verb) {
    case 'Identify':
      return identify(repository, source)
    case 'ListSets':
      return Promise.resolve((xml) => {
        xml.open('set').element('setSpec', {}, MANAGED)
        xml.element('setName', {}, 'All resources that this registry manages').close()
      })
    case 'ListMetadataFormats':
      return listFormats(request.identifier, source)
    case 'GetRecord':
      return getRecord(request.identifier, request.prefix, source)
    default:
      return listRecords(request, repository.pageSize, source)
  }
}

async function identify(repository: Repository, source: RecordSource): Promise<WriteAnswer> {
  const [earliest, own] = [await source.earliest(), await source.find(repository.ivoid, 'ivo_vor')]
  return (xml) => {
    xml.element('repositoryName', {}, repository.name).element('baseURL', {}, repository.baseUrl)
    xml.element('protocolVersion', {}, '2.0').element('adminEmail', {}, repository.adminEmail)
    xml.element('earliestDatestamp', {}, formatInstant(earliest)).element('deletedRecord', {}, 'persistent')
    xml.element('granularity', {}, 'YYYY-MM-DDThh:mm:ssZ').element('compression', {}, 'gzip')
    if (own?.metadata) xml.open('description').xml(own.metadata).close()
  }
}

const FORMATS = [
  ['ivo_vor', 'http://www.ivoa.net/xml/RegistryInterface/v1.0', 'http://www.ivoa.net/xml/RegistryInterface/v1.0'],
  ['oai_dc', 'http://www.openarchives.org/OAI/2.0/oai_dc.xsd', 'http://www.openarchives.org/OAI/2.0/oai_dc/'],
] as const

async function listFormats(identifier: string | null, source: RecordSource): Promise<WriteAnswer> {
  if (identifier !== null) await requireRecord(identifier, null, source)
  return (xml) => {
    for (const [prefix, schema, namespace] of FORMATS) {
      xml.open('metadataFormat').element('metadataPrefix', {}, prefix).element('schema', {}, schema)
      xml.element('metadataNamespace', {}, namespace).close()
    }
  }
}

async function getRecord(identifier: string, prefix: Prefix, source: RecordSource): Promise<WriteAnswer> {
  const record = await requireRecord(identifier, prefix, source)
  return (xml) => writeRecord(xml, record)
}

async function requireRecord(identifier: string, prefix: Prefix | null, source: RecordSource): Promise<OaiRecord> {
  const record = await source.find(identifier, prefix)
  if (record !== undefined) return record
  throw new OaiError('idDoesNotExist', `There is no record ${identifier}.`)
}

type ListRequest = Extract<OaiRequest, { verb: ListVerb }>

/** Readers of a page often hold all of it. */
const PAGE_BYTES = 4 * 1024 * 1024

async function listRecords(request: ListRequest, pageSize: number, source: RecordSource): Promise<WriteAnswer> {
  const { verb, selection, position } = request
  const range = rangeOf(selection)
  const more = position === null ? '' : ' more'
  const noRecords = () => new OaiError('noRecordsMatch', `There is no such record${more}: ${describe(selection)}.`)
  if (selection.set !== null && selection.set !== MANAGED) throw noRecords()
  // What changes during a harvest moves to the end, so that nothing is skipped.
  const after = position === null ? null : { updated: new Date(position.updated), ivoid: position.ivoid }
  const prefix = verb === 'ListRecords' ? selection.prefix : null
  const page = await source.page({ range, after, prefix, limits: { records: pageSize, bytes: PAGE_BYTES } })
  // Of a list that goes on too, when all that was left has changed after its `until`.
  if (page.records.length === 0) throw noRecords()
  const total = await source.count(range)
  return (xml) => {
    for (const record of page.records) {
      if (verb === 'ListRecords') writeRecord(xml, record)
      else writeHeader(xml, record)
    }
    writeToken(xml, request, page, total)
  }
}

/** A list in one page has none (validators refuse an empty one there); of several pages, the last has an empty one. */
function writeToken(xml: XmlWriter, request: ListRequest, { records, isLast }: Page, total: number): void {
  const { verb, selection, position } = request
  const last = records.at(-1)
  if (isLast && position === null) return
  const cursor = position?.cursor ?? 0
  const size = position?.size ?? total
  const attributes = { completeListSize: size === total ? size : null, cursor }
  if (isLast || last === undefined) {
    xml.element('resumptionToken', attributes)
    return
  }
  const reached: ListPosition = {
    updated: formatInstant(last.updated),
    ivoid: last.ivoid,
    cursor: cursor + records.length,
    size,
  }
  xml.element('resumptionToken', attributes, formatToken({ verb, selection, position: reached }))
}

/** A day as `until` ends with its last second. */
function rangeOf({ from, until }: Selection): DateRange {
  const end = until !== null && until.length === 10 ? `${until}T23:59:59Z` : until
  return { from: from === null ? null : new Date(from), until: end === null ? null : new Date(end) }
}

function describe({ set, from, until }: Selection): string {
  const parts = [
    ...(set === null ? [] : [`in the set ${set}`]),
    ...(from === null ? [] : [`changed since ${from}`]),
    ...(until === null ? [] : [`changed until ${until}`]),
  ]
  return parts.join(', ') || 'there is none at all'
}

function writeHeader(xml: XmlWriter, { ivoid, updated, deleted }: OaiRecord): void {
  xml.open('header', { status: deleted ? 'deleted' : null }).element('identifier', {}, ivoid)
  xml.element('datestamp', {}, formatInstant(updated)).element('setSpec', {}, MANAGED).close()
}

function writeRecord(xml: XmlWriter, record: OaiRecord): void {
  xml.open('record')
  writeHeader(xml, record)
  if (record.metadata !== null) xml.open('metadata').xml(record.metadata).close()
  xml.close()
}
