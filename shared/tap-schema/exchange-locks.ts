import type pg from 'pg'
import { GateKeeper } from './gate-keeper.ts'
import { LockOrder, lockSlot } from './lock-slot.ts'
import { type GatePlan, lockThroughGates } from './lock-through-gates.ts'
import { LONGEST_HOLD_MS } from './patience.ts'
import { ReaderHabits } from './reader-habits.ts'
import { SLOT_SCHEMA } from './slots.ts'
import { inTransaction, setLockTimeout } from './transaction.ts'

/**
 * Of a reader and a swap that wait for each other, the swap gives way: PostgreSQL, which looks after `deadlock_timeout`,
 * could end the reader.
 */
const DEADLOCK_SHARE = 0.8

/**
 * How a swap or a rollback gets its locks, and what its attempts have learnt of the readers: first table after table, in
 * the order of the readers; when that has failed a few times and they come in several orders, every other time through
 * gates.
 */
export class ExchangeLocks {
  readonly #pool: pg.Pool
  readonly #lockTimeoutMs: number
  readonly #order = new LockOrder()
  readonly #habits = new ReaderHabits()
  #attempt = 0
  #holdLimitMs = LONGEST_HOLD_MS
  #plan: GatePlan | null = null
  #keepers: readonly GateKeeper[] = []

  constructor(pool: pg.Pool, lockTimeoutMs: number) {
    this.#pool = pool
    this.#lockTimeoutMs = lockTimeoutMs
  }

  /** Before each attempt. */
  async prepare(): Promise<void> {
    this.#attempt += 1
    const { beginnings, passages, used } = this.#habits
    const passage = passages[Math.floor(this.#attempt / 2) % passages.length]
    if (this.#attempt % 2 === 1 || beginnings.length < 2 || passage === undefined) return
    const all = used.filter((unit) => unit !== passage)
    // Two orders meet at the gates that they begin with. More are sorted out step by step, at every table.
    const wanted = beginnings.length === 2 ? beginnings : all
    this.#keepers = await GateKeeper.open(this.#pool, 2 * wanted.length)
    const spare = this.#keepers.length - wanted.length
    const gates = spare > 0 ? wanted : beginnings.slice(0, Math.max(0, this.#keepers.length - 1))
    const holdMs = Math.min(this.#holdLimitMs, this.#lockTimeoutMs * 25)
    if (gates.length > 0) this.#plan = { schema: SLOT_SCHEMA.live, gates, passage, holdMs }
  }

  /** At the beginning of each attempt's transaction. */
  async begin(client: pg.PoolClient): Promise<void> {
    const found = await client.query<{ milliseconds: number }>(
      `select extract(epoch from current_setting('deadlock_timeout')::interval)::float8 * 1000 as milliseconds`,
    )
    this.#holdLimitMs = Math.min(LONGEST_HOLD_MS, (found.rows[0]?.milliseconds ?? 1000) * DEADLOCK_SHARE)
    await setLockTimeout(client, this.#waitMs)
  }

  /** Takes ACCESS EXCLUSIVE on all that a slot holds. */
  async take(client: pg.PoolClient, schema: string): Promise<void> {
    if (this.#plan?.schema === schema) return lockThroughGates(client, this.#keepers, this.#plan)
    return lockSlot(client, schema, { units: this.#order.units, waitMs: this.#waitMs })
  }

  get #waitMs(): number {
    return Math.min(this.#holdLimitMs, this.#lockTimeoutMs * Math.min(this.#attempt, 10))
  }

  /** After a lost attempt: pauses, and watches what readers do. */
  async learnFrom(error: unknown, pauseMs: number): Promise<void> {
    this.#order.learnFrom(error)
    const watch = (client: pg.PoolClient) => this.#habits.watch(client, SLOT_SCHEMA.live, pauseMs)
    await inTransaction(this.#pool, 'watching the readers', watch)
  }

  /** After each attempt, when its transaction is over. */
  async release(): Promise<void> {
    const keepers = this.#keepers
    this.#keepers = []
    this.#plan = null
    await Promise.all(keepers.map((keeper) => keeper.close()))
  }
}
