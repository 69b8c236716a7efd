import type pg from 'pg'
import { LOCK_CLASS, REGISTRY_LOCK } from '../../tap-schema/sessions-in-the-way.ts'
import { MissingRoleError, NotInitialisedError } from '../../tap-schema/slot-failures.ts'
import { inTransaction } from '../../tap-schema/transaction.ts'

/**
 * Works on the records while nobody changes them, in one transaction. Who changes them waits for all readers, and they
 * for it, so that what is committed has no date before one that a reader has already been told as the present.
 *
 * @param operation what is being done, for messages
 * @throws MissingRoleError, NotInitialisedError, DatabaseError
 */
export function withRecords<T>(
  pool: pg.Pool,
  operation: string,
  access: 'read' | 'change',
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const lock = access === 'read' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock'
  return inTransaction(pool, operation, async (client) => {
    if (access === 'read') await client.query('set transaction read only')
    await client.query(`select ${lock}($1, $2)`, [LOCK_CLASS, REGISTRY_LOCK])
    return work(client)
  }).catch((error: unknown) => {
    throw withAdvice(operation, error)
  })
}

function withAdvice(operation: string, error: unknown): unknown {
  if (error instanceof MissingRoleError) {
    const message = `${operation} is not allowed for this login: run \`almagest init --registry-user LOGIN\``
    return new MissingRoleError(message, error.cause)
  }
  if (!(error instanceof NotInitialisedError)) return error
  const message = 'the database has no tables for the records of the registry: run `almagest init` on it again'
  return new NotInitialisedError(error.cause, message)
}
