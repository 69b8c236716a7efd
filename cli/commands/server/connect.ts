import type pg from 'pg'
import { connect } from '../../../shared/platform/database.ts'
import { createLogger } from '../../../shared/platform/log.ts'
import { isDebugging } from '../../terminal/debugging.ts'
import { writeError } from '../../terminal/output.ts'

/** A pool for one operation on the database of a TAP server. */
export async function withPool<T>(url: string, operation: (pool: pg.Pool) => Promise<T>): Promise<T> {
  const database = await openPool(url)
  try {
    return await operation(database.pool)
  } finally {
    await database.close()
  }
}

/** Whoever sits at a terminal tries again by hand: a few quick attempts are enough, and not worth a line each. */
const RETRY = { attempts: 3 }

export async function openPool(url: string): ReturnType<typeof connect> {
  const address = { kind: 'url', url, passwordKey: null, poolMax: 1 } as const
  const minimum = isDebugging() ? 'DEBUG' : 'ERROR'
  const logger = createLogger({ format: 'text', minimum, write: (line) => writeError(`${line}\n`) })
  return connect(address, { applicationName: 'almagest', logger, retry: RETRY })
}
