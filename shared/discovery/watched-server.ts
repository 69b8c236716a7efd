import type { TapSchema } from './tap-schemas.ts'

/** `unknown`: not asked yet; `unreachable`: asked, and never answered; `empty`: it answers, and nothing is live. */
export type ServerState = 'current' | 'stale' | 'empty' | 'unreachable' | 'unknown'

interface WatchedServerOptions {
  readonly read: () => Promise<TapSchema | null>
  readonly lifetimeMs: number
  readonly deadlineMs: number
  readonly onChange: (error: unknown) => void
  readonly now: () => number
}

/** The last answer of one TAP server's database, and the request that is under way. */
export class WatchedServer {
  readonly #options: WatchedServerOptions
  #answer: TapSchema | null | undefined
  /** When the request was begun that gave the answer. */
  #answeredAt = Number.NEGATIVE_INFINITY
  #askedAt = Number.NEGATIVE_INFINITY
  #flight: Promise<void> | undefined
  /** Why the last request failed; undefined: it did not. */
  #reason: string | undefined
  /** Whether the last request was answered in time, so that the next one is worth waiting for. */
  #prompt = true
  /** Whether something became known that was not reported yet. */
  #news = true

  constructor(options: WatchedServerOptions) {
    this.#options = options
  }

  /** Whether nothing has to be asked, waited for or reported. */
  isSettled(): boolean {
    return !this.#news && this.#flight === undefined && !this.#isOlder(this.#askedAt, this.#options.lifetimeMs)
  }

  /** Asks if it is time to; returns what is to be waited for. */
  refresh(): Promise<void> | undefined {
    const due = this.#isOlder(this.#askedAt, this.#options.lifetimeMs)
    if (due && (this.#flight === undefined || this.#prompt)) this.#ask()
    return this.#prompt ? this.#flight : undefined
  }

  /** Waits no longer for a request that is under way. Its answer will be taken when it comes. */
  giveUp(): void {
    if (this.#flight === undefined || !this.#prompt) return
    this.#prompt = false
    this.#fail(new SlowDatabase(this.#options.deadlineMs))
  }

  describe(): { readonly schema: TapSchema | null; readonly state: ServerState } {
    this.#news = false
    const answer = this.#answer
    if (answer === undefined) return { schema: null, state: this.#reason === undefined ? 'unknown' : 'unreachable' }
    const { lifetimeMs, deadlineMs } = this.#options
    const stale = this.#reason !== undefined || this.#isOlder(this.#answeredAt, lifetimeMs + deadlineMs)
    if (answer === null) return { schema: null, state: stale ? 'stale' : 'empty' }
    return stale ? { schema: { ...answer, stale: true }, state: 'stale' } : { schema: answer, state: 'current' }
  }

  /** A request that was under way before the process was frozen is out of date: another one follows it. */
  #ask(): void {
    const before = this.#flight
    const askedAt = this.#options.now()
    this.#askedAt = askedAt
    const flight = before === undefined ? this.#request(askedAt) : before.then(() => this.#request(askedAt))
    this.#flight = flight
    void flight.then(() => {
      if (this.#flight === flight) this.#flight = undefined
    })
  }

  async #request(askedAt: number): Promise<void> {
    try {
      this.#answer = await this.#options.read()
      this.#answeredAt = askedAt
      this.#prompt = !this.#isOlder(askedAt, this.#options.deadlineMs)
      if (this.#reason !== undefined) this.#options.onChange(undefined)
      this.#reason = undefined
    } catch (error) {
      this.#prompt = false
      this.#fail(error)
    }
    this.#news = true
  }

  /** Tells each reason once: a database that was slow at first may turn out to be out of reach. */
  #fail(error: unknown): void {
    const reason = String(error)
    if (reason !== this.#reason) this.#options.onChange(error)
    this.#reason = reason
    this.#news = true
  }

  #isOlder(time: number, milliseconds: number): boolean {
    return Math.abs(this.#options.now() - time) >= milliseconds
  }
}

class SlowDatabase extends Error {
  constructor(deadlineMs: number) {
    super(`the database did not answer within ${deadlineMs} ms`)
    this.name = 'SlowDatabase'
  }
}
