import { MINUS, QUOTE, ZERO } from './json-bytes.ts'

/**
 * Decimal text of a double, as MariaDB prints it, to the nearest double: without a string, and without BigInt.
 *
 * Up to 15 digits and powers of ten up to 22 are exact in one division (Clinger 1990). Up to 18 digits are divided as the
 * sum of two doubles; where that may round to the wrong side (Ziv's test), the engine's own parser decides.
 */
export class DoubleReader {
  value = 0

  /**
   * Reads what stands from `start` up to a closing quote.
   *
   * @returns where the quote is; -1: no number stands there, or it does not end
   */
  read(bytes: Buffer, start: number): number {
    let p = start
    let byte = bytes[p] as number
    const isNegative = byte === MINUS
    if (isNegative) byte = bytes[++p] as number
    let [high, low, digits, fraction] = [0, 0, 0, 0]
    let point = -1
    for (; ; byte = bytes[++p] as number) {
      const digit = byte - ZERO
      if (digit >= 0 && digit <= 9) {
        if (digits < 9) high = high * 10 + digit
        else if (digits < 18) low = low * 10 + digit
        else return this.#readSlowly(bytes, start)
        if (digits > 0 || digit > 0) digits++
      } else if (byte === POINT && point < 0) point = p
      else break
    }
    if (point >= 0) fraction = p - point - 1
    if (byte !== QUOTE) return byte === 0x65 || byte === 0x45 ? this.#readSlowly(bytes, start) : -1
    if (p - start === (isNegative ? 1 : 0) + (point < 0 ? 0 : 1)) return -1
    const value = digits <= 9 ? scale(high, fraction) : scaleBoth(high, low, digits - 9, fraction)
    if (Number.isNaN(value)) return this.#readSlowly(bytes, start)
    this.value = isNegative ? -value : value
    return p
  }

  #readSlowly(bytes: Buffer, start: number): number {
    const end = bytes.indexOf(QUOTE, start)
    const text = end < 0 || end - start > 400 ? '' : bytes.toString('latin1', start, end)
    if (!DECIMAL.test(text)) return -1
    this.value = Number(text)
    return end
  }
}

const POINT = 0x2e
const DECIMAL = /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** All exact. */
const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))

/** NaN: it has to be read slowly. */
function scale(whole: number, fraction: number): number {
  return fraction <= 22 ? whole / (POWERS[fraction] as number) : Number.NaN
}

/** high·10^count + low, over 10^fraction. */
function scaleBoth(high: number, low: number, count: number, fraction: number): number {
  if (fraction > 22) return Number.NaN
  const power = POWERS[fraction] as number
  // At most 9 digits times 10^9, which is 5^9 and a shift: 51 bits.
  const first = high * (POWERS[count] as number)
  const sum = first + low
  if (count <= 6) return sum / power
  const rest = low - (sum - first)
  const quotient = sum / power
  const product = quotient * power
  const remainder = sum - product - errorOfProduct(quotient, power, product) + rest
  const correction = remainder / power
  const doubt = Math.abs(correction) * DOUBT
  const value = quotient + (correction + doubt)
  return value === quotient + (correction - doubt) ? value : Number.NaN
}

/** Far more than what the correction itself can be wrong by. */
const DOUBT = 2 ** -40
const SPLITTER = 2 ** 27 + 1

/** a·b − product, exactly (Dekker 1971). */
function errorOfProduct(a: number, b: number, product: number): number {
  const aShifted = SPLITTER * a
  const aHigh = aShifted - (aShifted - a)
  const aLow = a - aHigh
  const bShifted = SPLITTER * b
  const bHigh = bShifted - (bShifted - b)
  const bLow = b - bHigh
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow)
}
