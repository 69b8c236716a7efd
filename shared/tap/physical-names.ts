import { ColumnList, type ColumnMetadata, type DeclaredName, type TableMetadata } from '../adql/metadata.ts'
import { adqlName } from '../adql/names.ts'
import { nameKey, type PhysicalNames } from '../environment/physical-names.ts'

/** A table with the names that it and its columns have in the database, by the rules of the environment. */
export function withPhysicalNames(table: TableMetadata, names: PhysicalNames): TableMetadata {
  const key = nameKey(table.tapName)
  const inDatabase = ({ text, delimited }: DeclaredName) =>
    delimited || names.rule === 'exact' ? text : text.toLowerCase()
  const exception = names.tables.get(key)
  const schemaKey = nameKey(adqlName(table.schema))
  const changed = new Map(
    table.columns.all.map((column): [ColumnMetadata, ColumnMetadata] => {
      const ownKey = nameKey(`${table.tapName}.${column.origin?.column ?? column.name.text}`)
      return [column, { ...column, physical: names.columns.get(ownKey) ?? inDatabase(column.name) }]
    }),
  )
  const changedOf = (column: ColumnMetadata) => changed.get(column) ?? column
  return {
    ...table,
    physical: {
      schema: exception?.schema ?? names.schemas.get(schemaKey) ?? inDatabase(table.schema),
      name: exception?.name ?? inDatabase(table.name),
    },
    columns: new ColumnList([...changed.values()]),
    positions: table.positions.map(({ longitude, latitude, vector }) => ({
      longitude: changedOf(longitude),
      latitude: changedOf(latitude),
      ...(vector === undefined
        ? {}
        : { vector: [changedOf(vector[0]), changedOf(vector[1]), changedOf(vector[2])] as const }),
    })),
  }
}
