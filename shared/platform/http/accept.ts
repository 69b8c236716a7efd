/** The media type that a caller likes best (RFC 9110 §12.5.1); the first of `offered` where it does not matter. */
export function preferType(accept: string, offered: readonly [string, ...string[]]): string {
  const ranges = accept.split(',').map(readRange)
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

interface Range {
  readonly range: string
  readonly quality: number
}

function readRange(text: string): Range {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const given = parameters.find((parameter) => parameter.startsWith('q='))
  const quality = given === undefined ? 1 : Number(given.slice(2))
  return { range, quality: quality >= 0 && quality <= 1 ? quality : 0 }
}

/** The most specific range decides; 0 when none fits. */
function qualityOf(type: string, ranges: readonly Range[]): number {
  for (const pattern of [type, `${type.split('/', 1)[0]}/*`, '*/*']) {
    const found = ranges.find(({ range }) => range === pattern)
    if (found !== undefined) return found.quality
  }
  return 0
}
