import type pg from 'pg'
import { Failure } from '../failure.ts'
import { sqlStateOf } from '../tap-schema/slot-failures.ts'
import { inTransaction } from '../tap-schema/transaction.ts'
import { QuotaError } from '../uws/quota.ts'
import { USER_TABLES_ROLE } from './ddl.ts'

/** What a user may have; what is left out has no limit. */
export interface TableLimits {
  readonly tables?: number
  /** As PostgreSQL counts them, with indexes. */
  readonly tableBytes?: number
}

export interface TableUsage {
  readonly tables: number
  readonly tableBytes: number
}

/** One after another for each owner: twenty loads at once see what the others have written. */
const LOCK_SEED = 8321

/** `almagest init` has not been run for tables of users, or not for this login. */
export class TablesNotReadyError extends Failure {
  constructor(cause: unknown) {
    const advice = 'run `almagest init --tables-user LOGIN` for the logins of tap, run-query and watch-queries'
    super('unprepared', 'user_tables_not_ready', `the login may not become ${USER_TABLES_ROLE}: ${advice}`, { cause })
  }
}

/** Runs `work` in one transaction as the role that owns the tables of users. @throws TablesNotReadyError */
export function asTableOwner<T>(
  pool: pg.Pool,
  operation: string,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  return inTransaction(pool, operation, async (client) => {
    await client.query(`set local role ${USER_TABLES_ROLE}`).catch((error: unknown) => {
      throw ['42501', '22023', '42704'].includes(sqlStateOf(error) ?? '') ? new TablesNotReadyError(error) : error
    })
    return work(client)
  })
}

/** Makes others who change tables of the same owner wait until the transaction ends. */
export async function lockOwner(client: pg.ClientBase, server: string, owner: string): Promise<void> {
  await client.query(`select pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, ${LOCK_SEED}))`, [server, owner])
}

/** What a user has, counted by PostgreSQL; in the transaction of a change also what that has added. */
export async function readTableUsage(on: pg.Pool | pg.ClientBase, server: string, owner: string): Promise<TableUsage> {
  const { rows } = await on.query<{ tables: string; table_bytes: string }>(
    'select tables, table_bytes from user_tables.usage($1, $2)',
    [server, owner],
  )
  return { tables: Number(rows[0]?.tables ?? 0), tableBytes: Number(rows[0]?.table_bytes ?? 0) }
}

/** @throws QuotaError */
export function checkLimits(usage: TableUsage, limits: TableLimits): void {
  for (const name of ['tables', 'tableBytes'] as const) {
    const most = limits[name]
    if (most !== undefined && usage[name] > most) throw new QuotaError(name, limits)
  }
}

/** Writes what has happened to a table, and what its owner takes up now, beside the change itself. */
export async function noteChange(
  client: pg.ClientBase,
  what: 'TABLE_CREATED' | 'TABLE_UPDATED' | 'TABLE_REMOVED',
  {
    server,
    owner,
    id,
    name,
  }: { readonly server: string; readonly owner: string; readonly id: string; readonly name: string },
  data: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await client.query(
    `insert into uws.event (server, kind, item_type, item, owner, data) values ($1, $2, 'table', $3, $4, $5)`,
    [server, what, id, owner, JSON.stringify({ name, ...data })],
  )
  // What jobs and logins say of a user waits for the same lock: whose event has the lower number is committed first.
  await client.query("select pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 8320))", [server, owner])
  const usage = await readTableUsage(client, server, owner)
  await client.query(
    `insert into uws.event (server, kind, item_type, item, owner, data) values ($1, 'QUOTA_UPDATED', 'user', $2, $2, $3)`,
    [server, owner, JSON.stringify(usage)],
  )
}
