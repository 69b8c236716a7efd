import { brokenResult } from './errors.ts'
import { BACKSLASH, ZERO } from './json-bytes.ts'

/**
 * Cells without a length of their own, of a text of JSON that stands from `p` up to its closing quote, into a row of
 * PostgreSQL's binary COPY: at `o` the length, then the bytes. Each returns where the next cell begins; `out` has the room.
 */

/** Text up to here is copied byte by byte, which is faster. */
const SHORT_TEXT = 48

export function writeText(out: Buffer, o: number, bytes: Buffer, p: number, quote: number): number {
  const length = quote - p
  let at = o + 4
  if (length <= SHORT_TEXT) {
    let escapes = 0
    for (let q = p; q < quote; q++) {
      const byte = bytes[q] as number
      out[at++] = byte
      if (byte === BACKSLASH) escapes = 1
    }
    if (escapes === 1) at = writeEscaped(out, o + 4, bytes, p, quote)
  } else if (bytes.subarray(p, quote).includes(BACKSLASH)) at = writeEscaped(out, o + 4, bytes, p, quote)
  else at += bytes.copy(out, at, p, quote)
  out.writeInt32BE(at - o - 4, o)
  return at
}

function writeEscaped(out: Buffer, at: number, bytes: Buffer, p: number, quote: number): number {
  let text: unknown
  try {
    text = JSON.parse(bytes.toString('utf8', p - 1, quote + 1))
  } catch (error) {
    throw brokenResult('a text has an escape that JSON does not have', error)
  }
  return at + out.write(String(text), at, 'utf8')
}

/** `2026-11-27 05:43:59.500000` → `2026-11-27T05:43:59.5`; MariaDB's date that is none is NULL. */
export function writeTimestamp(out: Buffer, o: number, bytes: Buffer, p: number, quote: number): number {
  let last = quote
  if (bytes[p + 19] === 0x2e) {
    while (bytes[last - 1] === ZERO) last--
    if (bytes[last - 1] === 0x2e) last--
  }
  if (bytes.toString('latin1', p, p + 10) === '0000-00-00') return out.writeInt32BE(-1, o)
  const length = bytes.copy(out, o + 4, p, last)
  if (length > 10 && out[o + 14] === 0x20) out[o + 14] = 0x54
  out.writeInt32BE(length, o)
  return o + 4 + length
}

/** Digits of bytes. -1: they are none. */
export function writeHex(out: Buffer, o: number, bytes: Buffer, p: number, quote: number): number {
  const written = decodeHex(out, o + 4, bytes, p, quote)
  if (written < 0) return -1
  out.writeInt32BE(written, o)
  return o + 4 + written
}

/**
 * The same of bits, which PostgreSQL counts in front of them. -1: they are none, or not as many.
 *
 * @param bits how many; null: all
 */
export function writeBits(
  out: Buffer,
  o: number,
  bytes: Buffer,
  p: number,
  quote: number,
  bits: number | null,
): number {
  const start = o + 8
  const written = decodeHex(out, start, bytes, p, quote)
  const count = bits ?? 8 * written
  if (written < 0 || Math.ceil(count / 8) !== written) return -1
  // MariaDB puts the bits to the right of their bytes, PostgreSQL to the left.
  shiftLeft(out, start, written, 8 * written - count)
  out.writeInt32BE(4 + written, o)
  out.writeInt32BE(count, o + 4)
  return start + written
}

function decodeHex(out: Buffer, start: number, bytes: Buffer, p: number, quote: number): number {
  const digits = quote - p
  const written = digits % 2 === 0 ? out.write(bytes.toString('latin1', p, quote), start, 'hex') : -1
  return written === digits / 2 ? written : -1
}

function shiftLeft(bytes: Buffer, start: number, length: number, by: number): void {
  if (by === 0) return
  for (let index = start; index < start + length; index++) {
    const next = index + 1 < start + length ? (bytes[index + 1] as number) : 0
    bytes[index] = (((bytes[index] as number) << by) | (next >> (8 - by))) & 0xff
  }
}
