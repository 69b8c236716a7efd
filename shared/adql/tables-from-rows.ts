import { ColumnList, type ColumnMetadata, type Position, type TableMetadata } from './metadata.ts'
import { parseDeclaredNames } from './names.ts'
import { type Datatype, valueTypeOf } from './value-type.ts'

/** What is needed of a row of TAP_SCHEMA.tables. */
export interface TableRow {
  /** As it stands there, with its schema in front: `sky."Field"`. */
  readonly table_name: string
  readonly schema_name: string
  readonly description?: string | null
}

/** What is needed of a row of TAP_SCHEMA.columns. */
export interface ColumnRow {
  readonly table_name: string
  readonly column_name: string
  readonly datatype: string
  readonly arraysize?: string | null
  readonly xtype?: string | null
  readonly unit?: string | null
  readonly ucd?: string | null
  readonly utype?: string | null
  readonly description?: string | null
  readonly indexed?: number | null
}

/** Tables for a `TableSet` from the rows of TAP_SCHEMA, columns in the order of their rows. */
export function tablesFromRows(tables: readonly TableRow[], columns: readonly ColumnRow[]): TableMetadata[] {
  const byTable = Map.groupBy(columns, (column) => column.table_name)
  return tables.map((row) => {
    const list = (byTable.get(row.table_name) ?? []).map(columnFromRow)
    return {
      ...namesOf(row),
      tapName: row.table_name,
      ...(row.description == null ? {} : { description: row.description }),
      columns: new ColumnList(list),
      positions: positionsOf(list),
    }
  })
}

function namesOf({ table_name, schema_name }: TableRow): Pick<TableMetadata, 'catalog' | 'schema' | 'name'> {
  const [name, schema, catalog] = parseDeclaredNames(table_name).toReversed()
  const [own] = parseDeclaredNames(schema_name).toReversed()
  return {
    ...(catalog === undefined ? {} : { catalog }),
    schema: schema ?? own ?? { text: schema_name, delimited: false },
    name: name ?? { text: table_name, delimited: true },
  }
}

function columnFromRow(row: ColumnRow): ColumnMetadata {
  const [name] = parseDeclaredNames(row.column_name)
  return {
    name: name ?? { text: row.column_name, delimited: true },
    type: valueTypeOf(row.datatype as Datatype, row.arraysize, row.xtype),
    ...(row.unit ? { unit: row.unit } : {}),
    ...(row.ucd ? { ucd: row.ucd } : {}),
    ...(row.utype ? { utype: row.utype } : {}),
    ...(row.description ? { description: row.description } : {}),
    ...(row.indexed == null ? {} : { indexed: row.indexed === 1 }),
    origin: { table: row.table_name, column: row.column_name },
  }
}

/**
 * Positions by UCD: longitudes and latitudes of one frame in degrees, paired in their order, the one with `meta.main` first.
 */
export function positionsOf(columns: readonly ColumnMetadata[]): Position[] {
  return FRAMES.flatMap(([first, second]) => {
    const longitudes = columns.filter((column) => isCoordinate(column, first))
    const latitudes = columns.filter((column) => isCoordinate(column, second))
    return longitudes.flatMap((longitude, index) => {
      const latitude = latitudes[index]
      return latitude === undefined ? [] : [{ longitude, latitude }]
    })
  }).sort((a, b) => Number(isMain(b.longitude)) - Number(isMain(a.longitude)))
}

const FRAMES = [
  ['pos.eq.ra', 'pos.eq.dec'],
  ['pos.galactic.lon', 'pos.galactic.lat'],
  ['pos.ecliptic.lon', 'pos.ecliptic.lat'],
] as const

function isCoordinate({ ucd, unit, type }: ColumnMetadata, word: string): boolean {
  return type.kind === 'real' && unit === 'deg' && ucd?.toLowerCase().split(';')[0] === word
}

function isMain({ ucd }: ColumnMetadata): boolean {
  return ucd?.toLowerCase().includes('meta.main') ?? false
}
