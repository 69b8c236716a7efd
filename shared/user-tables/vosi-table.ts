import { SaxesParser } from 'saxes'
import type { Field } from '../votable/field.ts'
import { UserTableError } from './failures.ts'

/** An element of the description of a table. */
export interface VosiElement {
  readonly local: string
  readonly attributes: Record<string, string>
  text: string
  readonly children: VosiElement[]
}

/**
 * The first element `table` of a document (VODataService 1.2 §3.3), alone or in a `tableset`.
 *
 * @throws UserTableError
 */
export function parseVosiTable(text: string): VosiElement {
  const open: VosiElement[] = []
  let table: VosiElement | undefined
  const parser = new SaxesParser({ xmlns: true })
  parser.on('doctype', () => {
    throw fault('the description has a document type, which is not read')
  })
  parser.on('opentag', ({ local, attributes }) => {
    const element: VosiElement = { local, attributes: {}, text: '', children: [] }
    for (const { local: name, value } of Object.values(attributes)) element.attributes[name] = value
    open.at(-1)?.children.push(element)
    open.push(element)
    if (local === 'table') table ??= element
  })
  const addText = (more: string) => {
    const element = open.at(-1)
    if (element !== undefined) element.text += more
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('closetag', () => {
    open.pop()
  })
  parser.on('error', (error) => {
    throw fault(`the description is not XML: ${error.message}`)
  })
  parser.write(text).close()
  if (table === undefined) throw fault('the description has no element table (VODataService 1.2 §3.3)')
  return table
}

/** Its elements `column`. */
export function columnsOf({ children }: VosiElement): readonly VosiElement[] {
  return children.filter(({ local }) => local === 'column')
}

/** The name of a column, without quotes. */
export function nameOf(column: VosiElement): string {
  const { name = '' } = textsOf(column, ['name'])
  return name.startsWith('"') && name.endsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}

/** What FIELD would say of the type of a column; nothing: it is left out. */
export function typeAttributes({ children }: VosiElement): Readonly<Record<string, string>> {
  const type = children.find(({ local }) => local === 'dataType')
  return type === undefined ? {} : typeOf(type)
}

/** `vs:VOTableType` as VOTable has it, and the names of `vs:TAPType` (VODataService 1.1 §3.5.3). */
function typeOf({ text, attributes }: VosiElement): Readonly<Record<string, string>> {
  const name = text.trim().replace(/^adql:/i, '')
  const known = TAP_TYPES[name.toUpperCase()]
  if (known !== undefined && name === name.toUpperCase()) return { ...known }
  const { arraysize, extendedType } = attributes
  return {
    datatype: name,
    ...(arraysize === undefined ? {} : { arraysize }),
    ...(extendedType === undefined ? {} : { xtype: extendedType }),
  }
}

type Typed = Readonly<Pick<Field, 'datatype' | 'arraysize' | 'xtype'>>

const TEXT: Typed = { datatype: 'char', arraysize: '*' }

const TAP_TYPES: Readonly<Record<string, Typed>> = {
  BOOLEAN: { datatype: 'boolean' },
  SMALLINT: { datatype: 'short' },
  INTEGER: { datatype: 'int' },
  BIGINT: { datatype: 'long' },
  REAL: { datatype: 'float' },
  DOUBLE: { datatype: 'double' },
  TIMESTAMP: { ...TEXT, xtype: 'timestamp' },
  CHAR: TEXT,
  VARCHAR: TEXT,
  CLOB: TEXT,
  BINARY: { datatype: 'unsignedByte', arraysize: '*' },
  VARBINARY: { datatype: 'unsignedByte', arraysize: '*' },
  BLOB: { datatype: 'unsignedByte', arraysize: '*' },
}

/** The texts of some of its elements, those that are there; an empty one is an empty text. */
export function textsOf<Name extends string>(
  { children }: VosiElement,
  names: readonly Name[],
): { readonly [K in Name]?: string } {
  const found = names.map((name) => [name, children.find(({ local }) => local === name)?.text.trim()] as const)
  return Object.fromEntries(found.filter(([, text]) => text !== undefined)) as { [K in Name]?: string }
}

function fault(message: string): UserTableError {
  return new UserTableError('table_definition', message)
}
