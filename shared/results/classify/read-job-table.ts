import pg from 'pg'

/** What is needed of a pool. */
export interface JobDatabase {
  connect(): Promise<JobConnection>
}

export interface JobConnection {
  query<R extends pg.QueryResultRow>(config: pg.QueryConfig): Promise<pg.QueryResult<R>>
  /** @param error the connection is not to be used again */
  release(error?: Error): void
}

/** For a connection that has died silently; a thousand ids take milliseconds. */
const TIMEOUT_MS = 60_000

export type Query = <R extends pg.QueryResultRow>(text: string, values?: readonly unknown[]) => Promise<R[]>

/**
 * With row_security off, a policy that would leave out rows makes the query fail (42501). The setting ends with the
 * transaction, so that it holds behind a pooler too; and so do the limits, whatever the database has.
 */
const BEGIN = `
  begin isolation level repeatable read, read only;
  set local row_security = off;
  set local idle_in_transaction_session_timeout = '60s';
  set local statement_timeout = ${TIMEOUT_MS};
  set local lock_timeout = ${TIMEOUT_MS};
  select set_config('transaction_timeout', '0', true) where current_setting('server_version_num')::int >= 170000;
  set local search_path = pg_catalog, pg_temp`

/**
 * Asks about the table in a transaction of its own, with its own snapshot, in which everything that could hide rows is an
 * error instead.
 */
export async function readJobTable<T>(
  connection: JobConnection,
  name: readonly string[],
  work: (query: Query, table: FoundTable) => Promise<T>,
): Promise<T> {
  return readInTransaction(connection, async (query) => work(query, await findTable(query, name)))
}

async function readInTransaction<T>(connection: JobConnection, work: (query: Query) => Promise<T>): Promise<T> {
  const query: Query = async <R extends pg.QueryResultRow>(text: string, values?: readonly unknown[]) => {
    const config: pg.QueryConfig & { readonly query_timeout: number } = { text, query_timeout: TIMEOUT_MS }
    return (await connection.query<R>(values === undefined ? config : { ...config, values: [...values] })).rows
  }
  try {
    await query(BEGIN)
    const answer = await work(query)
    await query('commit')
    connection.release()
    return answer
  } catch (error) {
    // Also one that a timeout has left in the middle of its answer.
    connection.release(error instanceof Error ? error : new Error(String(error)))
    throw error
  }
}

/** A table as it is written in a query. */
export interface FoundTable {
  readonly from: string
  /** Whether Almagest made it (shared/uws), so that its columns are known. */
  readonly isOwn: boolean
}

interface TableRow {
  readonly own: boolean
  readonly schema: string
  readonly kind: string
  readonly part: boolean
  readonly replica: boolean
}

/** A table without a schema is looked for in all of them: the search path could lead to a namesake. */
const TABLES = `
  select n.nspname::text as schema, c.relkind::text as kind, pg_is_in_recovery() as replica,
         exists (select from pg_catalog.pg_inherits i where i.inhrelid = c.oid) as part,
         exists (select from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attname = 'fence') as own
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where c.relname = $1
     and case when $2::text is null
              then c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
              else n.nspname = $2::text end`

/** Tables that show every job, by pg_class.relkind. */
const WHOLE: ReadonlySet<string> = new Set(['r', 'p'])

const OTHER_KINDS: ReadonlyMap<string, string> = new Map([
  ['v', 'a view, which can leave jobs out'],
  ['m', 'a materialized view, which shows how the jobs were once'],
  ['f', 'a foreign table, which shows what another database lets it see'],
])

/** @throws Error when it is not there, is not the only one of its name, or may not show every job as it is now */
async function findTable(query: Query, table: readonly string[]): Promise<FoundTable> {
  const [name = '', schema = null] = table.toReversed()
  const found = await query<TableRow>(TABLES, [name, schema])
  const [row, ...others] = found
  if (row === undefined) throw new Error('it does not exist')
  if (others.length > 0) {
    const schemas = found.map((one) => one.schema).sort()
    throw new Error(`there are tables of this name in ${schemas.join(', ')}: write the schema into results.jobs.table`)
  }
  if (row.replica) throw new Error('the database is a replica, which can lag behind: name the primary in results.jobs')
  if (!WHOLE.has(row.kind)) {
    const kind = OTHER_KINDS.get(row.kind) ?? 'not a table'
    throw new Error(`it is ${kind}: name the table itself in results.jobs.table`)
  }
  if (row.part) throw new Error('it is a part of another table: name the whole one in results.jobs.table')
  return { from: [row.schema, name].map(pg.escapeIdentifier).join('.'), isOwn: row.own }
}
