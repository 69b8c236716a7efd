/** What a column of a result holds, as the query service wants it. */
export type ResultKind =
  | 'boolean'
  | 'unsignedByte'
  | 'short'
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'text'
  | 'timestamp'
  | 'bytes'
  | 'bits'

export interface ResultColumn {
  /** For messages. */
  readonly name: string
  readonly kind: ResultKind
  /** Of bits: how many there are; null where their number differs, so that it is a multiple of eight. */
  readonly bits?: number | null
}

const NUMBER = /^(?:TINYINT|SMALLINT|MEDIUMINT|INT|BIGINT|YEAR|FLOAT|DOUBLE|DECIMAL)\b/
const TEXT = /^(?:VAR)?CHAR\b|^(?:TINY|MEDIUM|LONG)?TEXT\b|^ENUM|^SET/
const TIME = /^(?:DATE|DATETIME|TIMESTAMP|TIME)\b/

/** Types of MariaDB, as Qserv names them, whose values a kind can have (spec/qserv.md §1.6). */
export const TYPES_OF_KIND: Readonly<Record<ResultKind, readonly RegExp[]>> = {
  boolean: [/^TINYINT\b/, /^BIT\b/, /^(?:SMALL|BIG)?INT\b/],
  unsignedByte: [NUMBER],
  short: [NUMBER],
  int: [NUMBER],
  long: [NUMBER],
  float: [NUMBER],
  double: [NUMBER],
  text: [TEXT, TIME, NUMBER],
  timestamp: [TIME, TEXT],
  bytes: [/^(?:VAR)?BINARY\b/, /BLOB\b/, /^BIT\b/],
  bits: [/^BIT\b/, /^(?:VAR)?BINARY\b/],
}

/** Kinds whose values come in hexadecimal digits. */
export function isBinaryKind(kind: ResultKind): boolean {
  return kind === 'bytes' || kind === 'bits'
}
