/** Milliseconds since a `performance.now()`, to a tenth: what a clock can know, and people can read. */
export function elapsedMs(started: number): number {
  return Math.round((performance.now() - started) * 10) / 10
}
