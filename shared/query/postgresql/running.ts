import type pg from 'pg'
import { QueryCancelledError, QueryServiceError } from '../errors.ts'
import { cancelQuery } from './cancel.ts'
import { CopyOut } from './copy-out.ts'
import { sqlStateOf, TimeIsUp } from './explain.ts'

/** Bytes of rows that wait in memory for a slow client; the server waits behind them. */
export const CAPACITY = 1 << 20

/** Who reads TAP_SCHEMA stands in the way of a swap until the server has sent all: it need not wait for slow clients. */
export const SLOT_CAPACITY = 16 << 20

/** A cancelled statement that has not ended by then is left to the server, which sees that its client is gone. */
const GIVE_UP_MS = 1_500

/** A request to cancel can arrive before the statement has begun, and does nothing then. */
const CANCEL_EVERY_MS = 250

/** The time limit is the server's; one that waits for a slow client does not look at the clock. */
const TIME_GRACE_MS = 500

export interface StatementLimits {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Bytes that may wait to be fetched. */
  readonly capacity: number
  /** How many statements stand before the query: what is wrong with them is not the user's. */
  readonly preamble: number
}

/** One statement under way on a connection of a pool, which goes back when it is over. */
export class RunningStatement {
  readonly copy: CopyOut
  readonly #client: pg.PoolClient
  readonly #pool: pg.Pool
  readonly #over: Promise<void>
  readonly #signal: AbortSignal | undefined
  readonly #timer: NodeJS.Timeout
  readonly #preamble: number
  #stopped: 'time' | 'caller' | undefined
  #cancelling: Promise<void> | undefined

  constructor(client: pg.PoolClient, pool: pg.Pool, text: string, limits: StatementLimits) {
    this.#client = client
    this.#pool = pool
    this.#signal = limits.signal
    this.#preamble = limits.preamble
    this.copy = new CopyOut(text, limits.capacity)
    this.#timer = setTimeout(() => this.#stop('time'), limits.timeoutMs + TIME_GRACE_MS)
    limits.signal?.addEventListener('abort', this.#abort)
    client.on('error', ignore)
    client.query(this.copy)
    this.#over = this.#giveBack()
    if (limits.signal?.aborted === true) this.#stop('caller')
  }

  /** Waits for the first row, or for it to be known that there is none; undefined: nothing went wrong before. */
  async begun(): Promise<unknown> {
    try {
      await this.copy.begun
      return undefined
    } catch (error) {
      await this.copy.ended
      return error
    }
  }

  /** Whether the connection was gone before the server has said a word. */
  get isDead(): boolean {
    const { rows, end } = this.copy
    if (this.#stopped !== undefined || rows.length > 0) return false
    return end?.clean === false && sqlStateOf(end.error) === null
  }

  /** What an error of the copy comes from: it may have been stopped on purpose, or the text before it may be wrong. */
  reasonOf(error: unknown): unknown {
    if (this.#stopped === 'caller') return new QueryCancelledError(error)
    if (this.#stopped === 'time') return new TimeIsUp(error)
    const isOurs = this.copy.completed < this.#preamble && /^(22|42)/.test(sqlStateOf(error) ?? '')
    return isOurs ? new QueryServiceError('The database refuses the settings of this service.', error) : error
  }

  /** Cancels what still runs; resolves when the connection is back in its pool, or closed. */
  async close(): Promise<void> {
    this.#stop('caller')
    await this.#over
  }

  readonly #abort = (): void => this.#stop('caller')

  #stop(by: 'time' | 'caller'): void {
    this.copy.discard()
    this.#stopped ??= by
    if (this.copy.end === undefined) this.#cancelling ??= this.#cancel()
  }

  async #cancel(): Promise<void> {
    const until = performance.now() + GIVE_UP_MS
    while (this.copy.end === undefined && performance.now() < until) {
      await cancelQuery(this.#client, this.#pool).catch(ignore)
      await Promise.race([this.copy.ended, pause(CANCEL_EVERY_MS)])
    }
    if (this.copy.end === undefined) await (this.#client as unknown as pg.Client).end()
  }

  async #giveBack(): Promise<void> {
    const { clean, error } = await this.copy.ended
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#abort)
    // A cancel that is still under way could hit the next statement.
    await this.#cancelling
    let broken = !clean
    if (clean && error !== undefined)
      await this.#client.query('rollback').catch(() => {
        broken = true
      })
    this.#client.off('error', ignore)
    this.#client.release(broken)
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, milliseconds).unref()
  })
}

// The statement itself reports it.
function ignore(): void {}
