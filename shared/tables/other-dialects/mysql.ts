import type { Column } from '../../felis/model.ts'
import { baseTypes } from '../../felis/redundant-types/dialect-types.ts'
import type { Dialect } from './dialect.ts'

/** Characters of a comment that MySQL takes for a column, and for a table. */
const COLUMN_COMMENT = 1024
const TABLE_COMMENT = 2048

/** A type, its arguments, its attributes: nothing that could end a statement. */
const TYPE = /^[a-z_]\w*(?: ?\((?: ?[\w'.+-]+ ?,?)*\))?(?: [a-z_]\w*)*$/i

/** MySQL 8 and MariaDB. */
export const mysql: Dialect = {
  name: 'MySQL',
  quote: (name) => `\`${name.replaceAll('`', '``')}\``,
  literal,
  type,
  // It has as many digits as the column.
  now: ({ precision }) => `current_timestamp${precision === null || precision === 0 ? '' : `(${precision})`}`,
  wantsExpression: ({ datatype }) => datatype === 'text' || datatype === 'binary',
  autoincrement: 'auto_increment',
  hasSchemas: true,
  columnComment: (description) => comment('comment ', description, COLUMN_COMMENT),
  tableOptions: ({ mysqlEngine, mysqlCharset, description }) =>
    [
      ...(mysqlEngine === null ? [] : [`engine=${word(mysqlEngine)}`]),
      ...(mysqlCharset === null ? [] : [`default charset=${word(mysqlCharset)}`]),
      comment('comment=', description, TABLE_COMMENT),
    ]
      .filter((option) => option !== '')
      .join(' '),
  indexesInTable: true,
  // Tables may refer to each other.
  before: ['set foreign_key_checks = 0'],
  after: ['set foreign_key_checks = 1'],
}

/** A backslash is a sign in a text of MySQL. */
function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

function type(column: Column): string {
  const { datatype, length, precision, mysqlDatatype } = column
  const override = mysqlDatatype?.replace(/\s+/g, ' ').trim() ?? ''
  if (override !== '' && isMysqlType(override)) return override
  const base = (baseTypes[datatype]?.mysql ?? datatype).toLowerCase()
  if (datatype === 'timestamp') return precision === null || precision === 0 ? base : `${base}(${precision})`
  return base.replace('({})', length === null ? '' : `(${length})`)
}

/** Whether `mysql:datatype` can be written as a type. */
export function isMysqlType(text: string): boolean {
  return TYPE.test(text.replace(/\s+/g, ' ').trim())
}

function comment(before: string, description: string | null, most: number): string {
  if (description === null || description === '') return ''
  const characters = [...description]
  return `${before}${literal(characters.length <= most ? description : `${characters.slice(0, most - 1).join('')}…`)}`
}

/** Names of engines and character sets are words. */
function word(text: string): string {
  return text.replace(/\W/g, '')
}
