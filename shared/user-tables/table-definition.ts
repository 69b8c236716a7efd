import { SaxesParser } from 'saxes'
import { describeColumn } from '../votable/describe-column.ts'
import type { Field } from '../votable/field.ts'
import { UserTableError } from './failures.ts'
import { MAX_COLUMNS } from './names.ts'
import type { UserColumn } from './user-table.ts'

/** What a table is made by. */
export interface TableDefinition {
  readonly description?: string
  readonly utype?: string
  readonly columns: readonly UserColumn[]
}

const MAX_COLUMN_NAME = 128

/** @throws UserTableError for columns that a table cannot have */
export function checkColumns(columns: readonly UserColumn[]): readonly UserColumn[] {
  if (columns.length === 0) throw fault('the table has no columns')
  if (columns.length > MAX_COLUMNS) throw fault(`the table has ${columns.length} columns, the limit is ${MAX_COLUMNS}`)
  const seen = new Set<string>()
  for (const { name } of columns) {
    const key = name.toLowerCase()
    if (seen.has(key)) throw fault(`two columns are called ${JSON.stringify(name)}; names compare without case`)
    if (name.length > MAX_COLUMN_NAME || /[\p{Cc}\p{Cs}]/u.test(name)) {
      throw fault(
        `${JSON.stringify(name.slice(0, MAX_COLUMN_NAME))} is not a name for a column: at most ${MAX_COLUMN_NAME} characters, and no control characters`,
      )
    }
    seen.add(key)
  }
  return columns
}

/**
 * Reads the description of a table: an element `table` (VODataService 1.2 §3.3), alone or in a `tableset`. Its own name is
 * ignored, as its keys are.
 *
 * @throws UserTableError
 */
export function readVosiTable(text: string): TableDefinition {
  const open: Element[] = []
  let table: Element | undefined
  const parser = new SaxesParser({ xmlns: true })
  parser.on('doctype', () => {
    throw fault('the description has a document type, which is not read')
  })
  parser.on('opentag', ({ local, attributes }) => {
    const element: Element = { local, attributes: {}, text: '', children: [] }
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
  const columns = table.children.filter(({ local }) => local === 'column').map(readColumn)
  return { ...textsOf(table, ['description', 'utype']), columns: checkColumns(columns) }
}

interface Element {
  readonly local: string
  readonly attributes: Record<string, string>
  text: string
  readonly children: Element[]
}

function readColumn(column: Element, index: number): UserColumn {
  const { name = '', description, ...texts } = textsOf(column, ['name', 'description', 'unit', 'ucd', 'utype'])
  const type = column.children.find(({ local }) => local === 'dataType')
  const plain = name.startsWith('"') && name.endsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
  const given = type === undefined ? {} : typeOf(type)
  const described = describeColumn({ ...texts, ...given, name: plain }, index)
  if (typeof described === 'string') throw fault(described.replace(/^FIELD/, 'the column'))
  const { field, sqlType } = described
  return { ...field, ...(description === undefined ? {} : { description }), sqlType }
}

/** `vs:VOTableType` as VOTable has it, and the names of `vs:TAPType` (VODataService 1.1 §3.5.3). */
function typeOf({ text, attributes }: Element): Readonly<Record<string, string>> {
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

function textsOf<Name extends string>(
  { children }: Element,
  names: readonly Name[],
): { readonly [K in Name]?: string } {
  const found = names.map((name) => [name, children.find(({ local }) => local === name)?.text.trim()] as const)
  return Object.fromEntries(found.filter(([, text]) => text !== undefined && text !== '')) as { [K in Name]?: string }
}

function fault(message: string): UserTableError {
  return new UserTableError('table_definition', message)
}
