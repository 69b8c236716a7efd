import type { TableMetadata } from '../adql/metadata.ts'
import { quote } from '../adql/names.ts'
import { columnSql, tableSql, textSql } from '../adql/postgresql/names.ts'
import { TableSet } from '../adql/table-set.ts'
import type { UploadedTable } from '../votable/uploaded-table.ts'
import type { LiveTables } from './live-tables.ts'

/** A row of TAP_SCHEMA, by the names of its columns. */
export type SlotRow = Readonly<Record<string, string | number | null>>

/** The tables of users that a query may read beside those of the release. */
export interface UserTables {
  readonly tables: readonly TableMetadata[]
  /** What TAP_SCHEMA says of them, by the names of its tables. */
  readonly rows: Readonly<Record<'schemas' | 'tables' | 'columns', readonly SlotRow[]>>
  /**
   * A statement without rows that lets a transaction of the query role read some of them, and no others. It fails with
   * `TABLE_LOST` where one of them is gone, or may not be read any more.
   */
  letRead(tables: readonly TableMetadata[]): string
  /**
   * The rows of one, to go elsewhere with a query; to be read to their end, or closed.
   *
   * @throws QueryTableError where it may not be read any more, UploadError where it has too many
   */
  openRows(table: TableMetadata): Promise<UploadedTable>
  /** A query has begun to read them. It neither throws nor waits. */
  noteUse(tables: readonly TableMetadata[]): void
}

/** SQLSTATE of our own: see `UserTables.letRead`. */
export const TABLE_LOST = 'UT404'

/** What queries may name: a release, with what somebody has beside it. */
export interface NamedTables extends LiveTables {
  /** For tables of TAP_SCHEMA that show more than the slot has: what they are, `"name" (…) as (…)`. */
  readonly unions: ReadonlyMap<TableMetadata, string>
  readonly userTables: UserTables | undefined
}

/**
 * The tables of a release with uploads and those of users. TAP_SCHEMA's own tables show both: they are read through a
 * common table expression, and the slot stays as it is.
 */
export function nameTables(
  live: LiveTables,
  uploads: readonly TableMetadata[],
  userTables: UserTables | undefined,
): NamedTables {
  if (userTables === undefined || userTables.tables.length === 0) {
    return { ...live, tables: live.tables.with(uploads), unions: new Map(), userTables: undefined }
  }
  const unions = new Map<TableMetadata, string>()
  const own = new Set<TableMetadata>()
  const released = live.tables.tables.map((table) => {
    if (!live.slotTables.has(table)) return table
    const kind = KINDS.find((name) => name === table.name.text.toLowerCase())
    // Without a schema: it is a name of the query itself.
    const shown = kind === undefined ? table : { ...table, physical: { schema: '', name: `almagest_${kind}` } }
    own.add(shown)
    if (kind !== undefined) unions.set(shown, unionSql(table, shown, userTables.rows[kind]))
    return shown
  })
  const tables = new TableSet([...released, ...userTables.tables, ...uploads])
  return { ...live, tables, slotTables: own, unions, userTables }
}

const KINDS = ['schemas', 'tables', 'columns'] as const

/** Columns of TAP_SCHEMA that are numbers (TAP 1.1 §4); all others are texts. */
const NUMBERS = ['schema_index', 'table_index', 'column_index', 'size', 'principal', 'indexed', 'std']

function unionSql(table: TableMetadata, shown: TableMetadata, rows: readonly SlotRow[]): string {
  const columns = table.columns.all
  const known = new Set(rows.flatMap((row) => Object.keys(row)))
  const values = columns.map((column) => {
    const key = column.name.text.toLowerCase()
    if (!known.has(key)) return 'null'
    const value = `(r.value ->> ${textSql(key)})`
    return NUMBERS.includes(key) ? `${value}::int` : value
  })
  const json = textSql(JSON.stringify(rows))
  return `${quote(shown.physical?.name ?? '')} as (
select ${columns.map(columnSql).join(', ')} from ${tableSql(table)}
union all
select ${values.join(', ')} from pg_catalog.json_array_elements(${json}::json) as r)`
}
