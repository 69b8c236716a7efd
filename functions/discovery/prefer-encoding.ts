import { readWeights } from '../../shared/platform/http/accept.ts'

/**
 * The content coding for a caller (RFC 9110 §12.5.3): the one liked best, the first of `offered` among equals. Without a
 * header, or when nothing fits, the text goes as it is.
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
