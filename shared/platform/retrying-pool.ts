import pg from 'pg'
import { explainConnection, isConnectionRetryable } from './connection-failures.ts'
import type { Logger } from './log.ts'
import { type RetryPolicy, retry } from './retry.ts'

type ConnectCallback = Parameters<pg.Pool['connect']>[0]

/** About two and a half seconds: an instance that wakes up with an expired certificate needs a third attempt. */
const RETRY: Omit<RetryPolicy, 'isRetryable'> = { attempts: 6, baseDelayMs: 150, maxDelayMs: 1_000, totalMs: 3_000 }

/** A connection that was idle for longer is tried out before it is handed out. */
const TRUSTED_IDLE_MS = 2_000
const TRIAL_TIMEOUT_MS = 2_000

/**
 * A pool whose `connect` tries again when a connection fails to come about, or turns out to have died while it was
 * idle, as happens when Cloud Run freezes an instance between requests. Queries of the caller are never repeated:
 * whether a statement was done before its connection broke cannot be known here.
 */
export class RetryingPool extends pg.Pool {
  readonly #where: string
  readonly #logger: Logger
  readonly #retry: Partial<RetryPolicy>
  /** By wall clock, which goes on while an instance is frozen. */
  readonly #idleSince = new WeakMap<pg.PoolClient, number>()

  /** @param where the database as people know it, for messages */
  constructor(config: pg.PoolConfig, where: string, logger: Logger, retryPolicy: Partial<RetryPolicy> = {}) {
    super(config)
    this.#where = where
    this.#logger = logger
    this.#retry = retryPolicy
    // A connection that dies while it is idle; without a listener it would end the process.
    this.on('error', (error) => logger.warning(`an idle connection to ${where} was lost`, { error }))
    this.on('release', (_error, client) => this.#idleSince.set(client, Date.now()))
  }

  override connect(): Promise<pg.PoolClient>
  override connect(callback: ConnectCallback): void
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | undefined {
    if (callback === undefined) return this.#acquire()
    // `Pool.query` comes this way.
    this.#acquire().then(
      (client) => callback(undefined, client, client.release.bind(client)),
      (error: Error) => callback(error, undefined, () => {}),
    )
    return undefined
  }

  async #acquire(): Promise<pg.PoolClient> {
    const onRetry: RetryPolicy['onRetry'] = (error, attempt) =>
      this.#logger.warning(`connecting to ${this.#where}: attempt ${attempt} failed, trying again`, { error })
    const acquire = async () => {
      const client = await super.connect()
      const idleSince = this.#idleSince.get(client)
      if (idleSince !== undefined && Math.abs(Date.now() - idleSince) > TRUSTED_IDLE_MS) await tryOut(client)
      return client
    }
    try {
      return await retry(acquire, { ...RETRY, isRetryable: isConnectionRetryable, onRetry, ...this.#retry })
    } catch (error) {
      throw explainConnection(this.#where, error)
    }
  }
}

/** Asks the server for a sign of life; a connection without one leaves the pool. */
async function tryOut(client: pg.PoolClient): Promise<void> {
  const ignore = () => {}
  client.on('error', ignore)
  try {
    const trial: pg.QueryConfig & { readonly query_timeout: number } = {
      text: 'select 1',
      query_timeout: TRIAL_TIMEOUT_MS,
    }
    await client.query(trial)
  } catch (error) {
    client.release(error instanceof Error ? error : true)
    throw error
  } finally {
    client.off('error', ignore)
  }
}
