import { XmlWriter } from '../../xml/writer.ts'
import { formatInstant } from '../write-record.ts'
import { OaiError } from './error.ts'
import { attributesOf, type OaiRequest, readRequest } from './request.ts'
import type { ListVerb, Prefix, Selection } from './selection.ts'
import type { DateRange, OaiRecord, RecordSource } from './source.ts'
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
  const [earliest, own] = [await source.earliest(), await source.find(repository.ivoid)]
  return (xml) => {
    xml.element('repositoryName', {}, repository.name).element('baseURL', {}, repository.baseUrl)
    xml.element('protocolVersion', {}, '2.0').element('adminEmail', {}, repository.adminEmail)
    xml.element('earliestDatestamp', {}, formatInstant(earliest)).element('deletedRecord', {}, 'persistent')
    xml.element('granularity', {}, 'YYYY-MM-DDThh:mm:ssZ')
    if (own?.formats) xml.open('description').xml(own.formats.ivo_vor).close()
  }
}

const FORMATS = [
  ['ivo_vor', 'http://www.ivoa.net/xml/RegistryInterface/v1.0', 'http://www.ivoa.net/xml/RegistryInterface/v1.0'],
  ['oai_dc', 'http://www.openarchives.org/OAI/2.0/oai_dc.xsd', 'http://www.openarchives.org/OAI/2.0/oai_dc/'],
] as const

async function listFormats(identifier: string | null, source: RecordSource): Promise<WriteAnswer> {
  if (identifier !== null) await requireRecord(identifier, source)
  return (xml) => {
    for (const [prefix, schema, namespace] of FORMATS) {
      xml.open('metadataFormat').element('metadataPrefix', {}, prefix).element('schema', {}, schema)
      xml.element('metadataNamespace', {}, namespace).close()
    }
  }
}

async function getRecord(identifier: string, prefix: Prefix, source: RecordSource): Promise<WriteAnswer> {
  const record = await requireRecord(identifier, source)
  return (xml) => writeRecord(xml, record, prefix)
}

async function requireRecord(identifier: string, source: RecordSource): Promise<OaiRecord> {
  const record = await source.find(identifier)
  if (record !== undefined) return record
  throw new OaiError('idDoesNotExist', `There is no record ${identifier}.`)
}

type ListRequest = Extract<OaiRequest, { verb: ListVerb }>

/** Readers of a page often hold all of it. */
const PAGE_CHARACTERS = 4 * 1024 * 1024

async function listRecords(request: ListRequest, pageSize: number, source: RecordSource): Promise<WriteAnswer> {
  const { verb, selection, position } = request
  const range = rangeOf(selection)
  const noRecords = () => new OaiError('noRecordsMatch', `There is no such record: ${describe(selection)}.`)
  if (selection.set !== null && selection.set !== MANAGED) throw noRecords()
  const after = position === null ? null : { updated: new Date(position.updated), ivoid: position.ivoid }
  // One more says whether there is another page. What changes meanwhile moves to the end, so nothing is skipped.
  const found = await source.list(range, after, pageSize + 1)
  if (found.length === 0 && position === null) throw noRecords()
  const page = verb === 'ListRecords' ? cut(found.slice(0, pageSize), selection.prefix) : found.slice(0, pageSize)
  const total = await source.count(range)
  return (xml) => {
    for (const record of page) {
      if (verb === 'ListRecords') writeRecord(xml, record, selection.prefix)
      else writeHeader(xml, record)
    }
    writeToken(xml, { request, page, total, isLast: page.length === found.length })
  }
}

function cut(records: readonly OaiRecord[], prefix: Prefix): readonly OaiRecord[] {
  let characters = 0
  const end = records.findIndex(({ formats }, index) => {
    characters += formats?.[prefix].length ?? 0
    return characters > PAGE_CHARACTERS && index > 0
  })
  return end === -1 ? records : records.slice(0, end)
}

interface Page {
  readonly request: ListRequest
  readonly page: readonly OaiRecord[]
  readonly total: number
  readonly isLast: boolean
}

/** A list in one page has none (validators refuse an empty one there); of several pages, the last has an empty one. */
function writeToken(xml: XmlWriter, { request, page, total, isLast }: Page): void {
  const { verb, selection, position } = request
  const last = page.at(-1)
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
    cursor: cursor + page.length,
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

function writeHeader(xml: XmlWriter, { ivoid, updated, formats }: OaiRecord): void {
  xml.open('header', { status: formats === null ? 'deleted' : null }).element('identifier', {}, ivoid)
  xml.element('datestamp', {}, formatInstant(updated)).element('setSpec', {}, MANAGED).close()
}

function writeRecord(xml: XmlWriter, record: OaiRecord, prefix: Prefix): void {
  xml.open('record')
  writeHeader(xml, record)
  if (record.formats !== null) xml.open('metadata').xml(record.formats[prefix]).close()
  xml.close()
}
