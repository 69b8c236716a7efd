/** The known name that was probably meant, or undefined when none is close: one slip for every three characters. */
export function nearMiss(given: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(1, Math.floor(given.length / 3)) + 1
  for (const candidate of known) {
    const slips = countSlips(given.toLowerCase(), candidate.toLowerCase(), least)
    if (slips < least) {
      least = slips
      best = candidate
    }
  }
  return best
}

/** Characters to insert, drop, replace or exchange with their neighbour; `limit` where it is that many or more. */
function countSlips(given: string, meant: string, limit: number): number {
  if (Math.abs(given.length - meant.length) >= limit) return limit
  let beforeLast: number[] = []
  let last = Array.from({ length: meant.length + 1 }, (_, index) => index)
  for (let i = 1; i <= given.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= meant.length; j += 1) {
      const replaced = at(last, j - 1) + (given[i - 1] === meant[j - 1] ? 0 : 1)
      const exchanged =
        given[i - 1] === meant[j - 2] && given[i - 2] === meant[j - 1] ? at(beforeLast, j - 2) + 1 : limit
      row.push(Math.min(replaced, exchanged, at(last, j) + 1, at(row, j - 1) + 1))
    }
    beforeLast = last
    last = row
  }
  return Math.min(at(last, meant.length), limit)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
