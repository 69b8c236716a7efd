const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const BILLION = 1e9

/** Writes an integer of up to 53 bits in decimal; returns where it ends. */
export function putInteger(out: Uint8Array, position: number, integer: number): number {
  if (integer >= 0) return putNatural(out, position, integer)
  out[position] = MINUS
  return putNatural(out, position + 1, -integer)
}

function putNatural(out: Uint8Array, position: number, natural: number): number {
  if (natural >= BILLION) {
    const billions = Math.floor(natural / BILLION)
    const end = putNatural(out, position, billions)
    return putDigits(out, end, natural - billions * BILLION, 9)
  }
  let digits = 1
  for (let limit = 10; natural >= limit; limit *= 10) digits++
  return putDigits(out, position, natural, digits)
}

/** Writes a number below 10⁹ with so many digits, zeros first. */
function putDigits(out: Uint8Array, position: number, natural: number, digits: number): number {
  let rest = natural | 0
  for (let at = position + digits - 1; at >= position; at--) {
    const quotient = (rest / 10) | 0
    out[at] = ZERO + rest - 10 * quotient
    rest = quotient
  }
  return position + digits
}

/** Writes the integer of 64 bits that begins at `from`; returns where it ends. */
export function putLong(out: Uint8Array, position: number, view: DataView, from: number): number {
  const high = view.getInt32(from)
  // Up to 53 bits, a number is exact.
  if (high < 0x200000 && high >= -0x200000) {
    return putInteger(out, position, high * 0x100000000 + view.getUint32(from + 4))
  }
  return putAscii(out, position, String(view.getBigInt64(from)))
}

/** Writes a short text of ASCII; returns where it ends. */
export function putAscii(out: Uint8Array, position: number, text: string): number {
  for (let index = 0; index < text.length; index++) out[position + index] = text.charCodeAt(index)
  return position + text.length
}

/** The shortest decimal that gives the same double. */
export function formatDouble(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

const POWERS_OF_TEN: readonly number[] = Array.from({ length: 15 }, (_, exponent) => 10 ** exponent)

/** Writes the shortest decimal that gives the same float; returns where it ends. It is that of `formatFloat`. */
export function putFloat(out: Uint8Array, position: number, value: number): number {
  const size = Math.abs(value)
  if (!(size >= 1e-5 && size < 1e6) || Number.isInteger(value)) return putAscii(out, position, formatFloat(value))
  const exponent = Math.floor(Math.log10(size))
  let places = 5 - exponent
  let natural = 0
  // Six to nine digits, as in `formatFloat`.
  for (let digits = 6; ; digits++, places++) {
    const scale = POWERS_OF_TEN[places] as number
    natural = Math.round(size * scale)
    if (digits === 9 || Math.fround(natural / scale) === size) break
  }
  for (; natural % 10 === 0; places--) natural /= 10
  const scale = POWERS_OF_TEN[places] as number
  const whole = Math.floor(natural / scale)
  let at = position
  if (value < 0) out[at++] = MINUS
  at = putNatural(out, at, whole)
  out[at++] = POINT
  return putFraction(out, at, natural - whole * scale, places)
}

/** Writes so many digits after the point, of which there are up to 13. */
function putFraction(out: Uint8Array, position: number, natural: number, digits: number): number {
  if (digits <= 9) return putDigits(out, position, natural, digits)
  const billions = Math.floor(natural / BILLION)
  return putDigits(out, putDigits(out, position, billions, digits - 9), natural - billions * BILLION, 9)
}

/** The smallest float that has all bits of its significand. */
const SMALLEST_NORMAL = 2 ** -126

/** The shortest decimal that gives the same float, which is shorter than the one that gives the same double. */
export function formatFloat(value: number): string {
  if (Number.isInteger(value) && value < 1e6 && value > -1e6) return formatDouble(value)
  if (!Number.isFinite(value)) return String(value)
  // Six digits tell floats apart wherever fewer would (FLT_DIG), nine always do.
  for (let digits = Math.abs(value) < SMALLEST_NORMAL ? 1 : 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits))
    if (Math.fround(rounded) === value) return String(rounded)
  }
  return String(Number(value.toPrecision(9)))
}
