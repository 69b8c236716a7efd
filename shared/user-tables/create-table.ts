import type pg from 'pg'
import { quote } from '../adql/names.ts'
import type { UploadedTable } from '../votable/uploaded-table.ts'
import { asTableOwner, checkLimits, lockOwner, noteChange, readTableUsage, type TableLimits } from './change-tables.ts'
import { DATA_SCHEMA, USER_TABLES_ROLE } from './ddl.ts'
import { UnsafeRoleError, UserTableError } from './failures.ts'
import { tapNameOf } from './names.ts'
import { appendRows, checkRoom, stageRows } from './stage-rows.ts'
import { checkTexts, type TableDefinition } from './table-definition.ts'
import { readOwnName } from './user-table.ts'

export interface NewTable {
  readonly server: string
  readonly owner: string
  /** As `readTableName` takes it. */
  readonly name: string
  readonly definition: TableDefinition
  /** Is read to its end, or closed. null, or left out: the table is empty. */
  readonly rows?: UploadedTable | null
  /** More rows than that are an error; left out: as many as there are. */
  readonly mostRows?: number
  /** The role that queries run as: it may read the table in transactions that say so. */
  readonly queryRole: string
}

export interface CreatedTable {
  /** As TAP_SCHEMA has it. */
  readonly table: string
  readonly columns: number
  readonly rows: number
}

/**
 * Creates a table in the schema of its owner with all the rows that it is to have, registered and seen at once; or nothing.
 *
 * @throws UserTableError, QuotaError; UnsafeRoleError where the role of queries would read the tables of all, and what the rows throw
 */
export async function createUserTable(pool: pg.Pool, table: NewTable, limits: TableLimits): Promise<CreatedTable> {
  try {
    return await create(pool, table, limits)
  } finally {
    await table.rows?.close()
  }
}

async function create(pool: pg.Pool, table: NewTable, limits: TableLimits): Promise<CreatedTable> {
  const { server, owner, definition, rows: given = null, mostRows, queryRole } = table
  const name = readOwnName(table.name, owner)
  const { description, utype, columns } = definition
  checkTexts(name, { description, utype })
  return asTableOwner(pool, 'creating a table', async (client) => {
    // What is slow to arrive holds no lock.
    if (given !== null) await stageRows(client, given, limits)
    await lockOwner(client, server, owner)
    const { rows } = await client.query<{ id: string }>(
      `insert into user_tables.item (server, owner, name, description, utype, columns) values ($1, $2, $3, $4, $5, $6)
       on conflict (server, owner, name) do nothing
       returning id::text`,
      [server, owner, name, description ?? null, utype ?? null, JSON.stringify(columns)],
    )
    const id = rows[0]?.id
    if (id === undefined) throw tableExists(owner, name)
    const physical = `${DATA_SCHEMA}.t${id}`
    const list = columns.map(({ sqlType }, index) => `c${index + 1} ${sqlType}`).join(', ')
    await client.query(`create table ${physical} (${list})`)
    await client.query(`
      alter table ${physical} enable row level security;
      create policy readable on ${physical} for select using (user_tables.is_readable(${id}));
      grant select on ${physical} to ${quote(queryRole)}`)
    await refuseOwner(client, queryRole)
    await letIntoSchemas(client, queryRole)
    checkLimits(await readTableUsage(client, server, owner), limits)
    let added = 0
    if (given !== null) {
      await checkRoom(client, { server, owner }, limits)
      added = await appendRows(client, { id, name, columns }, given)
      if (mostRows !== undefined && added > mostRows) throw tooManyRows(mostRows)
      checkLimits(await readTableUsage(client, server, owner), limits)
    }
    await noteChange(client, 'TABLE_CREATED', { server, owner, id, name }, { rows: added })
    return { table: tapNameOf(owner, name), columns: columns.length, rows: added }
  })
}

/**
 * Whether a table of this name could be created now, for whoever has long work to do before.
 *
 * @throws UserTableError
 */
export async function checkNewName(
  pool: pg.Pool,
  { server, owner, name: given }: Pick<NewTable, 'server' | 'owner' | 'name'>,
): Promise<void> {
  const name = readOwnName(given, owner)
  const { rowCount } = await pool.query('select from user_tables.item where server = $1 and owner = $2 and name = $3', [
    server,
    owner,
    name,
  ])
  if (rowCount !== 0) throw tableExists(owner, name)
}

function tableExists(owner: string, name: string): UserTableError {
  const table = tapNameOf(owner, name)
  return new UserTableError(
    'table_exists',
    `there is a table ${table} already: drop it first, or load more rows into it`,
  )
}

function tooManyRows(most: number): UserTableError {
  return new UserTableError(
    'too_many_rows',
    `the result has more than ${most} rows, as many as can be saved at a time: ask for less, or say with MAXREC how many of them`,
  )
}

/** Policies do not hold for who may become the owner of a table. */
async function refuseOwner(client: pg.ClientBase, role: string): Promise<void> {
  const { rows } = await client.query<{ sees_all: boolean }>(
    `select rolsuper or rolbypassrls or pg_has_role(oid, '${USER_TABLES_ROLE}', 'member') as sees_all
       from pg_roles where rolname = $1`,
    [role],
  )
  if (rows[0]?.sees_all === true) throw new UnsafeRoleError(role)
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
