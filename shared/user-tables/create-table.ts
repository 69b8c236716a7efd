import type pg from 'pg'
import { quote } from '../adql/names.ts'
import { asTableOwner, checkLimits, lockOwner, noteChange, readTableUsage, type TableLimits } from './change-tables.ts'
import { DATA_SCHEMA } from './ddl.ts'
import { UserTableError } from './failures.ts'
import { tapNameOf } from './names.ts'
import type { TableDefinition } from './table-definition.ts'
import { readOwnName } from './user-table.ts'

export interface NewTable {
  readonly server: string
  readonly owner: string
  /** As `readTableName` takes it. */
  readonly name: string
  readonly definition: TableDefinition
  /** The role that queries run as: it may read the table in transactions that say so. */
  readonly queryRole: string
}

/**
 * Creates an empty table in the schema of its owner, registered and seen at once.
 *
 * @returns its name in TAP_SCHEMA
 * @throws UserTableError, QuotaError
 */
export async function createUserTable(pool: pg.Pool, table: NewTable, limits: TableLimits): Promise<string> {
  const { server, owner, definition, queryRole } = table
  const name = readOwnName(table.name, owner)
  const { description, utype, columns } = definition
  return asTableOwner(pool, 'creating a table', async (client) => {
    await lockOwner(client, server, owner)
    const { rows } = await client.query<{ id: string }>(
      `insert into user_tables.item (server, owner, name, description, utype, columns) values ($1, $2, $3, $4, $5, $6)
       on conflict (server, owner, name) do nothing
       returning id::text`,
      [server, owner, name, description ?? null, utype ?? null, JSON.stringify(columns)],
    )
    const id = rows[0]?.id
    if (id === undefined) {
      throw new UserTableError(
        'table_exists',
        `there is a table ${tapNameOf(owner, name)} already: drop it first, or load more rows into it`,
      )
    }
    const physical = `${DATA_SCHEMA}.t${id}`
    const list = columns.map(({ sqlType }, index) => `c${index + 1} ${sqlType}`).join(', ')
    await client.query(`create table ${physical} (${list})`)
    await client.query(`
      alter table ${physical} enable row level security;
      create policy readable on ${physical} for select using (user_tables.is_readable(${id}));
      grant select on ${physical} to ${quote(queryRole)}`)
    await letIntoSchemas(client, queryRole)
    const usage = await readTableUsage(client, server, owner)
    checkLimits(usage, limits)
    await noteChange(client, 'TABLE_CREATED', { server, owner, id, name })
    return tapNameOf(owner, name)
  })
}

/** Once: two at a time would fail on the row of the schema. */
async function letIntoSchemas(client: pg.ClientBase, role: string): Promise<void> {
  for (const schema of [DATA_SCHEMA, 'user_tables']) {
    const { rows } = await client.query<{ ready: boolean }>(`select has_schema_privilege($1, $2, 'usage') as ready`, [
      role,
      schema,
    ])
    if (rows[0]?.ready === true) continue
    await client.query(`select pg_advisory_xact_lock(hashtextextended('almagest user tables', 0))`)
    await client.query(`grant usage on schema ${schema} to ${quote(role)}`)
  }
}
