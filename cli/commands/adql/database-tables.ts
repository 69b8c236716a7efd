import type pg from 'pg'
import type { ColumnRow, TableRow } from '../../../shared/adql/tables-from-rows.ts'
import { withPool } from '../server/connect.ts'
import { requireDatabase } from '../server/database-options.ts'
import type { Rows } from './catalogue-rows.ts'

const TABLES = `
  select table_name, schema_name, description
    from tap_schema.tables
   order by table_index nulls last, table_name`

const COLUMNS = `
  select table_name, column_name, datatype, arraysize, xtype, unit, ucd, utype, description, indexed
    from tap_schema.columns
   order by table_name, column_index nulls last, column_name`

/** What the live slot of a TAP server's database describes, read in one read-only transaction. */
export async function readDatabaseTables(database: string): Promise<Rows> {
  return withPool(requireDatabase({ database }), async (pool) => {
    const client = await pool.connect()
    try {
      await client.query('begin isolation level repeatable read read only')
      const tables = await query<TableRow>(client, TABLES)
      const columns = await query<ColumnRow>(client, COLUMNS)
      await client.query('commit')
      return { tables, columns }
    } finally {
      client.release()
    }
  })
}

async function query<T>(client: pg.PoolClient, text: string): Promise<T[]> {
  const { rows } = await client.query(text)
  return rows as T[]
}
