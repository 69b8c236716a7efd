import type { ColumnMetadata, DeclaredName, TableMetadata } from '../metadata.ts'
import { quote } from '../names.ts'

/** PostgreSQL folds names without quotes to lower case; a delimited one is taken as it is. */
function physicalName({ text, delimited }: DeclaredName): string {
  return delimited ? text : text.toLowerCase()
}

export function tableSql({ schema, name, physical }: TableMetadata): string {
  const { schema: ownSchema = physicalName(schema), name: ownName = physicalName(name) } = physical ?? {}
  // A common table expression that stands in for the table has no schema.
  return ownSchema === '' ? quote(ownName) : `${quote(ownSchema)}.${quote(ownName)}`
}

export function columnSql({ name, physical }: ColumnMetadata): string {
  return quote(physical ?? physicalName(name))
}

/** A text literal, the same whatever standard_conforming_strings is when the statement is read. */
export function textSql(value: string): string {
  const text = value.replaceAll("'", "''")
  return text.includes('\\') ? `E'${text.replaceAll('\\', '\\\\')}'` : `'${text}'`
}

/** A double; what JavaScript prints reads back as the same number. */
export function doubleSql(value: number): string {
  return value < 0 || Object.is(value, -0) ? `(${value})::float8` : `${value}::float8`
}
