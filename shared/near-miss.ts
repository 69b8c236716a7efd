/**
 * The candidate that was probably meant: the same word in another case or behind a prefix (`ucd` for `ivoa:ucd`), or
 * else the nearest one by edit distance, if it is near.
 */
export function nearMiss(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > 100) return undefined
  const lower = word.toLowerCase()
  let nearest: string | undefined
  let least = Math.max(1, Math.floor(lower.length / 3)) + 1
  for (const candidate of candidates) {
    const other = candidate.toLowerCase()
    if (simplify(other) === simplify(lower)) return candidate
    const distance = other.endsWith(`:${lower}`) ? 0 : editDistance(lower, other, least)
    if (distance < least) {
      least = distance
      nearest = candidate
    }
  }
  return nearest
}

/**
 * Up to three candidates that were probably meant, best first: the one of `nearMiss`, and others hardly further away.
 * None where not even one is near.
 */
export function nearMisses(word: string, candidates: Iterable<string>): string[] {
  const all = [...new Set(candidates)]
  const best = nearMiss(word, all)
  if (best === undefined) return []
  const lower = word.toLowerCase()
  const limit = editDistance(lower, best.toLowerCase(), lower.length + best.length) + 2
  const others = all
    .filter((candidate) => candidate !== best)
    .map((candidate) => ({ candidate, distance: editDistance(lower, candidate.toLowerCase(), limit) }))
    .filter(({ candidate, distance }) => distance < Math.min(limit, candidate.length))
    .sort((a, b) => a.distance - b.distance)
  return [best, ...others.slice(0, 2).map(({ candidate }) => candidate)]
}

function simplify(word: string): string {
  return word.replaceAll(/[-_:\s]/g, '')
}

/** Levenshtein distance, in which two neighbours that changed places count once; given up once it must reach `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let beforePrevious: readonly number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 0; i < a.length; i++) {
    const current = [i + 1]
    for (let j = 0; j < b.length; j++) {
      const substituted = (previous[j] ?? 0) + (a[i] === b[j] ? 0 : 1)
      const swapped = i > 0 && j > 0 && a[i] === b[j - 1] && a[i - 1] === b[j]
      const exchanged = swapped ? (beforePrevious[j - 1] ?? 0) + 1 : limit
      current.push(Math.min(substituted, exchanged, (previous[j + 1] ?? 0) + 1, (current[j] ?? 0) + 1))
    }
    if (Math.min(...current, ...previous) >= limit) return limit
    beforePrevious = previous
    previous = current
  }
  return previous[b.length] ?? limit
}
