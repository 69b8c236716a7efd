import pg from 'pg'
import type { Logger } from '../log/log.ts'
import { type RetryPolicy, retry } from '../retry.ts'
import { explainConnection, isConnectionRetryable } from './connection-failures.ts'

type ConnectCallback = Parameters<pg.Pool['connect']>[0]

/**
 * Two and a half seconds on average: an instance that wakes up with an expired certificate has to ask for another one
 * first, two answers from Google and a new key away, on a processor that others use too.
 */
const RETRY: Omit<RetryPolicy, 'isRetryable'> = { attempts: 8, baseDelayMs: 150, maxDelayMs: 1_000, totalMs: 4_000 }

/** What opens connections is renewed before this attempt: by then it should have renewed itself. */
const RENEWING_ATTEMPT = 6

/** For an answer from a connection that was idle. */
const TRIAL_TIMEOUT_MS = 2_000

/**
 * A pool whose `connect` tries again when a connection fails to come about, or turns out to have died while it was
 * idle, as happens when Cloud Run freezes an instance between requests: each connection that was used before is asked
 * for a sign of life, which is one round trip. Queries of the caller are never repeated: whether a statement was done
 * before its connection broke cannot be known here.
 */
export class RetryingPool extends pg.Pool {
  readonly #trustMs: number
  readonly #where: string
  readonly #logger: Logger
  readonly #retry: Partial<RetryPolicy>
  readonly #renew: () => Promise<void>
  /** When each connection came back to the pool, in milliseconds of `performance.now()`. */
  readonly #idleSince = new WeakMap<pg.PoolClient, number>()
  /** What was idle by then is taken for dead: waiting for one silent connection after another takes too long. */
  #lostAt = Number.NEGATIVE_INFINITY

  /**
   * @param config `trustMs`: what came back so short a time ago is not asked; 0 unless given
   * @param where the database as people know it, for messages
   * @param renew mends what opens connections, when they are refused again and again
   */
  constructor(
    { trustMs = 0, ...config }: pg.PoolConfig & { readonly trustMs?: number | undefined },
    where: string,
    logger: Logger,
    retryPolicy: Partial<RetryPolicy> = {},
    renew = async () => {},
  ) {
    super(config)
    this.#trustMs = trustMs
    this.#where = where
    this.#logger = logger
    this.#retry = retryPolicy
    this.#renew = renew
    // A connection that dies while it is idle; without a listener it would end the process.
    this.on('error', (error) => logger.warning(`an idle connection to ${where} was lost`, { error }))
    this.on('release', (_error, client) => this.#idleSince.set(client, performance.now()))
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
    const acquire = async (attempt: number) => {
      if (attempt === RENEWING_ATTEMPT) await this.#renew()
      return this.#connectOrReuse()
    }
    try {
      return await retry(acquire, {
        ...RETRY,
        isRetryable: isConnectionRetryable,
        onRetry,
        ...this.#retry,
      })
    } catch (error) {
      throw explainConnection(this.#where, error)
    }
  }

  async #connectOrReuse(): Promise<pg.PoolClient> {
    for (;;) {
      const client = await super.connect()
      const idleSince = this.#idleSince.get(client)
      if (idleSince === undefined || performance.now() - idleSince < this.#trustMs) return client
      if (idleSince <= this.#lostAt) {
        client.release(true)
        continue
      }
      const triedAt = performance.now()
      try {
        await tryOut(client)
        return client
      } catch (error) {
        this.#lostAt = triedAt
        throw error
      }
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
