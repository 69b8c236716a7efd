import { XmlWriter } from '../../xml/writer.ts'
import type { RegistryRecord } from '../record.ts'
import { writeRecord } from '../write-record.ts'
import type { OaiRecord } from './source.ts'

/** A record as it is sent from this date on. */
export function oaiRecord(record: RegistryRecord, updated: Date): OaiRecord {
  const resource = new XmlWriter('')
  writeRecord(resource, record, updated)
  return { ivoid: record.ivoid, updated, formats: { ivo_vor: resource.take(), oai_dc: dublinCore(record, updated) } }
}

const NAMESPACES = {
  'xmlns:oai_dc': 'http://www.openarchives.org/OAI/2.0/oai_dc/',
  'xmlns:dc': 'http://purl.org/dc/elements/1.1/',
  'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
  'xsi:schemaLocation': 'http://www.openarchives.org/OAI/2.0/oai_dc/ http://www.openarchives.org/OAI/2.0/oai_dc.xsd',
}

/** What Dublin Core has words for. */
function dublinCore(record: RegistryRecord, updated: Date): string {
  const { rights, doi } = record
  const xml = new XmlWriter('')
  xml.open('oai_dc:dc', NAMESPACES).element('dc:title', {}, record.title)
  for (const creator of record.creators) xml.element('dc:creator', {}, creator)
  for (const subject of record.subjects) xml.element('dc:subject', {}, subject)
  xml.element('dc:description', {}, record.description).element('dc:publisher', {}, record.publisher.title)
  xml.element('dc:date', {}, updated.toISOString().slice(0, 10)).element('dc:type', {}, record.contentType)
  xml.element('dc:identifier', {}, record.ivoid).element('dc:identifier', {}, record.referenceUrl)
  if (doi !== null) xml.element('dc:identifier', {}, `doi:${doi}`)
  for (const { ivoid } of record.relationships) xml.element('dc:relation', {}, ivoid)
  if (rights !== null) xml.element('dc:rights', {}, rights.uri ?? rights.text)
  return xml.close().take()
}
