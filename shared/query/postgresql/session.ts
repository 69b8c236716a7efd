import { quote } from '../../adql/names.ts'
import { POSTGRESQL_SETTINGS } from '../../adql/postgresql.ts'
import type { ServerFacts } from './probe.ts'

/** A lock on a data table that is not free by then is an operator at work on it. */
const LOCK_TIMEOUT_MS = 5_000

/** A process that is frozen or cut off between two statements must not keep what it has locked. */
const IDLE_TIMEOUT_MS = 15_000

/** How long a statement whose client is gone runs on. */
const CHECK_CLIENT_MS = 1_000

/**
 * Begins the transaction of a query, with every setting that it relies on: behind a pooler nothing that was set at
 * connect is sure to be there.
 *
 * @param role whose rights the query has; null: those of the login
 */
export function beginStatements(
  facts: ServerFacts,
  role: string | null,
  timeoutMs: number,
  access: 'read only' | 'read write',
): readonly string[] {
  const settings = {
    ...POSTGRESQL_SETTINGS,
    client_encoding: 'UTF8',
    search_path: facts.searchPath,
    statement_timeout: String(Math.max(1, Math.ceil(timeoutMs))),
    lock_timeout: String(LOCK_TIMEOUT_MS),
    idle_in_transaction_session_timeout: String(IDLE_TIMEOUT_MS),
    // A limit that the database has by itself would end the query without a word of it.
    ...(facts.limitsTransactions ? { transaction_timeout: '0' } : {}),
    ...(facts.noticesLostClients ? { client_connection_check_interval: String(CHECK_CLIENT_MS) } : {}),
  }
  const set = Object.entries(settings).map(([name, value]) => `set local ${name} = ${value === '' ? "''" : value}`)
  const as = role === null ? [] : [`set local role ${quote(role)}`]
  return [`begin isolation level read committed ${access}`, ...set, ...as]
}
