import type { Field } from './field.ts'
import { makeColumn } from './read/make-column.ts'
import { publishedField, readField } from './read/read-field.ts'

/**
 * A column by what FIELD says of it, and the type of PostgreSQL that holds its values; a text: what is wrong with it.
 *
 * @param attributes those of FIELD: name, datatype, arraysize, xtype, unit, ucd, utype
 * @param index from 0, for messages
 */
export function describeColumn(
  attributes: Readonly<Record<string, string>>,
  index: number,
): { readonly field: Field; readonly sqlType: string } | string {
  const field = readField(attributes, index)
  if (typeof field === 'string') return field
  const column = makeColumn(field)
  return { field: publishedField(column.field), sqlType: column.sqlType }
}
