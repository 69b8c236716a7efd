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

/**
 * The content coding for a caller (RFC 9110 §12.5.3): the one liked best, the first of `offered` among equals. Without a
 * header, or when nothing fits, the text is sent as it is.
 */
export function preferEncoding<T extends string>(accept: string | undefined, offered: readonly T[]): T | 'identity' {
  if (accept === undefined) return 'identity'
  const qualities = readWeights(accept.replaceAll(/x-gzip/gi, 'gzip'))
  const any = qualities.get('*')
  let best: T | 'identity' = 'identity'
  let highest = 0
  for (const coding of offered) {
    // What is not named is only acceptable where it is plain; it then comes after everything that is.
    const quality = qualities.get(coding) ?? any ?? (coding === 'identity' ? Number.MIN_VALUE : 0)
    if (quality <= highest) continue
    best = coding
    highest = quality
  }
  return best
}

/** What an Accept or Accept-Encoding header lists, in lower case, with its weight (RFC 9110 §12.4.2). */
function readWeights(header: string): Map<string, number> {
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
