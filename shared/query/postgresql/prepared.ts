import type pg from 'pg'
import { QueryCancelledError } from '../errors.ts'
import type { LiveTablesSource } from '../live-tables.ts'
import type { Upload } from '../upload.ts'
import { TimeIsUp } from './explain.ts'
import { loadUploads } from './load-uploads.ts'

export interface PreparationLimits {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/**
 * A transaction that has begun before its query is sent: that loads uploads, which come once and would be lost with it.
 * Its connection is closed when the time is up or the caller leaves, whatever it waits for.
 */
export class PreparedTransaction {
  readonly #client: pg.PoolClient
  readonly #signal: AbortSignal | undefined
  readonly #timer: NodeJS.Timeout
  readonly #stopped = Promise.withResolvers<never>()

  constructor(client: pg.PoolClient, { timeoutMs, signal }: PreparationLimits) {
    this.#client = client
    this.#signal = signal
    this.#timer = setTimeout(() => this.#stop(new TimeIsUp()), timeoutMs)
    this.#stopped.promise.catch(ignore)
    client.on('error', ignore)
    signal?.addEventListener('abort', this.#abort)
    if (signal?.aborted === true) this.#abort()
  }

  async begin(begin: string, uploads: readonly Upload[]): Promise<void> {
    const load = async () => {
      await this.#client.query(begin)
      await loadUploads(this.#client, uploads)
      await this.#client.query('set transaction read only')
    }
    await this.#unlessStopped(load())
  }

  /** The first cell of the last statement's first row. */
  async ask(statements: readonly string[]): Promise<unknown> {
    const asking: Promise<unknown> = this.#client.query({ text: statements.join(';\n'), rowMode: 'array' })
    const results = await this.#unlessStopped(asking)
    const last = (Array.isArray(results) ? results.at(-1) : results) as pg.QueryArrayResult
    return last.rows[0]?.[0]
  }

  /**
   * Looks what is live now.
   *
   * @param here over its own connection, which may be the only one of its pool
   */
  async refresh(here: boolean, liveTables: LiveTablesSource): Promise<void> {
    await this.#unlessStopped(liveTables.refresh(here ? this.#client : undefined))
  }

  /** What waits for the next row of an upload does not hear that its connection is gone. */
  async #unlessStopped<T>(work: Promise<T>): Promise<T> {
    work.catch(ignore)
    return Promise.race([work, this.#stopped.promise])
  }

  /** Hands the connection over, with the transaction. */
  release(): pg.PoolClient {
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#abort)
    this.#client.off('error', ignore)
    return this.#client
  }

  /** Gives up what was prepared. */
  async abandon(): Promise<void> {
    const broken = await this.#client.query('rollback').then(
      () => false,
      () => true,
    )
    this.release().release(broken)
  }

  readonly #abort = (): void => this.#stop(new QueryCancelledError())

  #stop(reason: Error): void {
    this.#stopped.reject(reason)
    void (this.#client as unknown as pg.Client).end()
  }
}

// Who waits for it gets it.
function ignore(): void {}
