import { constants } from 'node:os'

/** Somebody ended the process: Ctrl-C, `kill`, or a closed terminal. */
export class Interruption extends Error {
  readonly signal: NodeJS.Signals
  constructor(signal: NodeJS.Signals) {
    super(`ended by ${signal}`)
    this.signal = signal
  }

  /** As shells count it. */
  get exitCode(): number {
    return 128 + constants.signals[this.signal]
  }
}

export interface Ending {
  /** Waits for something, but not beyond the end. Throws the Interruption, or what went wrong elsewhere. */
  race<T>(work: Promise<T>): Promise<T>
  /** null: it has not been ended, or not by anybody. */
  interruption(): Interruption | null
  /** Waits for the end. */
  readonly reached: Promise<Interruption>
  /** Ends because of an error. */
  fail(error: unknown): void
  /** Gives the signals back to Node. */
  release(): void
}

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Watches for the end of the process: a signal, or an error that nobody caught. It comes once: npm passes on a Ctrl-C
 * that the terminal has sent already, and whoever is impatient must not leave a PostgreSQL behind.
 */
export function watchForEnd(): Ending {
  const { promise, reject } = Promise.withResolvers<never>()
  let interruption: Interruption | null = null
  const interrupt = (signal: NodeJS.Signals) => {
    interruption ??= new Interruption(signal)
    reject(interruption)
  }
  const reached = promise.catch((reason: unknown) => {
    if (reason instanceof Interruption) return reason
    throw reason
  })
  // It may end while nobody is waiting for it.
  reached.catch(() => {})
  for (const signal of SIGNALS) process.on(signal, interrupt)
  process.on('uncaughtException', reject)
  const unwatch = watchParent(() => interrupt('SIGHUP'))
  return {
    race: (work) => Promise.race([promise, work]),
    interruption: () => interruption,
    reached,
    fail: reject,
    release: () => {
      unwatch()
      for (const signal of SIGNALS) process.off(signal, interrupt)
      process.off('uncaughtException', reject)
    },
  }
}

const PARENT_POLL_MS = 250

/**
 * npm runs a script in a shell, which does not pass on the signal that ends npm: the script would stay behind, alone.
 * Without npm, outliving the parent may be just what is wanted (`nohup`).
 */
function watchParent(onGone: () => void): () => void {
  if (process.env.npm_lifecycle_event === undefined) return () => {}
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid !== parent) onGone()
  }, PARENT_POLL_MS)
  return () => clearInterval(timer)
}
