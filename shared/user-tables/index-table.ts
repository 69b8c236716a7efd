import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { Failure } from '../failure.ts'
import { asTableOwner, checkLimits, lockOwner, noteChange, readTableUsage, type TableLimits } from './change-tables.ts'
import { DATA_SCHEMA } from './ddl.ts'
import { UserTableError } from './failures.ts'
import { holdOwn, type UserTable } from './user-table.ts'

/** A job that makes an index. */
export interface TableUpdate {
  readonly id: string
  readonly server: string
  readonly owner: string
  readonly table: string
  readonly column: string
  readonly unique: boolean
  readonly phase: 'PENDING' | 'COMPLETED' | 'ERROR' | 'ABORTED'
  readonly error: string | null
  readonly created: Date
  readonly ended: Date | null
}

export type NewUpdate = Pick<TableUpdate, 'server' | 'owner' | 'table' | 'column' | 'unique'>

const COLUMNS =
  'id, server, owner, table_name as "table", column_name as "column", is_unique as "unique", phase, error, created_at as created, ended_at as ended'

/** A job in phase PENDING, for a column that is there. @throws UserTableError */
export async function createUpdate(pool: pg.Pool, wanted: NewUpdate): Promise<string> {
  const { server, owner, table, column, unique } = wanted
  const id = randomBytes(16).toString('hex')
  await asTableOwner(pool, 'creating an index', async (client) => {
    positionOf(await holdOwn(client, server, owner, table), column)
    await client.query(
      'insert into user_tables.update (id, server, owner, table_name, column_name, is_unique) values ($1, $2, $3, $4, $5, $6)',
      [id, server, owner, table, column, unique],
    )
  })
  return id
}

/** @throws UserTableError where the owner has no such job */
export async function readUpdate(on: pg.Pool, server: string, owner: string, id: string): Promise<TableUpdate> {
  // Others cannot be ids of ours, and not every text can be asked for.
  const known = /^[0-9a-f]{32}$/.test(id) ? id : ''
  const { rows } = await on.query<TableUpdate>(
    `select ${COLUMNS} from user_tables.update where server = $1 and owner = $2 and id = $3`,
    [server, owner, known],
  )
  if (rows[0] === undefined) throw new UserTableError('table_not_found', `there is no job ${JSON.stringify(id)}`)
  return rows[0]
}

/**
 * Makes the index in the transaction that ends the job: one that breaks off is PENDING as before. One that has ended is
 * left as it is.
 */
export async function runUpdate(
  pool: pg.Pool,
  { id, server, owner, table, column, unique }: TableUpdate,
  limits: TableLimits,
): Promise<void> {
  try {
    await asTableOwner(pool, 'creating an index', async (client) => {
      await lockOwner(client, server, owner)
      if (!(await endUpdate(client, id, 'COMPLETED', null))) return
      const found = await holdOwn(client, server, owner, table)
      const at = positionOf(found, column)
      await client
        .query(`create ${unique ? 'unique ' : ''}index on ${DATA_SCHEMA}.t${found.id} (c${at + 1})`)
        .catch((error: unknown) => {
          throw explainIndex(error, column)
        })
      const columns = found.columns.map((known, index) => (index === at ? { ...known, indexed: true } : known))
      await client.query('update user_tables.item set columns = $2, changed_at = clock_timestamp() where id = $1', [
        found.id,
        JSON.stringify(columns),
      ])
      checkLimits(await readTableUsage(client, server, owner), limits)
      await noteChange(client, 'TABLE_UPDATED', found, { index: column })
    })
  } catch (error) {
    if (!(error instanceof Failure) || !error.permanent) throw error
    await asTableOwner(pool, 'ending a job', (client) => endUpdate(client, id, 'ERROR', error.message))
  }
}

/** Ends a job that has not run. */
export async function abortUpdate(pool: pg.Pool, { id }: TableUpdate): Promise<void> {
  await asTableOwner(pool, 'ending a job', (client) => endUpdate(client, id, 'ABORTED', null))
}

async function endUpdate(
  client: pg.ClientBase,
  id: string,
  phase: TableUpdate['phase'],
  error: string | null,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update user_tables.update set phase = $2, error = $3, ended_at = clock_timestamp()
      where id = $1 and phase = 'PENDING'`,
    [id, phase, error],
  )
  return rowCount === 1
}

/** Where a column is, from 0; names compare without case. @throws UserTableError */
export function positionOf(table: UserTable, column: string): number {
  const at = table.columns.findIndex(({ name }) => name.toLowerCase() === column.toLowerCase())
  if (at >= 0) return at
  const known = table.columns.map(({ name }) => JSON.stringify(name)).join(', ')
  throw new UserTableError(
    'column_not_found',
    `the table ${table.name} has no column ${JSON.stringify(column)}, it has ${known}`,
  )
}

/** PostgreSQL's SQLSTATE (appendix A) for values that an index does not take. */
function explainIndex(error: unknown, column: string): unknown {
  const state = error instanceof Error && 'code' in error ? String(error.code) : ''
  const what = JSON.stringify(column)
  if (state === '23505') {
    return new UserTableError(
      'table_values',
      `the column ${what} has values that come twice: the index cannot be unique`,
      error,
    )
  }
  if (/^(54|42704|0A)/.test(state)) {
    return new UserTableError('table_values', `the column ${what} has values that an index cannot hold`, error)
  }
  return error
}
