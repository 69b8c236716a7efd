import pg from 'pg'
import { quote } from '../tap-schema/slots.ts'

export const literal: (text: string) => string = pg.escapeLiteral

export function qualified(schema: string, name: string): string {
  return `${quote(schema)}.${quote(name)}`
}

/** The names in parentheses, as lists of columns are written. */
export function columnList(names: readonly string[]): string {
  return `(${names.map(quote).join(', ')})`
}

/** PostgreSQL cuts longer names without an error. */
export const NAME_BYTES = 63
