import { textSql } from '../adql/postgresql/names.ts'
import type { Scalar } from './mapping.ts'

export function textArray(texts: readonly string[]): string {
  return `array[${texts.map(textSql).join(', ')}]::text[]`
}

/** A scalar of the mapping as jsonb. */
export function jsonSql(value: unknown): string {
  return `${textSql(JSON.stringify(value))}::jsonb`
}

/** The member of a document, as jsonb; what lies in anything but an object is not there. */
export function memberSql(path: readonly string[]): string {
  return ['doc', ...path.map(textSql)].join(' -> ')
}

/** The same as text: that of a list or an object is its JSON. */
export function memberTextSql(path: readonly string[]): string {
  const [last = '', ...rest] = path.toReversed()
  return `${memberSql(rest.toReversed())} ->> ${textSql(last)}`
}

/** What `map` compares with. */
export function wordOf(value: Scalar): string {
  return String(value)
}
