import type pg from 'pg'
import { GATE_LOCK, LOCK_CLASS } from './sessions-in-the-way.ts'
import { BEGIN, setIfKnown } from './transaction.ts'

/** A session that waits at a table of the live slot, holds it when it gets it, and ends with the swap. */
export class GateKeeper {
  readonly #client: pg.PoolClient
  #pid = 0
  /** What it is doing: settles when it has nothing any more. */
  #standing: Promise<void> | null = null
  #broken: Error | undefined

  private constructor(client: pg.PoolClient) {
    this.#client = client
    client.on('error', this.#remember)
  }

  /** Opens as many as the pool has room for beside the transaction that needs them. */
  static async open(pool: pg.Pool, wanted: number): Promise<readonly GateKeeper[]> {
    const room = pool.options.max - (pool.totalCount - pool.idleCount) - pool.waitingCount
    const count = Math.max(0, Math.min(wanted, room - 1))
    const opened = await Promise.allSettled(
      Array.from({ length: count }, async () => {
        const keeper = new GateKeeper(await pool.connect())
        await keeper.#begin()
        return keeper
      }),
    )
    return opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  }

  /** Its server process: behind a pooler in transaction mode, each transaction can have another. */
  get pid(): number {
    return this.#pid
  }

  async #begin(): Promise<void> {
    try {
      await this.#client.query(`${BEGIN};\n${setIfKnown('client_connection_check_interval', '0')}`)
      const found = await this.#client.query<{ pid: number }>('select pg_backend_pid() as pid')
      this.#pid = found.rows[0]?.pid ?? 0
    } catch (error) {
      this.#remember(error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** Keepers hold what they have until the transaction of `client` is over. */
  static async bind(client: pg.PoolClient): Promise<void> {
    await client.query('select pg_advisory_xact_lock($1, $2)', [LOCK_CLASS, GATE_LOCK])
  }

  get isFree(): boolean {
    return this.#standing === null && this.#broken === undefined
  }

  /**
   * Begins to wait for some tables. Who asked for one before passes first, who asks later waits; after
   * `waitMs` milliseconds it gives up. All is said to the server at once, and from then on this process may die.
   */
  stand(names: string, waitMs: number): void {
    const wait = `set local lock_timeout = ${Math.ceil(waitMs)};
lock table ${names} in access exclusive mode;
set local lock_timeout = 0;
select pg_advisory_xact_lock_shared(${LOCK_CLASS}, ${GATE_LOCK})`
    this.#standing = this.#client
      .query(wait)
      .catch(() => {})
      .then(() => this.#client.query('rollback'))
      .then(() => this.#begin())
      .catch(this.#remember)
      .then(() => {
        this.#standing = null
      })
  }

  /** Sends keepers away, so that those behind them get through. */
  static async dismiss(client: pg.PoolClient, keepers: readonly GateKeeper[]): Promise<void> {
    const pids = keepers.filter((keeper) => keeper.#standing !== null).map(({ pid }) => pid)
    await client.query('select pg_cancel_backend(pid) from unnest($1::int[]) as pid', [pids])
    await Promise.all(keepers.map((keeper) => keeper.#standing))
  }

  /** Gives its connection back. Before, the transaction that it is bound to must be over. */
  async close(): Promise<void> {
    await this.#standing
    await this.#client.query('rollback').catch(this.#remember)
    this.#client.off('error', this.#remember)
    this.#client.release(this.#broken)
  }

  readonly #remember = (error: Error): void => {
    this.#broken = error
  }
}
