import { XmlWriter } from '../../xml/writer.ts'
import type { Field } from '../field.ts'
import { NULL_ELEMENTS, planColumn } from './column-plan.ts'

/** INFO (VOTable 1.4 §3.4.1); `text` is its content. */
export interface Info {
  readonly name: string
  readonly value: string
  readonly text?: string
}

/** What a result document says besides its rows. */
export interface ResultHead {
  readonly fields: readonly Field[]
  readonly infos: readonly Info[]
  /** Well-formed XML of RESOURCEs of type meta: DataLink service descriptors. */
  readonly services: readonly string[]
}

/** The namespace of every version from 1.3 to 1.5 (VOTable 1.4 §3.1). */
const NAMESPACE = 'http://www.ivoa.net/xml/VOTable/v1.3'

const STATUS_OK: Info = { name: 'QUERY_STATUS', value: 'OK' }
/** There would be more rows (TAP 1.1 §2.7.4). */
const STATUS_OVERFLOW: Info = { name: 'QUERY_STATUS', value: 'OVERFLOW' }

/** Begins a document with its RESOURCE of type results (DALI 1.1 §4.4). */
function openDocument(infos: readonly Info[]): XmlWriter {
  const writer = new XmlWriter()
    .open('VOTABLE', { version: '1.4', xmlns: NAMESPACE })
    .open('RESOURCE', { type: 'results' })
  for (const info of infos) writeInfo(writer, info)
  return writer
}

function writeInfo(writer: XmlWriter, { name, value, text }: Info): void {
  writer.element('INFO', { name, value }, text)
}

/** Begins a document with a result, up to what its TABLE has after the FIELDs. */
export function openResults({ fields, infos }: ResultHead): XmlWriter {
  const writer = openDocument([STATUS_OK, ...infos]).open('TABLE')
  for (const field of fields) writeField(writer, field)
  return writer
}

/** Ends a document after its TABLE. */
export function closeResults(writer: XmlWriter, { services }: ResultHead, overflow: boolean): string {
  if (overflow) writeInfo(writer, STATUS_OVERFLOW)
  writer.close()
  for (const service of services) writer.xml(service)
  return writer.close().take()
}

/** Ends a document after its TABLE, which an error broke off (DALI 1.1 §4.4.1), without service descriptors. */
export function closeFailed(writer: XmlWriter, message: string): string {
  writeInfo(writer, errorStatus(message))
  return writer.close().close().take()
}

/**
 * "1" is deprecated (VOTable 1.3, erratum 3): it says no more than nothing does. Text of up to n characters is written as
 * text of any length: PostgreSQL keeps no limit that is counted in bytes, and astropy 5 reads exactly n from
 * BINARY2.
 */
function writtenArraysize({ datatype, arraysize }: Field): string | undefined {
  if (arraysize === '1') return undefined
  const isText = datatype === 'char' || datatype === 'unicodeChar'
  return isText && arraysize !== undefined && /^[0-9]+\*$/.test(arraysize) ? '*' : arraysize
}

function writeField(writer: XmlWriter, field: Field): void {
  const { id, name, datatype, xtype, unit, ucd, utype, description } = field
  const arraysize = writtenArraysize(field)
  const attributes = { ID: id, name, datatype, arraysize, xtype, unit: unit || undefined, ucd: ucd || undefined, utype }
  const plan = planColumn(field)
  const nullElement = plan.cell === plan.element ? undefined : NULL_ELEMENTS[datatype]
  if (!description && nullElement === undefined) return void writer.element('FIELD', attributes)
  writer.open('FIELD', attributes)
  if (description) writer.element('DESCRIPTION', {}, description)
  if (nullElement !== undefined) writer.element('VALUES', { null: nullElement })
  writer.close()
}

function errorStatus(message: string): Info {
  return { name: 'QUERY_STATUS', value: 'ERROR', text: message }
}

/** The document that says why there is no result (DALI 1.1 §4.4.1): UTF-8, without a table. */
export function writeErrorDocument(message: string, infos: readonly Info[] = []): Uint8Array {
  const writer = openDocument([errorStatus(message), ...infos])
  return Buffer.from(writer.close().close().take())
}
