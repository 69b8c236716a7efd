import { describeColumn } from '../votable/describe-column.ts'
import { UserTableError } from './failures.ts'
import { MAX_COLUMNS } from './names.ts'
import type { UserColumn } from './user-table.ts'
import { columnsOf, nameOf, parseVosiTable, textsOf, typeAttributes, type VosiElement } from './vosi-table.ts'

/** What a table is made by. */
export interface TableDefinition {
  readonly description?: string
  readonly utype?: string
  readonly columns: readonly UserColumn[]
}

const MAX_COLUMN_NAME = 128

/** Characters of a description, unit, UCD or utype. */
const MAX_TEXT = 4096

/** @throws UserTableError for texts that are too long to be kept beside a table or column of this name */
export function checkTexts(name: string, texts: Readonly<Record<string, unknown>>): void {
  for (const [what, text] of Object.entries(texts)) {
    if (typeof text !== 'string' || text.length <= MAX_TEXT) continue
    throw fault(`${JSON.stringify(name)} has a ${what} of ${text.length} characters, the limit is ${MAX_TEXT}`)
  }
}

/** @throws UserTableError for columns that a table cannot have */
export function checkColumns(columns: readonly UserColumn[]): readonly UserColumn[] {
  if (columns.length === 0) throw fault('the table has no columns')
  if (columns.length > MAX_COLUMNS) throw fault(`the table has ${columns.length} columns, the limit is ${MAX_COLUMNS}`)
  const seen = new Set<string>()
  for (const { name, ...texts } of columns) {
    checkTexts(name, texts)
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
 * Reads the description of a table (VODataService 1.2 §3.3). Its own name is ignored, as its keys are.
 *
 * @throws UserTableError
 */
export function readVosiTable(text: string): TableDefinition {
  const table = parseVosiTable(text)
  const columns = columnsOf(table).map(readColumn)
  return { ...givenOnly(textsOf(table, ['description', 'utype'])), columns: checkColumns(columns) }
}

function readColumn(column: VosiElement, index: number): UserColumn {
  const { description, ...texts } = givenOnly(textsOf(column, ['description', 'unit', 'ucd', 'utype']))
  const described = describeColumn({ ...texts, ...typeAttributes(column), name: nameOf(column) }, index)
  if (typeof described === 'string') throw fault(described.replace(/^FIELD/, 'the column'))
  const { field, sqlType } = described
  return { ...field, ...(description === undefined ? {} : { description }), sqlType }
}

function givenOnly<Texts extends Readonly<Record<string, string | undefined>>>(texts: Texts): Texts {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== '')) as Texts
}

function fault(message: string): UserTableError {
  return new UserTableError('table_definition', message)
}
