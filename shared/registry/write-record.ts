import type { Coverage } from '../environment/registry.ts'
import { writeSchemas } from '../tap/tables.ts'
import { XmlWriter } from '../xml/writer.ts'
import type { RegistryRecord } from './record.ts'

/** All that records need, the same for each, so that those who read XML as text find what they expect. */
const NAMESPACES = {
  // Within an answer of OAI-PMH the children would be in its namespace otherwise.
  xmlns: '',
  'xmlns:ri': 'http://www.ivoa.net/xml/RegistryInterface/v1.0',
  'xmlns:vr': 'http://www.ivoa.net/xml/VOResource/v1.0',
  'xmlns:vs': 'http://www.ivoa.net/xml/VODataService/v1.1',
  'xmlns:vg': 'http://www.ivoa.net/xml/VORegistry/v1.0',
  'xmlns:tr': 'http://www.ivoa.net/xml/TAPRegExt/v1.0',
  'xmlns:sia': 'http://www.ivoa.net/xml/SIA/v1.1',
  'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
}

/** The record as a document of its own. */
export function formatRecord(record: RegistryRecord, updated: Date): string {
  const xml = new XmlWriter()
  writeRecord(xml, record, updated)
  return xml.take()
}

const STATUS = ' status="active"'

/** Puts the date of the last change into a record without. */
export function dateDocument(undated: string, updated: Date): string {
  // The first one in the text: no value has a quotation mark that is not escaped.
  return undated.replace(STATUS, ` updated="${formatInstant(updated)}"${STATUS}`)
}

/** Writes the element `ri:Resource` (VOResource 1.2 §3); without the date of its last change, that is still to be put in. */
export function writeRecord(xml: XmlWriter, record: RegistryRecord, updated?: Date): void {
  if (record.source !== null) {
    xml.xml(updated === undefined ? record.source : dateDocument(record.source, updated))
    return
  }
  xml.open('ri:Resource', {
    ...NAMESPACES,
    'xsi:type': record.type,
    created: formatInstant(record.created),
    updated: updated && formatInstant(updated),
    status: 'active',
  })
  xml.element('title', {}, record.title).textElement('shortName', record.shortName)
  xml.element('identifier', {}, record.ivoid)
  if (record.doi !== null) xml.element('altIdentifier', {}, `doi:${record.doi}`)
  writeCuration(xml, record)
  writeContent(xml, record)
  const { rights, coverage, tables } = record
  if (rights !== null) xml.element('rights', { rightsURI: rights.uri }, rights.text)
  for (const write of record.capabilities) write(xml)
  for (const facility of record.facilities) xml.element('facility', {}, facility)
  for (const instrument of record.instruments) xml.element('instrument', {}, instrument)
  if (coverage !== null) writeCoverage(xml, coverage)
  if (tables !== null && tables.schemas.length > 0) {
    xml.open('tableset')
    writeSchemas(xml, tables, 'max')
    xml.close()
  }
  record.end?.(xml)
  xml.close()
}

function writeCuration(xml: XmlWriter, { publisher, creators, issued, version }: RegistryRecord): void {
  const organisation = { 'ivo-id': publisher.ivoid }
  xml.open('curation').element('publisher', organisation, publisher.title)
  for (const creator of creators) xml.open('creator').element('name', {}, creator).close()
  if (issued !== null) xml.element('date', { role: 'Issued' }, issued.toISOString().slice(0, 10))
  xml.textElement('version', version)
  xml.open('contact').element('name', organisation, publisher.title).element('email', {}, publisher.email).close()
  xml.close()
}

function writeContent(xml: XmlWriter, record: RegistryRecord): void {
  xml.open('content')
  for (const subject of record.subjects) xml.element('subject', {}, subject)
  xml.element('description', {}, record.description).element('referenceURL', {}, record.referenceUrl)
  xml.element('type', {}, record.contentType).element('contentLevel', {}, record.contentLevel)
  for (const { type, ivoid, title } of record.relationships) {
    xml.open('relationship').element('relationshipType', {}, type)
    xml.element('relatedResource', { 'ivo-id': ivoid }, title).close()
  }
  xml.close()
}

/** VODataService 1.2 §3.2. */
function writeCoverage(xml: XmlWriter, { spatial, temporal, spectral, waveband }: Coverage): void {
  xml.open('coverage').textElement('spatial', spatial)
  xml.textElement('temporal', temporal?.join(' ')).textElement('spectral', spectral?.join(' '))
  for (const name of waveband) xml.element('waveband', {}, name)
  xml.close()
}

/** UTC, whole seconds. */
export function formatInstant(instant: Date): string {
  return `${instant.toISOString().slice(0, 19)}Z`
}
