import type { Column, Table } from '../../felis/model.ts'
import { YamlFloat } from '../../yaml/values.ts'

/** How a database other than PostgreSQL is told what tables it is to have. */
export interface Dialect {
  readonly name: string
  readonly quote: (name: string) => string
  readonly literal: (text: string) => string
  /** The type of a column, with its length. */
  readonly type: (column: Column) => string
  /** The time of a row, as a default value. */
  readonly now: (column: Column) => string
  /** Whether a default value of this column must be an expression. */
  readonly wantsExpression: (column: Column) => boolean
  /** What makes rows number themselves, behind the type; `''`: nothing is needed, or nothing would help. */
  readonly autoincrement: string
  /** Whether tables are in schemas. */
  readonly hasSchemas: boolean
  /** What stands behind a column and its options: its description. */
  readonly columnComment: (description: string | null) => string
  /** What stands behind the parentheses of a table. */
  readonly tableOptions: (table: Table) => string
  /** Whether the indexes of a table are part of it, or statements of their own. */
  readonly indexesInTable: boolean
  /** Statements around all others. */
  readonly before: readonly string[]
  readonly after: readonly string[]
}

/** Of these texts a timestamp column means the function, as in Felis. */
const NOW = /^(?:current_timestamp|localtimestamp|now\(\))$/i

/** The default value of a column in SQL; null: it has none. */
export function defaultOf(column: Column, dialect: Dialect): string | null {
  const { value, datatype } = column
  if (value === null) return null
  if (typeof value === 'string' && datatype === 'timestamp' && NOW.test(value)) return dialect.now(column)
  const text = plainDefault(column, dialect)
  return dialect.wantsExpression(column) ? `(${text})` : text
}

function plainDefault({ value, datatype }: Column, dialect: Dialect): string {
  if (datatype === 'boolean') {
    const isTrue = typeof value === 'boolean' ? value : Number(value instanceof YamlFloat ? value.value : value) !== 0
    return isTrue ? '1' : '0'
  }
  if (typeof value === 'string') return dialect.literal(value)
  if (typeof value === 'boolean') return value ? '1' : '0'
  return String(value instanceof YamlFloat ? value.value : value)
}
