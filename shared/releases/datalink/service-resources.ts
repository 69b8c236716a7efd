import { SaxesParser } from 'saxes'
import { findXmlFault } from '../../xml/find-fault.ts'
import { XmlWriter } from '../../xml/writer.ts'

/**
 * Takes the descriptors of services out of a VOTable (VOTable 1.4 §4.10, DataLink 1.1 §4): its elements RESOURCE of type
 * `meta`, written anew as elements of the current namespace, without prefixes. Whatever else the document has is left
 * out, and so are attributes of other namespaces.
 *
 * @param renameId makes IDs of the descriptors' own unique in the document that they go into
 * @param isKnownId whether a reference to something outside of the descriptors leads anywhere
 * @throws SnippetFault
 */
export function takeServiceResources(
  xml: string,
  renameId: (id: string) => string,
  isKnownId: (id: string) => boolean,
): string {
  const fault = findXmlFault(xml)
  if (fault !== null) throw new SnippetFault(`not well-formed XML: ${fault.message}`)
  const resources = readElements(xml).filter(({ name, attributes }) => {
    return name === 'RESOURCE' && attributes.get('type') === 'meta'
  })
  if (resources.length === 0) throw new SnippetFault('it has no element RESOURCE of type meta')
  const own = new Set(resources.flatMap(idsOf))
  const nameOf = (id: string) => {
    if (own.has(id)) return renameId(id)
    if (!isKnownId(id)) throw new SnippetFault(`it refers to ${id}, which is nowhere`)
    return id
  }
  const writer = new XmlWriter('')
  for (const resource of resources) write(resource, nameOf, writer)
  return writer.take()
}

export class SnippetFault extends Error {}

interface XmlElement {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: XmlElement[]
  text: string
}

/** What a descriptor may be made of; tables are data, not descriptions. */
const ALLOWED: readonly string[] = [
  'RESOURCE',
  'DESCRIPTION',
  'INFO',
  'GROUP',
  'PARAM',
  'PARAMref',
  'FIELDref',
  'VALUES',
  'MIN',
  'MAX',
  'OPTION',
  'LINK',
  'COOSYS',
  'TIMESYS',
]

/** The children of the document's element. */
function readElements(xml: string): readonly XmlElement[] {
  const root: XmlElement = { name: '', attributes: new Map(), children: [], text: '' }
  const open = [root]
  const parser = new SaxesParser({ xmlns: true, position: false, defaultXMLVersion: '1.0', forceXMLVersion: true })
  parser.on('opentag', ({ local, attributes }) => {
    const plain = Object.values(attributes).filter(({ name, prefix }) => prefix === '' && name !== 'xmlns')
    const values = new Map(plain.map(({ name, value }) => [name, value]))
    const element: XmlElement = { name: local, attributes: values, children: [], text: '' }
    open.at(-1)?.children.push(element)
    open.push(element)
  })
  const addText = (text: string) => {
    const element = open.at(-1)
    if (element !== undefined) element.text += text
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('closetag', () => open.pop())
  parser.write(xml).close()
  return root.children.flatMap(({ children }) => children)
}

function idsOf({ attributes, children }: XmlElement): string[] {
  const id = attributes.get('ID')
  return [...(id === undefined ? [] : [id]), ...children.flatMap(idsOf)]
}

function write(element: XmlElement, nameOf: (id: string) => string, writer: XmlWriter): void {
  const { name, children, text } = element
  if (!ALLOWED.includes(name)) throw new SnippetFault(`an element ${name} cannot stand in a descriptor`)
  const attributes = Object.fromEntries(
    [...element.attributes].map(([key, value]) => [key, key === 'ID' || key === 'ref' ? nameOf(value) : value]),
  )
  if (children.length === 0) {
    writer.element(name, attributes, text.trim())
    return
  }
  writer.open(name, attributes)
  for (const child of children) write(child, nameOf, writer)
  writer.close()
}
