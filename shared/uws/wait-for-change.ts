import type { Phase } from './phase.ts'

/** Where the phases come from: one question for all jobs that are waited for. Jobs that are missing are gone. */
export type ReadPhases = (ids: readonly string[]) => Promise<ReadonlyMap<string, Phase>>

export interface PhaseWatch {
  /**
   * Resolves when the job is in another phase than this, is gone, `seconds` have passed, or `signal` says that the client
   * has gone (UWS 1.1 §2.2.1.1). Read the job again then.
   */
  change(id: string, from: Phase, seconds: number, signal: AbortSignal): Promise<void>
}

interface Waiter {
  readonly id: string
  readonly from: Phase
  readonly end: () => void
}

/** When a job is asked for that nobody has waited for lately: many have ended by then. */
const FIRST_MS = 60

/**
 * All requests of an instance that wait for jobs share one question each half second, however many they are; none is
 * asked while nobody waits. Who comes first after a while is answered sooner.
 */
export function watchPhases(readPhases: ReadPhases, intervalMs = 500): PhaseWatch {
  const waiters = new Set<Waiter>()
  let timer: NodeJS.Timeout | undefined
  let asked = Number.NEGATIVE_INFINITY
  const ask = async () => {
    asked = performance.now()
    const ids = [...new Set([...waiters].map(({ id }) => id))]
    // When the database does not answer, the phase is not known to have changed.
    const phases = await readPhases(ids).catch(() => null)
    for (const waiter of waiters) {
      if (phases !== null && ids.includes(waiter.id) && phases.get(waiter.id) !== waiter.from) waiter.end()
    }
    timer = undefined
    schedule()
  }
  const schedule = () => {
    if (timer !== undefined || waiters.size === 0) return
    timer = setTimeout(ask, Math.max(FIRST_MS, asked + intervalMs - performance.now()))
  }
  return {
    change(id, from, seconds, signal) {
      if (signal.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        const end = () => {
          clearTimeout(deadline)
          signal.removeEventListener('abort', end)
          waiters.delete(waiter)
          resolve()
        }
        const waiter: Waiter = { id, from, end }
        const deadline = setTimeout(end, seconds * 1000)
        signal.addEventListener('abort', end)
        waiters.add(waiter)
        schedule()
      })
    },
  }
}
