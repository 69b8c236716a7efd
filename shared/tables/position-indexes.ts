import type { Position } from '../adql/metadata.ts'
import { positionIndex } from '../adql/position-indexes.ts'
import type { GeometryStrategy } from '../adql/postgresql.ts'
import { type ColumnRow, tablesFromRows } from '../adql/tables-from-rows.ts'
import { DATATYPES } from '../felis/datatypes.ts'
import type { Schema, Table } from '../felis/model.ts'
import { quote } from '../tap-schema/slots.ts'
import { type NameCase, spell } from './lookup.ts'

/** What finds the positions of a table, behind `create index … on table`. */
export interface PositionIndex {
  /** The columns of the position. */
  readonly longitude: string
  readonly latitude: string
  readonly using: string
}

/** The indexes that cone searches in a table need: one for each position that its columns' UCDs and units speak of. */
export function positionIndexes(
  schema: Schema,
  table: Table,
  geometry: GeometryStrategy,
  names: NameCase,
): readonly PositionIndex[] {
  return positionsOf(schema, table).map((position) => {
    const longitude = spell(position.longitude.name.text, names)
    const latitude = spell(position.latitude.name.text, names)
    const { method, expression } = positionIndex(geometry, quote(longitude), quote(latitude))
    return { longitude, latitude, using: `${method} (${expression})` }
  })
}

function positionsOf(schema: Schema, table: Table): readonly Position[] {
  const table_name = `${schema.name}.${table.name}`
  const columns = table.columns.map(
    (column): ColumnRow => ({
      table_name,
      column_name: column.name,
      datatype: DATATYPES[column.datatype].votable,
      arraysize: column.arraysize,
      xtype: column.xtype,
      unit: column.ivoaUnit || column.fitsUnit,
      ucd: column.ucd,
    }),
  )
  return tablesFromRows([{ table_name, schema_name: schema.name }], columns)[0]?.positions ?? []
}
