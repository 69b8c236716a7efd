/**
 * The order of Python's `sorted`, of PostgreSQL's C collation and of Cloud Storage: by code points, which is also that of
 * the bytes of UTF-8. JavaScript's own is by UTF-16 units and puts U+1F52D before U+FF21.
 */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (x !== y) return rankOf(x) - rankOf(y)
  }
  return a.length - b.length
}

/** Halves of surrogate pairs come after every other unit. */
function rankOf(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
