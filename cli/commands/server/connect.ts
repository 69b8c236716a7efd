import type pg from 'pg'
import { connect } from '../../../shared/platform/database.ts'
import { createLogger } from '../../../shared/platform/log.ts'
import { writeNote } from '../../terminal/output.ts'

/** A pool for one operation on the database of a TAP server. */
export async function withPool<T>(url: string, operation: (pool: pg.Pool) => Promise<T>): Promise<T> {
  const database = await openPool(url)
  try {
    return await operation(database.pool)
  } finally {
    await database.close()
  }
}

export async function openPool(url: string): ReturnType<typeof connect> {
  const address = { kind: 'url', url, passwordKey: null, poolMax: 1 } as const
  const logger = createLogger({ format: 'text', minimum: 'WARNING', write: writeNote })
  return connect(address, { applicationName: 'almagest', logger })
}
