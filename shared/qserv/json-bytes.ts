/** Bytes of JSON, as Qserv's results have them. */
export const QUOTE = 0x22
export const BACKSLASH = 0x5c
export const COMMA = 0x2c
export const OPEN = 0x5b
export const CLOSE = 0x5d
export const ZERO = 0x30
export const MINUS = 0x2d

/** Whether `NULL` stands there, in a text. */
export function isNullText(bytes: Buffer, p: number): boolean {
  return bytes[p] === 0x4e && bytes[p + 1] === 0x55 && bytes[p + 2] === 0x4c && bytes[p + 3] === 0x4c
}

/** Whether JSON's `null` stands there. */
export function isNullAt(bytes: Buffer, p: number): boolean {
  return bytes[p] === 0x6e && bytes[p + 1] === 0x75 && bytes[p + 2] === 0x6c && bytes[p + 3] === 0x6c
}

/** Where the quote is that ends a text; -1: not here. Stops at the first one that is not escaped. */
export function findQuote(bytes: Buffer, start: number, end: number): number {
  for (let p = start; p < end; p++) {
    const byte = bytes[p]
    if (byte === QUOTE) return p
    if (byte === BACKSLASH) p++
  }
  return -1
}

export function skipSpace(bytes: Buffer, start: number, end: number): number {
  let p = start
  for (; p < end; p++) {
    const byte = bytes[p]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
  }
  return p
}
