/** The media type that a caller likes best (RFC 9110 §12.5.1); the first of `offered` where it does not matter. */
export function preferType(accept: string, offered: readonly [string, ...string[]]): string {
  const ranges = readWeights(accept)
  let [best] = offered
  let quality = qualityOf(best, ranges)
  for (const type of offered.slice(1)) {
    const candidate = qualityOf(type, ranges)
    if (candidate <= quality) continue
    quality = candidate
    best = type
  }
  return best
}

/** What an Accept or Accept-Encoding header lists, in lower case, with its weight (RFC 9110 §12.4.2). */
export function readWeights(header: string): Map<string, number> {
  const weights = new Map<string, number>()
  for (const item of header.split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
    const given = parameters.find((parameter) => parameter.startsWith('q='))
    const weight = given === undefined ? 1 : Number(given.slice(2))
    if (!weights.has(name)) weights.set(name, weight >= 0 && weight <= 1 ? weight : 0)
  }
  return weights
}

/** The most specific range decides; 0 when none fits. */
function qualityOf(type: string, ranges: ReadonlyMap<string, number>): number {
  for (const pattern of [type, `${type.split('/', 1)[0]}/*`, '*/*']) {
    const found = ranges.get(pattern)
    if (found !== undefined) return found
  }
  return 0
}
