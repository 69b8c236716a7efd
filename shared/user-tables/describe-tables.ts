import type { TableMetadata } from '../adql/metadata.ts'
import { adqlName } from '../adql/names.ts'
import { textSql } from '../adql/postgresql/names.ts'
import { describeFields } from '../query/upload-metadata.ts'
import type { UserTables } from '../query/user-tables.ts'
import type { ColumnRow, SchemaRow, SlotRows, TableRow } from '../tap/slot-rows.ts'
import type { Reader } from '../uws/share-job.ts'
import type { UploadedTable } from '../votable/uploaded-table.ts'
import { DATA_SCHEMA } from './ddl.ts'
import { schemaOf, tapNameOf } from './names.ts'
import type { UserTable } from './user-table.ts'

/** What TAP_SCHEMA says of tables of users, to those who may read them. */
export type UserRows = Pick<SlotRows, 'schemas' | 'tables' | 'columns'>

export function describeRows(tables: readonly UserTable[]): UserRows {
  const owners = [...new Set(tables.map(({ owner }) => owner))]
  return { schemas: owners.map(schemaRow), tables: tables.map(tableRow), columns: tables.flatMap(columnRows) }
}

/** The rows of a release with those of tables of users behind them. */
export function withUserRows(rows: SlotRows, { schemas, tables, columns }: UserRows): SlotRows {
  return {
    schemas: [...rows.schemas, ...schemas],
    tables: [...rows.tables, ...tables],
    columns: [...rows.columns, ...columns],
    keys: rows.keys,
  }
}

export interface QueryAccess {
  readonly server: string
  /** Who may read the tables. */
  readonly reader: Reader
  /** Gets the ids of those that a query has begun to read. */
  onUse(ids: readonly string[]): void
  /** The rows of one that he may read still. */
  open(table: UserTable): Promise<UploadedTable>
}

/** The same tables for queries of who may read them. */
export function toQueryTables(tables: readonly UserTable[], { server, reader, onUse, open }: QueryAccess): UserTables {
  const idByName = new Map(tables.map(({ id }) => [`t${id}`, id]))
  const idsOf = (named: readonly TableMetadata[]) =>
    named.flatMap(({ physical }) => idByName.get(physical?.name ?? '') ?? [])
  const { schemas, tables: tableRows, columns } = describeRows(tables)
  const plain = (rows: readonly object[]) => rows.map((row) => ({ ...row }))
  return {
    tables: tables.map(({ id, owner, name, description, columns: fields }) => ({
      schema: schemaOf(owner),
      name: { text: name, delimited: false },
      tapName: tapNameOf(owner, name),
      ...(description === null ? {} : { description }),
      ...describeFields(fields),
      physical: { schema: DATA_SCHEMA, name: `t${id}` },
      upload: true as const,
    })),
    rows: { schemas: plain(schemas), tables: plain(tableRows), columns: plain(columns) },
    letRead(read) {
      const groups = reader.groups.map(textSql).join(', ')
      // Ids are numbers of our own.
      return `select from user_tables.let_read(${textSql(server)}, ${textSql(reader.user)}, array[${groups}]::text[], array[${idsOf(read).join(', ')}]::bigint[])`
    },
    async openRows({ tapName, physical }) {
      const table = tables.find(({ id }) => `t${id}` === physical?.name)
      if (table === undefined) throw new Error(`${tapName} is not among these tables`)
      return open(table)
    },
    noteUse: (used) => onUse(idsOf(used)),
  }
}

function schemaRow(owner: string): SchemaRow {
  const description = `Tables of the user ${owner}`
  return { schema_name: adqlName(schemaOf(owner)), utype: null, description, schema_index: null }
}

function tableRow({ owner, name, description, utype }: UserTable): TableRow {
  return {
    schema_name: adqlName(schemaOf(owner)),
    table_name: tapNameOf(owner, name),
    table_type: 'table',
    ...{ utype, description, table_index: null },
  }
}

function columnRows({ owner, name: table, columns }: UserTable): readonly ColumnRow[] {
  return columns.map(
    ({ name, datatype, arraysize = null, xtype = null, description = null, utype = null, ...more }, index) => ({
      table_name: tapNameOf(owner, table),
      column_name: adqlName({ text: name, delimited: false }),
      ...{ datatype, arraysize, xtype, size: null, description, utype },
      unit: more.unit ?? null,
      ucd: more.ucd ?? null,
      indexed: more.indexed === true ? 1 : 0,
      ...{ principal: 1, std: 0, column_index: index },
    }),
  )
}
