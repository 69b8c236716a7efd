/** The known name that was probably meant; undefined: none is close enough. */
export function findNearMiss(given: string, known: Iterable<string>): string | undefined {
  const tolerance = Math.max(1, Math.floor(given.length / 3))
  let best: { readonly name: string; readonly distance: number } | undefined
  for (const name of known) {
    const distance = editDistance(given.toLowerCase(), name.toLowerCase())
    if (distance <= tolerance && (best === undefined || distance < best.distance)) best = { name, distance }
  }
  return best?.name
}

/** Characters to insert, remove or replace (Levenshtein), row by row. */
function editDistance(from: string, to: string): number {
  const target = [...to]
  let row = Array.from({ length: target.length + 1 }, (_, index) => index)
  for (const [index, character] of [...from].entries()) {
    const next = [index + 1]
    for (const [column, wanted] of target.entries()) {
      const [left = 0, above = 0, diagonal = 0] = [next[column], row[column + 1], row[column]]
      next.push(Math.min(left + 1, above + 1, diagonal + (character === wanted ? 0 : 1)))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
