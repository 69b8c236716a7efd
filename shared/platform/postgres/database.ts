import type pg from 'pg'
import type { CloudSqlAddress, DatabaseAddress, UrlAddress } from '../../database-address.ts'
import type { Logger } from '../log/log.ts'
import type { RetryPolicy } from '../retry.ts'
import { databaseUserOf, openCloudSql } from './cloud-sql.ts'
import { DatabaseAddressError } from './connection-failures.ts'
import { RetryingPool } from './retrying-pool.ts'

export interface ConnectOptions {
  /** Shown by pg_stat_activity. */
  readonly applicationName: string
  /** For a URL that leaves it out. With it, a built-in user of Cloud SQL logs in; without it, login is by IAM. */
  readonly password?: string
  readonly logger: Logger
  readonly retry?: Partial<RetryPolicy>
  /** How long one attempt to prepare connections to Cloud SQL may take; default 20 s. */
  readonly preparationMs?: number
  /**
   * A connection that was in use so short a time ago is taken for alive, which saves a round trip; one that has died
   * without a word since then costs its user the time that he is ready to wait. 0 unless given.
   */
  readonly trustMs?: number
}

export interface Database {
  /** Its `connect` tries again when a connection does not come about, and throws ConnectionError. */
  readonly pool: pg.Pool
  /** Waits for connections in use. */
  close(): Promise<void>
}

/**
 * Opens a pool of connections to a database: by URL no connection is made yet; for Cloud SQL the instance's address and
 * certificate are fetched.
 *
 * @throws ConnectionError, DatabaseAddressError
 */
export async function connect(address: DatabaseAddress, options: ConnectOptions): Promise<Database> {
  return address.kind === 'url' ? connectByUrl(address, options) : connectToCloudSql(address, options)
}

function connectByUrl(address: UrlAddress, options: ConnectOptions): Database {
  const url = parseUrl(address.url)
  const host = url.searchParams.get('host') ?? url.host
  const where = `database ${url.pathname.slice(1)}${host === '' ? '' : ` on ${host}`}`
  // pg reads the password from the parameter; a URL without host, for a socket, cannot hold it anywhere else.
  if (options.password !== undefined) url.searchParams.set('password', options.password)
  const config = { ...poolConfig(address, options), connectionString: url.href }
  const pool = new RetryingPool(config, where, options.logger, options.retry)
  return { pool, close: () => endPool(pool) }
}

async function connectToCloudSql(address: CloudSqlAddress, options: ConnectOptions): Promise<Database> {
  const { instance, ipType, database, user } = address
  const { password } = options
  const { logger, retry, preparationMs } = options
  const wanted = { login: password === undefined ? 'IAM' : 'PASSWORD', logger, retry, preparationMs } as const
  const sockets = await openCloudSql(address, wanted)
  const login = password === undefined ? { user: databaseUserOf(user) } : { user, password }
  // The stream is encrypted already, whatever PGSSLMODE says.
  const config = { ...poolConfig(address, options), ...login, database, stream: sockets.stream, ssl: false }
  const where = `database ${database} on ${instance} (${ipType} address)`
  const pool = new RetryingPool(config, where, logger, retry, sockets.renew)
  const close = async () => {
    await endPool(pool)
    sockets.close()
  }
  return { pool, close }
}

function poolConfig(address: DatabaseAddress, options: ConnectOptions) {
  return {
    max: address.poolMax,
    trustMs: options.trustMs,
    application_name: options.applicationName,
    idleTimeoutMillis: 60_000,
    connectionTimeoutMillis: 10_000,
    // A peer that is gone without a word is found out within a minute; the system's own choice is two hours.
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
  }
}

function parseUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) {
    const example = 'postgresql://user@host:5432/database'
    throw new DatabaseAddressError(`the database URL cannot be read: it should look like ${example}`)
  }
  return url
}

/** Ending twice is not an error: what closes an environment may come after what closed a database. */
async function endPool(pool: pg.Pool): Promise<void> {
  if (!pool.ending) await pool.end()
}
