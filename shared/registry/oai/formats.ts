import { XmlWriter } from '../../xml/writer.ts'
import type { RegistryRecord } from '../record.ts'
import { dateDocument, formatInstant, writeRecord } from '../write-record.ts'
import type { Prefix } from './selection.ts'

/** A record in both formats, without the date of its last change, so that equal texts are equal records. */
export interface UndatedRecord {
  /** `ri:Resource`. */
  readonly document: string
  /** `oai_dc:dc`. */
  readonly dublinCore: string
}

export function formatUndated(record: RegistryRecord): UndatedRecord {
  const resource = new XmlWriter('')
  writeRecord(resource, record)
  return { document: resource.take().trimEnd(), dublinCore: formatDublinCore(record) }
}

const TYPE = '<dc:type>'

/** Puts the date into a text of `formatUndated`. */
export function dateMetadata(prefix: Prefix, undated: string, updated: Date): string {
  if (prefix === 'ivo_vor') return dateDocument(undated, updated)
  return undated.replace(TYPE, `<dc:date>${formatInstant(updated).slice(0, 10)}</dc:date>\n  ${TYPE}`)
}

const NAMESPACES = {
  'xmlns:oai_dc': 'http://www.openarchives.org/OAI/2.0/oai_dc/',
  'xmlns:dc': 'http://purl.org/dc/elements/1.1/',
  'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
  'xsi:schemaLocation': 'http://www.openarchives.org/OAI/2.0/oai_dc/ http://www.openarchives.org/OAI/2.0/oai_dc.xsd',
}

/** What Dublin Core has words for. */
function formatDublinCore(record: RegistryRecord): string {
  const { rights, doi } = record
  const xml = new XmlWriter('')
  xml.open('oai_dc:dc', NAMESPACES).element('dc:title', {}, record.title)
  for (const creator of record.creators) xml.element('dc:creator', {}, creator)
  for (const subject of record.subjects) xml.element('dc:subject', {}, subject)
  xml.element('dc:description', {}, record.description).element('dc:publisher', {}, record.publisher.title)
  xml.element('dc:type', {}, record.contentType)
  xml.element('dc:identifier', {}, record.ivoid).element('dc:identifier', {}, record.referenceUrl)
  if (doi !== null) xml.element('dc:identifier', {}, `doi:${doi}`)
  for (const { ivoid } of record.relationships) xml.element('dc:relation', {}, ivoid)
  if (rights !== null) xml.element('dc:rights', {}, rights.uri ?? rights.text)
  return xml.close().take().trimEnd()
}
