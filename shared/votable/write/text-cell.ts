import { isUtf8 } from 'node:buffer'
import type { ColumnPlan } from './column-plan.ts'

/** Up to this length, bytes are copied one by one; beyond it, the call of a native function is cheaper. */
export const SHORT_TEXT = 40

/**
 * How many bytes of a UTF-8 text, which begins at `start` and ends at `end`, fit into `count` bytes without a part of a
 * character.
 */
export function cutUtf8(bytes: Uint8Array, start: number, end: number, count: number): number {
  if (end - start <= count) return end - start
  let cut = start + count
  while (cut > start && isContinuation(bytes[cut] as number)) cut--
  return cut - start
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80
}

/** The text as valid UTF-8, with U+FFFD where it was not; null: it is valid already. */
export function repairUtf8(bytes: Buffer, start: number, end: number): Buffer | null {
  return isUtf8(bytes.subarray(start, end)) ? null : Buffer.from(bytes.toString('utf8', start, end))
}

/** The text without what a column of fixed length has no place for; a character is never cut apart. */
export function cutText({ count, field }: ColumnPlan, text: string): string {
  if (count === null) return text
  if (field.datatype === 'char') {
    const bytes = Buffer.from(text)
    return bytes.toString('utf8', 0, cutUtf8(bytes, 0, bytes.length, count))
  }
  if (text.length <= count) return text
  return text.slice(0, isHighSurrogate(text.charCodeAt(count - 1)) ? count - 1 : count)
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}
