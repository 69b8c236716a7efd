import { MINUS, QUOTE, ZERO } from './json-bytes.ts'

const TWO_32 = 2 ** 32

/**
 * Writes a whole number of 64 bits at `o`, which stands from `start` up to a closing quote: without a string, and without
 * BigInt. Up to 19 digits.
 *
 * @returns where the quote is; -1: it is another sort of number, or too large
 */
export function readLong(bytes: Buffer, start: number, view: DataView, o: number): number {
  let p = start
  const isNegative = bytes[p] === MINUS
  if (isNegative) p++
  const first = p
  let high = 0
  let low = 0
  let byte = bytes[p] as number
  // All digits but the last nine, which are not known before the end: nine and nine, then moved.
  for (; p - first < 9 && byte >= ZERO && byte <= 0x39; byte = bytes[++p] as number) high = high * 10 + byte - ZERO
  const more = p
  for (; p - more < 10 && byte >= ZERO && byte <= 0x39; byte = bytes[++p] as number) low = low * 10 + byte - ZERO
  if (byte !== QUOTE || p === first) return -1
  const scale = TENS[p - more] as number
  // high·scale + low in two halves of 32 bits; high < 10^9, scale ≤ 10^10.
  const scaleHigh = Math.floor(scale / 65536)
  const scaleLow = scale % 65536
  const lower = high * scaleLow + low
  const middle = high * scaleHigh
  const sum = (middle % 65536) * 65536 + (lower % TWO_32)
  let top = Math.floor(middle / 65536) + Math.floor(lower / TWO_32) + Math.floor(sum / TWO_32)
  let bottom = sum % TWO_32
  if (isNegative) {
    if (top > 0x80000000 || (top === 0x80000000 && bottom > 0)) return -1
    bottom = bottom === 0 ? 0 : TWO_32 - bottom
    top = bottom === 0 ? TWO_32 - top : TWO_32 - 1 - top
  } else if (top >= 0x80000000) return -1
  view.setUint32(o, top)
  view.setUint32(o + 4, bottom)
  return p
}

const TENS = Float64Array.from({ length: 11 }, (_, exponent) => 10 ** exponent)
