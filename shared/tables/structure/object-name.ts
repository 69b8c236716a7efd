import { NAME_BYTES } from '../sql.ts'

/**
 * The name that PostgreSQL gives to what belongs to a table and has none: `t_pkey`, `t_id_seq`. Where it would be too
 * long, the longest part is cut, a byte at a time (makeObjectName of its source).
 */
export function objectName(parts: readonly string[], label: string): string {
  const bytes = parts.map((part) => Buffer.byteLength(part))
  const room = NAME_BYTES - Buffer.byteLength(label) - parts.length
  while (bytes.reduce((sum, length) => sum + length, 0) > room) {
    // Of two of the same length the second.
    const longest = bytes.lastIndexOf(Math.max(...bytes))
    bytes[longest] = (bytes[longest] ?? 0) - 1
  }
  return [...parts.map((part, index) => cut(part, bytes[index] ?? 0)), label].join('_')
}

/** No character is cut in two. */
function cut(text: string, bytes: number): string {
  let kept = ''
  for (const character of text) {
    if (Buffer.byteLength(kept + character) > bytes) break
    kept += character
  }
  return kept
}
