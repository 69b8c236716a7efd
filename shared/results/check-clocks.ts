import { ClocksDifferError } from './failures.ts'

/** Clocks that are set over the network differ by milliseconds. */
const MOST_APART_MS = 3_600_000

/**
 * Times of the store, of jobs and of this machine are compared with each other. Where one clock is far from another,
 * nobody knows which of them is right, and what is live may look expired.
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
