/** So many failures in a row open it. */
const MOST_FAILURES = 5
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

/**
 * Keeps requests from a server that has not answered several times in a row: for a while none is sent, then a single one
 * that tries whether it is back.
 */
export class CircuitBreaker {
  readonly #now: () => number
  #failures = 0
  #closedUntil = 0
  #isTrying = false

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Whether a request may be sent now. Each that is sent must be followed by `succeeded` or `failed`. */
  admits(): boolean {
    if (this.#failures < MOST_FAILURES) return true
    if (this.#isTrying || this.#now() < this.#closedUntil) return false
    this.#isTrying = true
    return true
  }

  succeeded(): void {
    this.#failures = 0
    this.#isTrying = false
  }

  failed(): void {
    this.#failures += 1
    this.#isTrying = false
    const more = Math.max(0, this.#failures - MOST_FAILURES)
    this.#closedUntil = this.#now() + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** more)
  }

  /** It is not known how the request went: its sender has gone. */
  forgotten(): void {
    this.#isTrying = false
  }
}
