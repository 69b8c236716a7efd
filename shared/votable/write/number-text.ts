/** Writes an integer of up to 53 bits in decimal; returns where it ends. */
export function putInteger(out: Uint8Array, position: number, integer: number): number {
  let start = position
  let rest = integer
  if (integer < 0) {
    out[start++] = 0x2d
    rest = -integer
  }
  let end = start + 1
  for (let limit = 10; rest >= limit; limit *= 10) end++
  for (let at = end - 1; at >= start; at--) {
    const quotient = Math.floor(rest / 10)
    out[at] = 0x30 + rest - 10 * quotient
    rest = quotient
  }
  return end
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
