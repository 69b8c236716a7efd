import { ClocksDifferError } from './result-failures.ts'

export interface Clock {
  /** Milliseconds on a clock that never goes back. */
  now(): number
  /** Milliseconds since 1970, by the clock of this machine. */
  date(): number
  sleep(milliseconds: number): Promise<void>
}

export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  date: Date.now,
  sleep: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
}

/** Clocks that are set over the network differ by milliseconds. */
const MOST_APART_MS = 3_600_000

/**
 * Times of the store, of jobs and of this machine are compared with each other. Where one clock is far from another,
 * it is not known which of them is right, and what is live may look expired.
 *
 * @param times what each clock shows now, in milliseconds since 1970
 * @returns the earliest: by it nothing is over too early
 * @throws ClocksDifferError
 */
export function checkClocks(times: Readonly<Record<string, number>>): number {
  const shown = Object.values(times)
  const earliest = Math.min(...shown)
  if (Math.max(...shown) - earliest > MOST_APART_MS) throw new ClocksDifferError(times)
  return earliest
}
