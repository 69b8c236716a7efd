import type pg from 'pg'
import { messageOf } from '../../../shared/failure.ts'
import { createLogger } from '../../../shared/platform/log/log.ts'
import { connect, type Database } from '../../../shared/platform/postgres/database.ts'
import { isDebugging } from '../../terminal/debugging.ts'
import { writeError } from '../../terminal/output.ts'
import { UsageError } from '../../terminal/usage-error.ts'
import type { DatabaseTarget, InstanceTarget } from './database-options.ts'

/** A pool for one operation on the database of a TAP server. */
export async function withPool<T>(target: DatabaseTarget, operation: (pool: pg.Pool) => Promise<T>): Promise<T> {
  const database = await openPool(target)
  try {
    return await operation(database.pool)
  } finally {
    await database.close()
  }
}

/** Whoever sits at a terminal tries again by hand: a few quick attempts are enough, and not worth a line each. */
const RETRY = { attempts: 3 }

/** One is enough for everything but a swap among readers that come in several orders: its gates have sessions of their own. */
const POOL_MAX = 5

/** @throws ConnectionError, DatabaseAddressError, UsageError */
export async function openPool(target: DatabaseTarget): Promise<Database> {
  const minimum = isDebugging() ? 'DEBUG' : 'ERROR'
  const logger = createLogger({ format: 'text', minimum, write: (line) => writeError(`${line}\n`) })
  const options = { applicationName: 'almagest', logger, retry: RETRY }
  // In a URL's connections, pg looks for PGPASSWORD itself.
  if (target.kind === 'url') return connect({ ...target, passwordKey: null, poolMax: POOL_MAX }, options)
  // Where nothing says it, google-auth-library would ask gcloud for a project, which takes a second.
  process.env.GOOGLE_CLOUD_PROJECT ||= target.instance.replace(/:[^:]+:[^:]+$/, '')
  const password = process.env.PGPASSWORD ?? ''
  const user = target.user ?? (await findUser(target, password))
  return connect({ ...target, user, poolMax: POOL_MAX }, password === '' ? options : { ...options, password })
}

/** The e-mail of the service account that the caller is. google-auth-library is large, and only wanted here. */
async function findUser({ instance }: InstanceTarget, password: string): Promise<string> {
  if (password !== '') {
    throw new UsageError('PGPASSWORD is set, so a built-in user logs in: name it with --user, or unset it to use IAM')
  }
  const advice = `give --user: your credentials do not say who logs in to ${instance}`
  const { GoogleAuth } = await import('google-auth-library')
  const { client_email } = await new GoogleAuth().getCredentials().catch((error: unknown) => {
    throw new UsageError(`${advice} (${messageOf(error)})`, error)
  })
  if (client_email === undefined) throw new UsageError(`${advice}, which are no service account's`)
  return client_email
}
