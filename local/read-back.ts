import pg from 'pg'

/** What a TAP service finds in the live slot. */
export interface ReadBack {
  readonly version: string
  readonly schemas: readonly string[]
  readonly tables: readonly { readonly name: string; readonly columns: number; readonly description: string | null }[]
  readonly columns: number
  readonly keys: number
}

/** Reads the live slot of a TAP server's database, without what TAP_SCHEMA says of itself; null: nothing is live. */
export async function readBack(databaseUrl: string): Promise<ReadBack | null> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows: present } = await client.query(`select 1 from pg_namespace where nspname = 'tap_schema'`)
    if (present.length === 0) return null
    const { rows: versions } = await client.query<{ version: string }>('select version from tap_schema.version')
    const { rows: tables } = await client.query<TableRow>(TABLES)
    const { rows: keys } = await client.query<{ count: number }>(KEYS)
    return {
      version: versions[0]?.version ?? '',
      schemas: [...new Set(tables.map(({ schema }) => schema))],
      tables: tables.map(({ name, columns, description }) => ({ name, columns, description })),
      columns: tables.reduce((sum, { columns }) => sum + columns, 0),
      keys: keys[0]?.count ?? 0,
    }
  } finally {
    await client.end()
  }
}

interface TableRow {
  readonly schema: string
  readonly name: string
  readonly columns: number
  readonly description: string | null
}

/** As a client of the TAP service would ask, in ADQL. */
const TABLES = `
select t.schema_name as schema, t.table_name as name, count(c.column_name)::int as columns, t.description
  from tap_schema.schemas s
  join tap_schema.tables t on t.schema_name = s.schema_name
  left join tap_schema.columns c on c.table_name = t.table_name
 where t.schema_name <> 'tap_schema'
 group by s.schema_index, t.schema_name, t.table_index, t.table_name, t.description
 order by s.schema_index, t.schema_name, t.table_index, t.table_name`

const KEYS = `
select count(*)::int as count
  from tap_schema.keys k
  join tap_schema.tables t on t.table_name = k.from_table
 where t.schema_name <> 'tap_schema'`
