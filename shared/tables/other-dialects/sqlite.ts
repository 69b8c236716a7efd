import type { Datatype } from '../../felis/datatypes.ts'
import type { Column } from '../../felis/model.ts'
import type { Dialect } from './dialect.ts'

const sized = (type: string, length: number | null) => (length === null ? type : `${type}(${length})`)

const TYPES: Readonly<Record<Datatype, (column: Column) => string>> = {
  boolean: () => 'boolean',
  byte: () => 'tinyint',
  short: () => 'smallint',
  int: () => 'integer',
  long: () => 'bigint',
  float: () => 'float',
  double: () => 'double',
  char: ({ length }) => sized('char', length),
  string: ({ length }) => sized('varchar', length),
  unicode: ({ length }) => sized('nvarchar', length),
  text: () => 'text',
  binary: () => 'blob',
  timestamp: () => 'timestamp',
}

/** A primary key of type integer numbers rows by itself; others cannot. There are no schemas and no descriptions. */
export const sqlite: Dialect = {
  name: 'SQLite',
  quote: (name) => `"${name.replaceAll('"', '""')}"`,
  literal: (text) => `'${text.replaceAll("'", "''")}'`,
  type: (column) => TYPES[column.datatype](column),
  now: () => 'current_timestamp',
  wantsExpression: () => false,
  autoincrement: '',
  hasSchemas: false,
  columnComment: () => '',
  tableOptions: () => '',
  indexesInTable: false,
  before: ['begin'],
  after: ['commit'],
}
