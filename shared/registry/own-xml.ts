import { SaxesParser } from 'saxes'
import { complaintAboutIvoid } from '../environment/discovery/texts.ts'
import { parseInstant } from '../environment/parse-instant.ts'
import type { Place } from '../environment/report.ts'
import { XmlWriter } from '../xml/writer.ts'
import type { RegistryRecord } from './record.ts'

interface Element {
  readonly name: string
  readonly local: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: Element[]
  text: string
}

const RESOURCE = 'http://www.ivoa.net/xml/RegistryInterface/v1.0'

/** A file with a record cannot be used; the message is the end of a sentence about it. */
class RecordFileError extends Error {}

/**
 * A record that somebody wrote as XML (VOResource 1.2): as it is, with its date and state being ours to say.
 *
 * @returns the record; text: what is wrong with it
 */
export function readOwnXml(text: string, place: Place): RegistryRecord | string {
  try {
    return describe(parse(text), place)
  } catch (error) {
    if (error instanceof RecordFileError) return error.message
    throw error
  }
}

function parse(text: string): Element {
  const top: Element = { name: '', local: '', attributes: {}, children: [], text: '' }
  const open = [top]
  const parser = new SaxesParser({ xmlns: true })
  const refuse = (what: string) => {
    throw new RecordFileError(`line ${parser.line}: ${what}`)
  }
  parser.on('error', ({ message }) => refuse(`it is not well-formed XML: ${message.replace(/^\d+:\d+: /, '')}`))
  parser.on('doctype', () => refuse('it has a document type, which records do not have'))
  parser.on('opentag', ({ name, local, uri, attributes }) => {
    if (open.length === 1 && !(local === 'Resource' && uri === RESOURCE)) {
      refuse(`it is not a Resource of the namespace ${RESOURCE}`)
    }
    const values = Object.entries(attributes).map(([key, { value }]) => [key, value] as const)
    const element: Element = { name, local, attributes: Object.fromEntries(values), children: [], text: '' }
    open.at(-1)?.children.push(element)
    open.push(element)
  })
  const addText = (piece: string) => {
    const element = open.at(-1)
    if (element !== undefined) element.text += piece
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('closetag', () => void open.pop())
  parser.write(text).close()
  const [resource] = top.children
  if (resource === undefined) throw new RecordFileError('it is empty')
  return resource
}

function describe(resource: Element, place: Place): RegistryRecord {
  const { attributes } = resource
  const needed = (path: string) => textAt(resource, path) || refuse(`it has no ${path}`)
  const ivoid = needed('identifier')
  const complaint = complaintAboutIvoid(ivoid)
  if (complaint !== null) refuse(`its identifier ${JSON.stringify(ivoid)} ${complaint}`)
  const created = parseInstant(attributes.created ?? '')
  if (!(created instanceof Date)) return refuse('its attribute created is not a date like 2026-04-16T00:00:00Z')
  const { status = 'active' } = attributes
  if (status !== 'active') refuse(`its status is ${JSON.stringify(status)}: leave the file out, and it is deleted`)
  const type = attributes['xsi:type'] ?? refuse('it has no xsi:type')
  const [rights] = elementsAt(resource, 'rights')
  const [publisher] = elementsAt(resource, 'curation/publisher')
  const doi = elementsAt(resource, 'altIdentifier').find(({ text }) => text.startsWith('doi:'))
  return {
    ...{ kind: 'own', type, place, ivoid, created },
    title: needed('title'),
    shortName: textAt(resource, 'shortName') || null,
    doi: doi?.text.slice('doi:'.length) ?? null,
    publisher: {
      ivoid: publisher?.attributes['ivo-id'] ?? '',
      title: needed('curation/publisher'),
      email: textAt(resource, 'curation/contact/email'),
    },
    creators: textsAt(resource, 'curation/creator/name'),
    issued: null,
    version: textAt(resource, 'curation/version') || null,
    subjects: textsAt(resource, 'content/subject'),
    description: needed('content/description'),
    referenceUrl: needed('content/referenceURL'),
    contentType: textAt(resource, 'content/type') || 'Other',
    contentLevel: 'Research',
    relationships: [],
    rights: rights === undefined ? null : { text: rights.text, uri: rights.attributes.rightsURI ?? null },
    ...{ capabilities: [], facilities: [], instruments: [], coverage: null, tables: null, end: null },
    source: write(resource),
  }
}

function refuse(what: string): never {
  throw new RecordFileError(what)
}

function elementsAt(from: Element, path: string): readonly Element[] {
  return path
    .split('/')
    .reduce<readonly Element[]>(
      (found, name) => found.flatMap(({ children }) => children.filter(({ local }) => local === name)),
      [from],
    )
    .map((element) => ({ ...element, text: element.text.trim() }))
}

const textsAt = (from: Element, path: string) => elementsAt(from, path).map(({ text }) => text)
const textAt = (from: Element, path: string) => textsAt(from, path)[0] ?? ''

/** As records of ours are written: its root is `ri:Resource`, and its children are in no namespace. */
function write(resource: Element): string {
  const { xmlns: _default, updated: _updated, status: _status, ...attributes } = resource.attributes
  const xml = new XmlWriter('')
  xml.open('ri:Resource', { xmlns: '', 'xmlns:ri': RESOURCE, ...attributes, status: 'active' })
  for (const child of resource.children) writeElement(xml, child)
  return xml.close().take().trimEnd()
}

function writeElement(xml: XmlWriter, { name, attributes, children, text }: Element): void {
  if (children.length === 0) {
    xml.element(name, attributes, text.trim())
    return
  }
  xml.open(name, attributes)
  for (const child of children) writeElement(xml, child)
  xml.close()
}
