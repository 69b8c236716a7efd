import type pg from 'pg'
import { findSessionsInTheWay, LOCK_CLASS, SLOTS_LOCK } from './sessions-in-the-way.ts'
import { BusyError, DatabaseError, explain, isLockFailure, sqlStateOf } from './slot-failures.ts'

/**
 * Runs `work` in one transaction that holds the database's Almagest lock, so that stages, swaps and rollbacks of one
 * TAP server follow one another. The lock ends with the transaction: a session that dies leaves nothing behind.
 *
 * @param operation what is being done, for messages
 * @param waitMs how long to wait for the lock
 * @throws BusyError when the lock is not free in time; MissingRoleError, NotInitialisedError, DatabaseError
 */
export async function withSlots<T>(
  pool: pg.Pool,
  operation: string,
  waitMs: number,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const started = performance.now()
  return inTransaction(pool, operation, async (client) => {
    await client.query(`${NOTICE_LOST_CLIENT}; ${lockTimeout(waitMs)}`)
    await client
      .query('select pg_advisory_xact_lock($1, $2)', [LOCK_CLASS, SLOTS_LOCK])
      .catch((error: unknown) => throwBusy(operation, started, error))
    return work(client)
  })
}

/**
 * Reads slots while none of them changes: stages, swaps and rollbacks wait until `work` is done, and it for them. Without
 * that, PostgreSQL would fail on views that a stage has just dropped, and a diff could find the new slot's tables empty.
 *
 * @throws BusyError when that takes too long; MissingRoleError, NotInitialisedError, DatabaseError
 */
export async function readSlots<T>(
  pool: pg.Pool,
  operation: string,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const started = performance.now()
  return inTransaction(pool, operation, async (client) => {
    await client.query('set transaction read only')
    try {
      await client.query('select pg_advisory_xact_lock_shared($1, $2)', [LOCK_CLASS, SLOTS_LOCK])
      return await work(client)
    } catch (error) {
      return throwBusy(operation, started, error)
    }
  })
}

/** For a transaction whose wait for a lock was in vain. Other errors are thrown as they are. */
export function throwBusy(operation: string, started: number, error: unknown): never {
  if (!isLockFailure(error)) throw error
  throw new BusyError(operation, performance.now() - started, error)
}

/** A stage before ours takes well under a second; far more means that something hangs, and Pub/Sub will come again. */
export const STAGE_WAIT_MS = 60_000

/** A stage takes well under a second, or ten more when it waits for somebody who reads the staging slot. */
const READ_WAIT_MS = 15_000

/**
 * A function that is ended while its statement waits for a lock would keep those that it holds until the wait is over.
 * PostgreSQL 13, and some systems that it runs on, cannot look whether the client is still there.
 */
const NOTICE_LOST_CLIENT = setIfKnown('client_connection_check_interval', '1s')

/** `milliseconds` counts for each lock that is waited for; PostgreSQL takes 0 for "for ever", so 1 is the least. */
export async function setLockTimeout(client: pg.ClientBase, milliseconds: number): Promise<void> {
  await client.query(lockTimeout(milliseconds))
}

function lockTimeout(milliseconds: number): string {
  return `set local lock_timeout = ${Math.max(1, Math.round(milliseconds))}`
}

/** A connection whose transaction cannot be ended is closed instead of going back to the pool. */
export async function inTransaction<T>(
  pool: pg.Pool,
  operation: string,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  let client: pg.PoolClient | undefined
  let broken: Error | undefined
  try {
    client = await pool.connect()
    // A connection can die between two statements: without a listener that would end the process.
    client.on('error', ignoreConnectionError)
    await client.query(BEGIN)
    const result = await work(client)
    await commit(client, operation)
    return result
  } catch (error) {
    await client?.query('rollback').catch((cause: Error) => {
      broken = cause
    })
    const failure = explain(operation, error)
    if (!(failure instanceof BusyError) || client === undefined || broken !== undefined) throw failure
    throw failure.naming(await nameSessions(client))
  } finally {
    client?.off('error', ignoreConnectionError)
    client?.release(broken)
  }
}

/** After a transaction that failed because of locks: the sessions that held them are most likely still there. */
async function nameSessions(client: pg.PoolClient): Promise<readonly string[]> {
  try {
    await client.query(BEGIN)
    return await findSessionsInTheWay(client)
  } catch {
    return []
  } finally {
    await client.query('rollback').catch(ignoreConnectionError)
  }
}

/** A connection that breaks between `commit` and its answer leaves nobody knowing; an error of the server is a no. */
async function commit(client: pg.PoolClient, operation: string): Promise<void> {
  try {
    await client.query('commit')
  } catch (error) {
    const wasSent = sqlStateOf(error) === null && !String(error).includes('not queryable')
    if (!wasSent) throw error
    const advice = 'outcome unknown: connection lost during commit; check status before retrying'
    throw new DatabaseError(operation, error, advice)
  }
}

/**
 * Every transaction begins with all the settings that it relies on: a database or a login can have others, and behind a
 * pooler in transaction mode nothing that was set at connect is sure to be there.
 *
 * Read committed, because a snapshot of the whole transaction would be as old as the wait for the Almagest lock. With row
 * security off, a table that would show only a part of its rows is an error. An instance that is frozen or cut off in the
 * middle of a swap keeps its connection, and with it the locks that every reader waits for: the server ends a session
 * that is idle in a transaction; between two statements of ours lie milliseconds.
 */
export const BEGIN = `begin isolation level read committed read write;
set local search_path to pg_catalog;
set local client_encoding to 'UTF8';
set local datestyle to 'ISO, YMD';
set local intervalstyle to 'postgres';
set local timezone to 'UTC';
set local bytea_output to 'hex';
set local extra_float_digits to 1;
set local array_nulls to on;
set local standard_conforming_strings to on;
set local quote_all_identifiers to off;
set local default_tablespace to '';
set local row_security to off;
set local statement_timeout to 0;
set local idle_in_transaction_session_timeout to '15s';
${lockTimeout(READ_WAIT_MS)};
${setIfKnown('transaction_timeout', '0')}`

/** For settings that came with a later PostgreSQL, or that some systems do not have. */
export function setIfKnown(setting: string, value: string): string {
  return `do $$
begin
  set local ${setting} = '${value}';
exception when others then null;
end $$`
}

// The statement that finds the connection gone reports it.
function ignoreConnectionError(): void {}
