import type pg from 'pg'
import { QueryBusyError, QueryCancelledError, QueryUnavailableError } from '../errors.ts'
import { BUSY, sqlStateOf } from './explain.ts'

/** No query waits longer for a connection that others use. */
const WAIT_MS = 10_000

export interface Patience {
  readonly waitMs: number
  readonly signal: AbortSignal | undefined
}

/**
 * Takes a connection from a pool.
 *
 * @throws QueryBusyError when all stay in use, QueryCancelledError, QueryUnavailableError
 */
export async function acquire(pool: pg.Pool, { waitMs, signal }: Patience): Promise<pg.PoolClient> {
  const given = Promise.withResolvers<never>()
  const giveUp = (error: Error) => given.reject(error)
  const timer = setTimeout(() => giveUp(new QueryBusyError(BUSY)), Math.min(waitMs, WAIT_MS))
  const abort = () => giveUp(new QueryCancelledError())
  signal?.addEventListener('abort', abort)
  const connecting = pool.connect()
  try {
    if (signal?.aborted === true) abort()
    return await Promise.race([connecting, given.promise])
  } catch (error) {
    // The pool may give it later, when nobody wants it any more.
    connecting.then(
      (client) => client.release(),
      () => {},
    )
    throw explainConnect(error)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}

/** What a connection that does not come about means for whoever asked. */
export function explainConnect(error: unknown): Error {
  if (error instanceof QueryBusyError || error instanceof QueryCancelledError) return error
  const isFull = sqlStateOf(error) === '53300' || POOL_IS_FULL.test(String(error))
  return isFull
    ? new QueryBusyError(BUSY, error)
    : new QueryUnavailableError('The database cannot be reached: try again in a moment.', error)
}

/** What `pg` says when all its connections are in use. */
const POOL_IS_FULL = /timeout exceeded when trying to connect/
