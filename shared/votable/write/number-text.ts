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

// Not 10 ** exponent, which may be off in the last bit.
const POWERS_OF_TEN: readonly number[] = Array.from({ length: 20 }, (_, exponent) => Number(`1e${exponent}`))

/** The shortest decimal that gives the same double. */
export function formatDouble(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

/** Writes the shortest decimal that gives the same double, as `formatDouble` has it; returns where it ends. */
export function putDouble(out: Uint8Array, position: number, value: number): number {
  const size = Math.abs(value)
  if (size >= 1e-5 && size < 1e9) {
    // No two decimals of up to 15 digits are the same double (DBL_DIG): one that gives it back is the shortest.
    const places = 14 - Math.floor(Math.log10(size))
    const scale = POWERS_OF_TEN[places] as number
    const natural = Math.round(size * scale)
    if (natural / scale === size) return putDecimal(out, position, value < 0, natural, places)
  }
  return putAscii(out, position, formatDouble(value))
}

/** Writes the shortest decimal that gives the same float; returns where it ends. It is that of `formatFloat`. */
export function putFloat(out: Uint8Array, position: number, value: number): number {
  const size = Math.abs(value)
  if (!(size >= 1e-5 && size < 1e6)) return putAscii(out, position, formatFloat(value))
  let places = 5 - Math.floor(Math.log10(size))
  let natural = 0
  // Six to nine digits, as in `formatFloat`.
  for (let digits = 6; ; digits++, places++) {
    const scale = POWERS_OF_TEN[places] as number
    natural = Math.round(size * scale)
    if (digits === 9 || Math.fround(natural / scale) === size) break
  }
  return putDecimal(out, position, value < 0, natural, places)
}

/** Writes a number with so many digits after the point, without zeros at their end. */
function putDecimal(out: Uint8Array, position: number, isNegative: boolean, natural: number, places: number): number {
  let rest = natural
  let left = places
  for (const step of [6, 3, 1]) {
    const scale = POWERS_OF_TEN[step] as number
    while (left >= step) {
      const quotient = Math.floor(rest / scale)
      if (quotient * scale !== rest) break
      rest = quotient
      left -= step
    }
  }
  const scale = POWERS_OF_TEN[left] as number
  const whole = Math.floor(rest / scale)
  let at = position
  if (isNegative) out[at++] = MINUS
  at = putNatural(out, at, whole)
  if (left === 0) return at
  out[at++] = POINT
  return putFraction(out, at, rest - whole * scale, left)
}

/** Writes so many digits after the point, of which there are up to 19. */
function putFraction(out: Uint8Array, position: number, natural: number, digits: number): number {
  if (digits <= 9) return putDigits(out, position, natural, digits)
  const billions = Math.floor(natural / BILLION)
  return putDigits(out, putDigits(out, position, billions, digits - 9), natural - billions * BILLION, 9)
}

/** The smallest float that has all bits of its significand. */
const SMALLEST_NORMAL = 2 ** -126

/** The shortest decimal that gives the same float, which is shorter than the one that gives the same double. */
export function formatFloat(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return formatDouble(value)
  // Six digits tell floats apart wherever fewer would (FLT_DIG), nine always do.
  for (let digits = Math.abs(value) < SMALLEST_NORMAL ? 1 : 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits))
    if (Math.fround(rounded) === value) return String(rounded)
  }
  return String(Number(value.toPrecision(9)))
}
